"""The parts of the report, each made of one study's results alone."""

from tangyin.studies.page.sections import (
    capacity,
    cells,
    corpus_data,
    forms,
    gradients,
    ingredients,
    initialization,
    optimizers,
    perplexity,
    sampling,
    scaling,
    update_rules,
)

__all__ = [
    "capacity", "cells", "corpus_data", "forms", "gradients", "ingredients", "initialization",
    "optimizers", "perplexity", "sampling", "scaling", "update_rules",
]  # fmt: skip
