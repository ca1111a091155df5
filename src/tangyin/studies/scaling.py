"""How the proxy's perplexity falls with parameters, with poems and with passes over them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tangyin.studies.proxy import ends, on_poems, proxy_base, proxy_settings, stage
from tangyin.studies.training_cache import Job, TrainingCache

WIDTHS: tuple[tuple[int, int], ...] = (
    (32, 48), (64, 96), (128, 192), (256, 384), (384, 576), (512, 1024),
)  # fmt: skip
"""Embedding and hidden state; the character opposite gets a quarter of the latter."""

SHARES: tuple[int, ...] = (32, 16, 8, 4, 2, 1)
"""One poem in so many; the proxy has one in two."""

PASSES: tuple[int, ...] = (1, 2, 4)

GOAL = 47.0
"""The course report's figure."""


def scaling(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Change one of the three at a time.

    Returns:
        `settings`; and `size`, `poems` and `passes`, each with `lines` (`x`, what was changed, and
        what `proxy.ends` returns), the former two with the `law` through them (`power_law`).
    """
    base = proxy_base(workshop, quick)
    widths, shares, passes = WIDTHS, SHARES, PASSES
    if quick:
        widths, shares, passes = ((8, 8), (16, 12)), (4, 2), (1, 2)
    parts = [on_poems(base, workshop, share) for share in shares]
    jobs: dict[str, list[tuple[int, Job]]] = {
        "size": [(hidden, base.job(_width(embedding, hidden))) for embedding, hidden in widths],
        "poems": [(some.train, some.job()) for some in parts],
        "passes": [(epochs, base.job({"stages": stage(epochs=epochs)})) for epochs in passes],
    }
    workshop.progress.plan(sum(job.recipe.epochs for some in jobs.values() for _, job in some))
    found: dict[str, Any] = {"settings": {**proxy_settings(base), "goal": GOAL}}
    for what, some in jobs.items():
        lines = []
        for x, job in some:
            lines.append({"x": x, **ends(job, workshop.train_all([job], f"{what} {x:g}"))})
        found[what] = {"lines": lines}
        if what != "passes":  # the same poems again are no more poems
            grown = [line["parameters" if what == "size" else "x"] for line in lines]
            found[what]["law"] = power_law(grown, [line["closed"][0] for line in lines])
    return found


def _width(embedding: int, hidden: int) -> dict[str, Any]:
    return {
        "model.embedding_size": embedding,
        "model.hidden_size": hidden,
        "model.opposite_size": hidden // 4,
    }


def power_law(x: Sequence[float], perplexities: Sequence[float]) -> dict[str, float]:
    """The line through log nll against log x: nll = factor · x^exponent (Kaplan et al. 2020).

    Args:
        x: what grew.
        perplexities: what came of each.

    Returns:
        `exponent`, `factor`, and `at_goal`, the x at which it comes to `GOAL`.
    """
    exponent, intercept = np.polyfit(np.log(x), np.log(np.log(perplexities)), 1)
    at_goal = np.exp((np.log(np.log(GOAL)) - intercept) / exponent)
    return {
        "exponent": float(exponent),
        "factor": float(np.exp(intercept)),
        "at_goal": float(at_goal),
    }
