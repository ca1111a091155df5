"""What a study is, and which there are: one folder each, found by looking."""

import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tangyin.studies.training_cache import TrainingCache

TEMPLATE = "report.md.j2"


@dataclass(frozen=True)
class Study:
    """An experiment. It lives in a folder of its own, which gives it its name.

    `run.py` holds the study as `STUDY`, `plots.py` draws its figures, and the Jinja template
    `report.md.j2` is its part of the report; a study without a template has no part.

    Attributes:
        title: the heading, Chinese and English.
        question: what it asks, in one sentence.
        minutes: about how long it takes on two quiet cores when nothing is cached.
        sizes: what the minutes are spent on.
        run: runs it at full or quick size and returns JSON values, `settings` among them.
        order: the place in the report, lowest first.
        apart: whether `tangyin study all` leaves it out, and the report does until it was run.
    """

    title: str
    question: str
    minutes: float
    sizes: str
    run: Callable[[TrainingCache, bool], dict[str, Any]]
    order: float = 1000
    apart: bool = False

    @property
    def package(self) -> str:
        """The dotted name of its folder."""
        return self.run.__module__.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The name on the command line."""
        return self.package.rpartition(".")[2].replace("_", "-")

    @property
    def template(self) -> Path:
        """Its part of the report; the file need not exist."""
        return Path(str(sys.modules[self.run.__module__].__file__)).with_name(TEMPLATE)

    @property
    def reported(self) -> bool:
        """Whether it has a part of the report."""
        return self.template.exists()

    @property
    def plots(self) -> ModuleType:
        """Functions that take the results and draw: `update_rules` draws `update-rules.svg`."""
        return import_module(f"{self.package}.plots")


def all_studies() -> dict[str, Study]:
    """The studies by name, in the order of the report."""
    import tangyin.studies as package

    found: list[Study] = [
        import_module(f"{package.__name__}.{module.name}.run").STUDY
        for module in pkgutil.iter_modules(package.__path__)
        if module.ispkg
    ]
    return {study.name: study for study in sorted(found, key=lambda study: study.order)}
