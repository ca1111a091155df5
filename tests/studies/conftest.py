"""Quick sizes of the studies, each run once for all tests."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tangyin.studies import Progress, TrainingCache, all_studies, run_study


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Counting(Progress):
    """Adds the work up."""

    def __init__(self) -> None:
        super().__init__()
        self.planned = self.done = 0.0
        self.said: list[str] = []

    def plan(self, work: float) -> None:
        self.planned += work

    def advance(self, work: float) -> None:
        assert work >= 0
        self.done += work

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@dataclass(frozen=True)
class Quick:
    """A study at its quick size.

    Attributes:
        found: what `run_study` gave.
        progress: what it told.
        seconds: processor time of it.
    """

    found: dict[str, Any]
    progress: Counting
    seconds: float

    @property
    def results(self) -> dict[str, Any]:
        results: dict[str, Any] = self.found["results"]
        return results


@pytest.fixture(scope="session")
def studies_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the quick sizes keep their results and trainings."""
    return tmp_path_factory.mktemp("studies")


@pytest.fixture(scope="session")
def quick(studies_folder: Path) -> Callable[[str], Quick]:
    """Runs a study at its quick size, the first time it is asked for."""
    known: dict[str, Quick] = {}

    def run(name: str) -> Quick:
        if name not in known:
            progress = Counting()
            began = time.process_time()
            cache = TrainingCache(studies_folder, progress)
            found = run_study(all_studies()[name], cache, quick=True)
            known[name] = Quick(found, progress, time.process_time() - began)
        return known[name]

    return run
