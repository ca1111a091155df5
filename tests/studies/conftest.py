"""Quick sizes of the studies, each run once for all tests."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tangyin.studies import TrainingCache, all_studies, run_study


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def studies_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the quick sizes keep their results and trainings."""
    return tmp_path_factory.mktemp("studies")


@pytest.fixture(scope="session")
def quick(studies_folder: Path) -> Callable[[str], Any]:
    """Run a study at its quick size once; give its CPU `seconds` too."""

    @cache
    def run(name: str) -> SimpleNamespace:
        began = time.process_time()
        found = run_study(all_studies()[name], TrainingCache(studies_folder), quick=True)
        seconds = time.process_time() - began
        return SimpleNamespace(found=found, results=found["results"], seconds=seconds)

    return run
