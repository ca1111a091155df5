"""The part on initialization."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import GREY, band, look, panels, plain_ticks
from tangyin.studies.page.words import conditions, listed, mean_and_range, share, span_of

GATES = {"i": "input", "f": "forget", "g": "candidate", "o": "output"}
SHOWN = ("zeros", "one constant", "constant cell", "too small", "too large", "uniform ±1/√h")
"""Starts whose norms and gates are drawn; the others behave as the uniform one."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and table."""
    settings, starts = results["settings"], results["starts"]
    units = settings["hidden_size"]
    ends = {name: [run["dev"] for run in runs] for name, runs in starts.items()}
    order = sorted(ends, key=lambda name: float(np.mean(ends[name])))
    stuck = [name for name, runs in starts.items() if all(run["rank"][-1] <= 1 for run in runs)]
    forget = {
        bias: ends[name]
        for bias, name in ((0, "forget bias 0"), (1, "uniform ±1/√h"), (2, "forget bias 2"))
    }
    saturated = {
        name: float(np.mean([np.mean([g[0] for g in run["saturated"].values()]) for run in runs]))
        for name, runs in starts.items()
    }
    most = max(saturated, key=lambda name: saturated[name])
    return [
        Finding(
            (
                f"Symmetry that is there at the beginning stays: started from {listed(stuck)} all "
                f"{units} units remain copies of one another (rank at most 1) to the last step. "
                if stuck
                else "No start kept all units equal to the last step. "
            )
            + f"The best end is that of {order[0]}, {mean_and_range(ends[order[0]])}."
        ),
        Text(
            f"After {settings['epochs']} epochs the best start is {order[0]} "
            f"({mean_and_range(ends[order[0]])}), the worst {order[-1]} "
            f"({mean_and_range(ends[order[-1]])}). *zeros* and *one constant* "
            f"({settings['constant']:g}) fill the whole network; *constant cell* fills the cell "
            "alone and leaves embedding and output layer random, which is enough to tell the units "
            "apart, since each is then asked for something else. With forget bias "
            + listed(f"{bias}: {mean_and_range(values)}" for bias, values in forget.items())
            + "."
        ),
        Figure(
            "initialization-loss",
            f"Training loss against steps; dev perplexity is in the table. "
            f"Means of {settings['every']} steps. " + conditions(settings, "initialization"),
            f"Ten curves; from the lowest end: {listed(order)}.",
            lambda: _draw_loss(starts),
        ),
        Text(
            "**Rank.** Each hidden unit is a row of all weights that lead into it. The plot shows "
            "how many singular values of that matrix are above a ten-thousandth of the largest: "
            "the number of directions in which the units differ. Gradients of equal units are "
            "equal, so no optimizer that treats coordinates alike can part them."
        ),
        Figure(
            "initialization-rank",
            f"Rank of the {units} hidden units' weights while training (left), and their singular "
            "values at the end as shares of the largest, first seed (right). "
            + conditions(settings, "initialization"),
            f"{listed(stuck) if stuck else 'No start'} stay at rank 0 or 1; the others have rank "
            f"near {units}.",
            lambda: _draw_rank(starts, units),
        ),
        Text(
            f"**Gradients and gates.** Before the first step {share(saturated[most])} of all gates "
            f"are saturated under *{most}*, within a twentieth of an end of their range, where σ′ "
            f"and tanh′ are near 0; under *uniform ±1/√h* {share(saturated['uniform ±1/√h'])}."
        ),
        Figure(
            "initialization-norms",
            "Norm of the gradient by parameters, after clipping at 5. First seed; zero is drawn at "
            "the lower rim. "
            + conditions({**settings, "seeds": settings["seeds"][:1]}, "initialization"),
            "Six small plots, one a start, of the gradient norms of five groups of parameters.",
            lambda: _draw_norms(starts),
        ),
        Figure(
            "initialization-gates",
            "Share of the gates' values that are saturated, on dev poems. First seed. "
            + conditions({**settings, "seeds": settings["seeds"][:1]}, "initialization"),
            "Six small plots, one a start, of the share of saturated gates.",
            lambda: _draw_gates(starts),
        ),
        Table(
            "Open dev perplexity after the last epoch, rank at the end, and norm of the gradient "
            "of the recurrent weights at the first step. "
            + conditions(settings, "initialization", band=False),
            (
                "start",
                "dev perplexity",
                "rank at the end",
                "gradient of W_hh",
                "saturated at first",
            ),
            [
                (
                    name,
                    mean_and_range(ends[name])
                    + (" (diverged)" if any(run["failed"] for run in starts[name]) else ""),
                    span_of([run["rank"][-1] for run in starts[name]]),
                    _small(float(np.mean([run["norms"]["W_hh"][0] for run in starts[name]]))),
                    share(saturated[name]),
                )
                for name in order
            ],
        ),
    ]


