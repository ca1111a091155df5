"""Running a study and keeping its results; gathering them for the report."""

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


def results_file(workshop: TrainingCache, name: str, quick: bool) -> Path:
    """Where the results of a study stand; quick ones apart, so that they replace no others."""
    return workshop.folder / ("quick" if quick else "results") / f"{name}.json"


def run_study(study: Study, workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Run a study and write its results.

    Returns:
        `study`, `results`, and `made`: with what, and in how many `seconds` of this run.
    """
    began = time.monotonic()
    results = study.run(workshop, quick)
    found = {
        "study": study.name,
        "results": results,
        "made": {**made(), "seconds": round(time.monotonic() - began, 1)},
    }
    path = results_file(workshop, study.name, quick)
    make_folder(path.parent)
    write_whole(path, json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    # As they will be read: lists for tuples, strings for keys.
    again: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return again


def gather(workshop: TrainingCache, quick: bool, before: Path | None = None) -> dict[str, Any]:
    """All results there are, in the order of the report.

    Args:
        workshop: where studies were run.
        quick: whether those of quick sizes are wanted.
        before: results gathered before; of them come those of studies that were not run here.

    Raises:
        TangyinError: some of them are damaged.
    """
    kept = {}
    if before is not None and before.exists():
        kept = {
            name: found
            for name, found in read_results(before)["studies"].items()
            if found["results"]["settings"].get("quick", False) == quick
        }
    studies = {}
    for name, study in all_studies().items():
        if not study.reported:
            continue
        path = results_file(workshop, name, quick)
        if path.exists():
            studies[name] = _read(path)
        elif name in kept:
            studies[name] = kept[name]
    return {"format": FORMAT, "matplotlib": mpl.__version__, "studies": studies}


def read_results(path: Path) -> dict[str, Any]:
    """Read gathered results.

    Raises:
        UsageError: there are none, or of another format.
        TangyinError: they are damaged.
    """
    if not path.is_file():
        raise UsageError(f"there are no results in {path}; leave --results out to gather them")
    found = _read(path)
    if found.get("format") != FORMAT:
        raise UsageError(
            f"{path} holds no results of this version of tangyin; delete it, and run the studies "
            "again"
        )
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TangyinError(
            f"the results {path} are damaged ({error}); delete them and run the study again"
        ) from error
    return found
