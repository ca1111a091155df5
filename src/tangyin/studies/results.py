"""Runs studies, keeps their results, and gathers them for the report."""

import json
import time
from pathlib import Path
from typing import Any

import matplotlib as mpl

from tangyin.errors import TangyinError, UsageError
from tangyin.files import make_folder, write_whole
from tangyin.studies.study import Study, all_studies
from tangyin.studies.training_cache import TrainingCache, made

FORMAT = 1
"""Version of the gathered results."""


def run_study(study: Study, cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Run a study and write its results.

    Returns:
        `study`, `results`, and `made`: the versions and the machine, and the `seconds` of this run.
    """
    began = time.monotonic()
    results = study.run(cache, quick)
    seconds = round(time.monotonic() - began, 1)
    found = {"study": study.name, "results": results, "made": {**made(), "seconds": seconds}}
    path = _results_file(cache, study.name, quick)
    make_folder(path.parent)
    write_whole(path, json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    return _read(path)  # as it will be read: lists for tuples, strings for keys


def gather(cache: TrainingCache, quick: bool, before: Path | None = None) -> dict[str, Any]:
    """All results there are, in the order of the report.

    Args:
        cache: where studies were run.
        quick: whether to gather the results of quick sizes.
        before: earlier gathered results, for the studies that were not run here.

    Raises:
        TangyinError: some of them are damaged.
    """
    kept = read_results(before)["studies"] if before is not None and before.exists() else {}
    studies = {}
    for name, study in all_studies().items():
        path = _results_file(cache, name, quick)
        if not study.reported:
            continue
        if path.exists():
            studies[name] = _read(path)
        elif name in kept and kept[name]["results"]["settings"].get("quick", False) == quick:
            studies[name] = kept[name]
    return {"format": FORMAT, "matplotlib": mpl.__version__, "studies": studies}


def read_results(path: Path) -> dict[str, Any]:
    """Read gathered results.

    Raises:
        UsageError: there are none, or of another format.
        TangyinError: they are damaged.
    """
    if not path.is_file():
        raise UsageError("study.no_results", path=path)
    found = _read(path)
    if found.get("format") != FORMAT:
        raise UsageError("study.results_format", path=path)
    return found


def _results_file(cache: TrainingCache, name: str, quick: bool) -> Path:
    """Quick results are kept apart, so that they never replace full ones."""
    return cache.folder / ("quick" if quick else "results") / f"{name}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TangyinError("study.results_damaged", path=path, fault=str(error)) from error
    return found
