"""What a study is, all studies (one file each, discovered at run time), and their results."""

import json
import pkgutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl

from tangyin.errors import TangyinError, UsageError
from tangyin.studies.training_cache import TrainingCache, made, write_json

FORMAT = 1
"""Version of the gathered results."""


@dataclass(frozen=True)
class Study:
    """An experiment, named after its module.

    The module holds the study as `STUDY` and draws its figures. The Jinja template beside it,
    NAME.md.j2, is its part of the report; a study without a template has no part.
    """

    title: str
    question: str
    minutes: float  # on two idle cores when nothing is cached
    sizes: str  # what the minutes are spent on
    run: Callable[[TrainingCache, bool], dict[str, Any]]  # full or quick; `settings` among the rest
    order: float = 1000
    apart: bool = False  # `tangyin study all` omits it, and the report too until it was run

    @property
    def module(self) -> ModuleType:
        """Its module. A function `update_rules` takes the results and draws `update-rules.svg`."""
        return sys.modules[self.run.__module__]

    @property
    def name(self) -> str:
        """The name on the command line."""
        return self.module.__name__.rpartition(".")[2].replace("_", "-")

    @property
    def template(self) -> Path:
        """Its part of the report; the file need not exist."""
        return Path(str(self.module.__file__)).with_suffix(".md.j2")

    @property
    def reported(self) -> bool:
        """Whether it has a part of the report."""
        return self.template.exists()


def all_studies() -> dict[str, Study]:
    """The studies by name, in the order of the report."""
    experiments = import_module("tangyin.studies.experiments")  # which import this module
    found: list[Study] = [
        import_module(f"{experiments.__name__}.{module.name}").STUDY
        for module in pkgutil.iter_modules(experiments.__path__)
    ]
    return {study.name: study for study in sorted(found, key=lambda study: study.order)}


def run_study(study: Study, cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Run a study, write its results, and return them as they will be read."""
    began = time.monotonic()
    results = study.run(cache, quick)
    seconds = round(time.monotonic() - began, 1)
    found = {"study": study.name, "results": results, "made": {**made(), "seconds": seconds}}
    path = _results_file(cache, study.name, quick)
    write_json(path, found, allow_nan=False, indent=1)
    return _read(path)


def gather(cache: TrainingCache, before: Path | None = None) -> dict[str, Any]:
    """All full results; studies that were not run in this cache keep those of `before`."""
    kept = read_results(before)["studies"] if before is not None and before.exists() else {}
    studies = {}
    for name in (name for name, study in all_studies().items() if study.reported):
        path = _results_file(cache, name, quick=False)
        if path.exists() or name in kept:
            studies[name] = _read(path) if path.exists() else kept[name]
    return {"format": FORMAT, "matplotlib": mpl.__version__, "studies": studies}


def read_results(path: Path) -> dict[str, Any]:
    """Read gathered results; refuses what is missing, damaged or of another format."""
    if not path.is_file():
        raise UsageError("study.no_results", path=path)
    found = _read(path)
    if found.get("format") != FORMAT:
        raise UsageError("study.results_format", path=path)
    return found


def _results_file(cache: TrainingCache, name: str, quick: bool) -> Path:
    """Quick results have a folder of their own and are never reported."""
    return cache.folder / ("quick" if quick else "results") / f"{name}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise TangyinError("study.results_damaged", path=path, fault=str(error)) from error
