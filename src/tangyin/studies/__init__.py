"""Experiments with the networks, run by `tangyin study`, and the report made of them."""

from tangyin.studies.page.build import build, render
from tangyin.studies.progress import Progress
from tangyin.studies.registry import REPORTED, STUDIES, TOGETHER
from tangyin.studies.results import gather, read_results, run_study
from tangyin.studies.study import Study
from tangyin.studies.training_cache import TrainingCache

__all__ = [
    "REPORTED", "STUDIES", "TOGETHER", "Progress", "Study", "TrainingCache", "build", "gather",
    "read_results", "render", "run_study",
]  # fmt: skip
