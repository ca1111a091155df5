"""How the proxy's perplexity falls with parameters, with poems and with passes over them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import NullFormatter

from tangyin.studies.recipes import on_poems, proxy_base, proxy_settings, stage
from tangyin.studies.study import Study
from tangyin.studies.style import BLUE, GREY, log_ticks, panels
from tangyin.studies.training_cache import Job, TrainingCache, ends

WIDTHS = ((32, 48), (64, 96), (128, 192), (256, 384), (384, 576), (512, 1024))
"""Sizes of embedding and hidden state; the opposite character gets a quarter of the latter."""
SHARES = (32, 16, 8, 4, 2, 1)
"""One poem in so many; the proxy uses one in two."""
PASSES = (1, 2, 4)
GOAL = 47.0
"""The course report's figure."""


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Change one of the three at a time."""
    base = proxy_base(cache, quick)
    widths = ((8, 8), (16, 12)) if quick else WIDTHS
    parts = [on_poems(base, cache, share) for share in ((4, 2) if quick else SHARES)]
    passes = (1, 2) if quick else PASSES
    jobs: dict[str, list[tuple[int, Job]]] = {
        "size": [(hidden, base.job(_sizes(embedding, hidden))) for embedding, hidden in widths],
        "poems": [(len(some.texts), some.job()) for some in parts],
        "passes": [(epochs, base.job({"stages": stage(epochs=epochs)})) for epochs in passes],
    }
    found: dict[str, Any] = {"settings": {**proxy_settings(base), "goal": GOAL}}
    for what, some in jobs.items():
        lines = [{"x": x, **ends(job, cache.train_all([job], f"{what} {x:g}"))} for x, job in some]
        found[what] = {"lines": lines}
        if what != "passes":  # the same poems again are not more poems
            grown = [line["parameters" if what == "size" else "x"] for line in lines]
            found[what]["law"] = power_law(grown, [line["closed"][0] for line in lines])
    return found


def _sizes(embedding: int, hidden: int) -> dict[str, int]:
    sizes = {"embedding": embedding, "hidden": hidden, "opposite": hidden // 4}
    return {f"model.{name}_size": size for name, size in sizes.items()}


def power_law(x: Sequence[float], perplexities: Sequence[float]) -> dict[str, float]:
    """The law nll = factor · x^exponent (Kaplan et al. 2020), and the x `at_goal`."""
    exponent, intercept = np.polyfit(np.log(x), np.log(np.log(perplexities)), 1)
    at_goal = np.exp((np.log(np.log(GOAL)) - intercept) / exponent)
    law = {"exponent": exponent, "factor": np.exp(intercept), "at_goal": at_goal}
    return {name: float(value) for name, value in law.items()}


AXES = {
    "size": ("parameters", "parameters"),
    "poems": ("x", "training poems"),
    "passes": ("seconds", "seconds of training"),
}


def scaling(results: dict[str, Any]) -> Any:
    """Closed perplexity against parameters, poems and the time of more passes."""
    figure, several = panels(3, height=2.9, sharey=True)
    for axes, (what, (key, label)) in zip(several, AXES.items(), strict=True):
        lines = results[what]["lines"]
        x = np.array([line[key] for line in lines]).flatten()  # seconds are a list of one seed
        axes.plot(x, [ln["closed"][0] for ln in lines], color=BLUE, marker="o", linestyle="none")
        if law := results[what].get("law"):
            axes.plot(x, np.exp(law["factor"] * x ** law["exponent"]), color=BLUE, linewidth=1)
        axes.axhline(results["settings"]["goal"], color=GREY, linestyle="--")
        axes.set(xscale="log", xlabel=label)
        axes.xaxis.set_minor_formatter(NullFormatter())
    log_ticks(several[0], "dev perplexity per token, closed")
    return figure


STUDY = Study(
    title="規模 Scaling",
    question="How does perplexity fall with size, poems and training?",
    minutes=22,
    sizes="the proxy in 6 sizes, on 6 shares of the poems, for 1, 2 and 4 passes",
    run=run,
    order=120,
    apart=True,
)
