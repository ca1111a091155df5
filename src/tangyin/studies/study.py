"""What a study is, all studies (one folder each, discovered at run time), and their results."""

import json
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from inspect import getfile
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl

from tangyin.errors import TangyinError, UsageError
from tangyin.files import make_folder, write_whole
from tangyin.studies.training_cache import TrainingCache, made

FORMAT = 1
"""Version of the gathered results."""


@dataclass(frozen=True)
class Study:
    """An experiment, named after its folder.

    `run.py` holds the study as `STUDY`, `plots.py` draws its figures, and the Jinja template
    `report.md.j2` is its part of the report; a study without a template has no part.

    Attributes:
        title: the heading, Chinese and English.
        minutes: about how long it takes on two idle cores when nothing is cached.
        sizes: what the minutes are spent on.
        run: runs it at full or quick size; returns JSON values, `settings` among them.
        order: the place in the report, lowest first.
        apart: whether `tangyin study all` omits it, and the report too until it was run.
    """

    title: str
    question: str
    minutes: float
    sizes: str
    run: Callable[[TrainingCache, bool], dict[str, Any]]
    order: float = 1000
    apart: bool = False

    @property
    def name(self) -> str:
        """The name on the command line."""
        return self.run.__module__.split(".")[-2].replace("_", "-")

    @property
    def template(self) -> Path:
        """Its part of the report; the file need not exist."""
        return Path(getfile(self.run)).with_name("report.md.j2")

    @property
    def reported(self) -> bool:
        """Whether it has a part of the report."""
        return self.template.exists()

    @property
    def plots(self) -> ModuleType:
        """Functions that take the results and draw: `update_rules` draws `update-rules.svg`."""
        return import_module(self.run.__module__.removesuffix("run") + "plots")


def all_studies() -> dict[str, Study]:
    """The studies by name, in the order of the report."""
    import tangyin.studies as package

    found: list[Study] = [
        import_module(f"{package.__name__}.{module.name}.run").STUDY
        for module in pkgutil.iter_modules(package.__path__)
        if module.ispkg
    ]
    return {study.name: study for study in sorted(found, key=lambda study: study.order)}


def run_study(study: Study, cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Run a study, write its results, and return them as they will be read.

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
    return _read(path)


def gather(cache: TrainingCache, quick: bool, before: Path | None = None) -> dict[str, Any]:
    """All results of full or quick sizes, in the order of the report.

    Studies that were not run in this cache keep their earlier gathered results, those of `before`.

    Raises:
        TangyinError: some of them are damaged.
    """
    kept = read_results(before)["studies"] if before is not None and before.exists() else {}
    studies = {}
    for name in (name for name, study in all_studies().items() if study.reported):
        path = _results_file(cache, name, quick)
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
    """Quick results have a folder of their own: they never replace full ones."""
    return cache.folder / ("quick" if quick else "results") / f"{name}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TangyinError("study.results_damaged", path=path, fault=str(error)) from error
    return found
