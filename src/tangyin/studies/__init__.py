"""Experiments with the networks, run by `tangyin study`, and the report made of them."""

from tangyin.studies.report import build, render
from tangyin.studies.study import Study, all_studies, gather, read_results, run_study
from tangyin.studies.training_cache import TrainingCache

__all__ = [
    "Study", "TrainingCache", "all_studies", "build", "gather", "read_results", "render",
    "run_study",
]  # fmt: skip