def _draw_loss(starts: dict[str, Any]) -> Any:
    figure, axes = panels(height=4.0)
    for number, (name, runs) in enumerate(starts.items()):
        x = max((run["steps"] for run in runs), key=len)
        band(axes, x, [run["loss"] for run in runs], look(number, label=name))
    best = min(min(run["loss"]) for runs in starts.values() for run in runs)
    first = max(run["loss"][0] for run in starts["uniform ±1/√h"])
    axes.set(
        xlabel="steps", ylabel="training loss, nats per token", ylim=(0.95 * best, 1.06 * first)
    )
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, -0.15))
    return figure


def _draw_rank(starts: dict[str, Any], units: int) -> Any:
    figure, (left, right) = panels(2, height=3.9)
    for number, (name, runs) in enumerate(starts.items()):
        style = look(number, label=name)
        x = max((run["steps"] for run in runs), key=len)
        band(left, x, [run["rank"] for run in runs], style)
        values = np.array(runs[0]["values"]["last"])
        shares = np.maximum(values / max(values[0], 1e-12), 1e-9)
        right.plot(np.arange(1, len(shares) + 1), shares, **look(number))
    left.axhline(units, color=GREY, linewidth=0.8)
    left.set(xlabel="steps", ylabel="rank of the hidden units", ylim=(-0.03 * units, 1.06 * units))
    right.set(yscale="log", xlabel="number of the singular value", ylabel="share of the largest")
    figure.legend(ncols=4, loc="outside lower center")
    return figure


def _draw_norms(starts: dict[str, Any]) -> Any:
    figure, grid = panels(3, 2, height=2.3, sharex=True, sharey=True)
    for axes, name in zip(grid.flat, SHOWN, strict=True):
        run = starts[name][0]
        for number, (group, values) in enumerate(run["norms"].items()):
            floor = np.maximum(values, 1e-7)
            axes.plot(run["steps"], floor, **look(number, label=_symbol(group)))
        axes.set(yscale="log", title=name)
    for axes in grid[-1]:
        axes.set_xlabel("steps")
    for axes in grid[:, 0]:
        axes.set_ylabel("gradient norm")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=5, loc="outside lower center")
    return figure


def _draw_gates(starts: dict[str, Any]) -> Any:
    figure, grid = panels(3, 2, height=2.2, sharex=True, sharey=True)
    for axes, name in zip(grid.flat, SHOWN, strict=True):
        run = starts[name][0]
        for number, (gate, values) in enumerate(run["saturated"].items()):
            axes.plot(run["steps"], 100 * np.array(values), **look(number, label=GATES[gate]))
        axes.set(title=name, ylim=(-4, 104))
        plain_ticks(axes.yaxis, (0, 50, 100))
    for axes in grid[-1]:
        axes.set_xlabel("steps")
    for axes in grid[:, 0]:
        axes.set_ylabel("saturated, %")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=4, loc="outside lower center")
    return figure


def _small(value: float) -> str:
    return f"{value:.1e}" if value else "0"


def _symbol(group: str) -> str:
    return {"W_ih": "$W_{ih}$", "W_hh": "$W_{hh}$"}.get(group, group)
