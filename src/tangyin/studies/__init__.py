"""Experiments with the networks: each a function, run by `tangyin study NAME`."""

from tangyin.studies.registry import STUDIES, Study

__all__ = ["STUDIES", "Study"]
