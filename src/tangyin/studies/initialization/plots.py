"""The figures of the part on initialization, and what each start comes to."""

from typing import Any

import numpy as np

from tangyin.studies.initialization.probes import rank
from tangyin.studies.initialization.run import PROBE_POEMS, TOO_LARGE
from tangyin.studies.style import GREY, band, look, panels, plain_ticks
from tangyin.training.optimizers import OptimizerRecipe

GATES = {"i": "input", "f": "forget", "g": "candidate", "o": "output"}
SYMBOLS = {"W_ih": "$W_{ih}$", "W_hh": "$W_{hh}$"}
UNIFORM = "uniform ±1/√h"
SHOWN = ("zeros", "one constant", "constant cell", "too small", "too large", UNIFORM)
"""Starts whose norms and gates are drawn; the table has all."""
FLOOR = 1e-9
"""The smallest share of the largest singular value that is drawn."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """What each start comes to; lists have an entry for each seed."""
    starts = results["starts"]

    def saturated(runs: list[dict[str, Any]], when: int) -> float:
        return float(np.mean([[g[when] for g in run["saturated"].values()] for run in runs]))

    return {
        "clip_norm": OptimizerRecipe().clip_norm,
        "floor": FLOOR,
        "probe_poems": PROBE_POEMS,
        "too_large": TOO_LARGE,
        "ends": {name: [run["dev"] for run in runs] for name, runs in starts.items()},
        "stuck": [n for n, runs in starts.items() if max(max(run["rank"]) for run in runs) <= 1],
        "ranks": {name: [run["rank"][-1] for run in runs] for name, runs in starts.items()},
        "first_ranks": {
            name: [rank(run["values"]["first"]) for run in runs] for name, runs in starts.items()
        },
        "gradients": {
            name: float(np.mean([run["norms"]["W_hh"][0] for run in runs]))
            for name, runs in starts.items()
        },
        "saturated": {
            name: {"first": saturated(runs, 0), "last": saturated(runs, -1)}
            for name, runs in starts.items()
        },
    }


def initialization_loss(results: dict[str, Any]) -> Any:
    """Training loss against steps."""
    starts = results["starts"]
    figure, axes = panels(height=4.0)
    for number, (name, runs) in enumerate(starts.items()):
        band(axes, _steps(runs), [run["loss"] for run in runs], look(number, label=name))
    best = min(min(run["loss"]) for runs in starts.values() for run in runs)
    first = max(run["loss"][0] for run in starts[UNIFORM])
    axes.set(
        xlabel="steps", ylabel="training loss, nats per token", ylim=(0.95 * best, 1.06 * first)
    )
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, -0.15))
    return figure


def initialization_rank(results: dict[str, Any]) -> Any:
    """Rank against steps (left), and singular values at the end (right)."""
    units = results["settings"]["hidden_size"]
    figure, (left, right) = panels(2, height=3.9)
    for number, (name, runs) in enumerate(results["starts"].items()):
        band(left, _steps(runs), [run["rank"] for run in runs], look(number, label=name))
        values = np.array(runs[0]["values"]["last"])
        shares = np.maximum(values / max(values[0], 1e-12), FLOOR)
        right.plot(np.arange(1, len(shares) + 1), shares, **look(number))
    left.axhline(units, color=GREY, linewidth=0.8)
    left.set(xlabel="steps", ylabel="rank of the hidden units", ylim=(-0.03 * units, 1.06 * units))
    right.set(yscale="log", xlabel="number of the singular value", ylabel="share of the largest")
    figure.legend(ncols=4, loc="outside lower center")
    return figure


def initialization_norms(results: dict[str, Any]) -> Any:
    """Gradient norms by group of parameters."""
    figure, grid = panels(3, 2, height=2.3, sharex=True, sharey=True)
    for axes, name in zip(grid.flat, SHOWN, strict=True):
        run = results["starts"][name][0]
        for number, (group, values) in enumerate(run["norms"].items()):
            label = SYMBOLS.get(group, group)
            axes.plot(run["steps"], np.maximum(values, 1e-7), **look(number, label=label))
        axes.set(yscale="log", title=name)
    return _labelled(figure, grid, "gradient norm")


def initialization_gates(results: dict[str, Any]) -> Any:
    """Share of saturated gates."""
    figure, grid = panels(3, 2, height=2.2, sharex=True, sharey=True)
    for axes, name in zip(grid.flat, SHOWN, strict=True):
        run = results["starts"][name][0]
        for number, (gate, values) in enumerate(run["saturated"].items()):
            axes.plot(run["steps"], 100 * np.array(values), **look(number, label=GATES[gate]))
        axes.set(title=name, ylim=(-4, 104))
        plain_ticks(axes.yaxis, (0, 50, 100))
    return _labelled(figure, grid, "saturated, %")


def _steps(runs: list[dict[str, Any]]) -> list[int]:
    return max((run["steps"] for run in runs), key=len)


def _labelled(figure: Any, grid: Any, label: str) -> Any:
    for axes in grid[-1]:
        axes.set_xlabel("steps")
    for axes in grid[:, 0]:
        axes.set_ylabel(label)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=5, loc="outside lower center")
    return figure
