"""The figures of the part on initialization, and the results of each start."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tangyin.studies.initialization.run import PROBE_POEMS, TOO_LARGE, rank
from tangyin.studies.style import GREY, band, look, panels, plain_ticks
from tangyin.training.optimizers import OptimizerRecipe

LABELS = {
    "i": "input", "f": "forget", "g": "candidate", "o": "output",
    "W_ih": "$W_{ih}$", "W_hh": "$W_{hh}$",
}  # fmt: skip
UNIFORM = "uniform ±1/√h"
SHOWN = ("zeros", "one constant", "constant cell", "too small", "too large", UNIFORM)
"""Starts whose norms and gates are drawn; the table has all."""
FLOOR = 1e-9
"""The smallest share of the largest singular value that is drawn."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """What each start comes to; lists have an entry for each seed."""
    starts = results["starts"]

    def each(figure: Callable[[Any], Any]) -> dict[str, list[Any]]:
        return {name: list(map(figure, runs)) for name, runs in starts.items()}

    def mean(figure: Callable[[Any], Any]) -> dict[str, float]:
        return {name: float(np.mean(values)) for name, values in each(figure).items()}

    first, last = (
        mean(partial(lambda when, run: [gate[when] for gate in run["saturated"].values()], when))
        for when in (0, -1)
    )
    return {
        "clip_norm": OptimizerRecipe().clip_norm,
        "floor": FLOOR,
        "probe_poems": PROBE_POEMS,
        "too_large": TOO_LARGE,
        "ends": each(lambda run: run["dev"]),
        "stuck": [n for n, ranks in each(lambda run: max(run["rank"])).items() if max(ranks) <= 1],
        "ranks": each(lambda run: run["rank"][-1]),
        "first_ranks": each(lambda run: rank(run["values"]["first"])),
        "gradients": mean(lambda run: run["norms"]["W_hh"][0]),
        "saturated": {name: {"first": first[name], "last": last[name]} for name in starts},
    }


def initialization_loss(results: dict[str, Any]) -> Any:
    """Training loss against steps."""
    starts = results["starts"]
    figure, axes = panels(height=4.0)
    _bands(axes, results, "loss")
    best = min(min(run["loss"]) for runs in starts.values() for run in runs)
    first = max(run["loss"][0] for run in starts[UNIFORM])
    axes.set(ylabel="training loss, nats per token", ylim=(0.95 * best, 1.06 * first))
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, -0.15))
    return figure


def initialization_rank(results: dict[str, Any]) -> Any:
    """Rank against steps (left), and singular values at the end (right)."""
    units = results["settings"]["hidden_size"]
    figure, (left, right) = panels(2, height=3.9)
    _bands(left, results, "rank")
    for number, runs in enumerate(results["starts"].values()):
        values = np.array(runs[0]["values"]["last"])
        shares = np.maximum(values / max(values[0], 1e-12), FLOOR)
        right.plot(np.arange(1, len(shares) + 1), shares, **look(number))
    left.axhline(units, color=GREY, linewidth=0.8)
    left.set(ylabel="rank of the hidden units", ylim=(-0.03 * units, 1.06 * units))
    right.set(yscale="log", xlabel="number of the singular value", ylabel="share of the largest")
    figure.legend(ncols=4, loc="outside lower center")
    return figure


def initialization_norms(results: dict[str, Any]) -> Any:
    """Gradient norms by group of parameters."""
    drawn = partial(np.maximum, 1e-7)
    figure, grid = _first_seeds(results, "norms", drawn, "gradient norm", 2.3)
    grid[0, 0].set_yscale("log")
    return figure


def initialization_gates(results: dict[str, Any]) -> Any:
    """Share of saturated gates."""
    drawn = partial(np.multiply, 100)
    figure, grid = _first_seeds(results, "saturated", drawn, "saturated, %", 2.2)
    for axes in grid.flat:
        axes.set_ylim(-4, 104)
        plain_ticks(axes.yaxis, (0, 50, 100))
    return figure


def _first_seeds(
    results: dict[str, Any], what: str, drawn: Callable[..., Any], label: str, height: float
) -> Any:
    figure, grid = panels(3, 2, height=height, sharex=True, sharey=True)
    for axes, name in zip(grid.flat, SHOWN, strict=True):
        run = results["starts"][name][0]
        for number, (key, values) in enumerate(run[what].items()):
            axes.plot(run["steps"], drawn(values), **look(number, label=LABELS.get(key, key)))
        axes.set_title(name)
    for axes in grid[-1]:
        axes.set_xlabel("steps")
    for axes in grid[:, 0]:
        axes.set_ylabel(label)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), ncols=5, loc="outside lower center")
    return figure, grid


def _bands(axes: Any, results: dict[str, Any], figure: str) -> None:
    for number, (name, runs) in enumerate(results["starts"].items()):
        steps = max((run["steps"] for run in runs), key=len)
        band(axes, [run[figure] for run in runs], look(number, label=name), steps)
    axes.set_xlabel("steps")
