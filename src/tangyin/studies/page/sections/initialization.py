"""The part on initialization."""

from typing import Any

import numpy as np

from tangyin.studies.initialization import LOOKED_AT, TOO_LARGE
from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Heading, Limits, Table, Text
from tangyin.studies.page.style import GREY, band, look, panels, plain_ticks
from tangyin.studies.page.words import (
    apart,
    are,
    conditions,
    listed,
    mean_and_range,
    overlapping,
    power,
    share,
    span_of,
)
from tangyin.studies.probes import rank

GATES = {"i": "input", "f": "forget", "g": "candidate", "o": "output"}
UNIFORM = "uniform ±1/√h"
SHOWN = ("zeros", "one constant", "constant cell", "too small", "too large", UNIFORM)
"""Starts whose norms and gates are drawn; all are in the table."""
EQUAL = ("zeros", "one constant")
"""Starts that give every unit the same weights, and the output layer too."""
CLIPPED = 5.0
"""The norm over all parameters to which gradients are clipped."""
FLOOR = 1e-9
"""The least share of the largest singular value that is drawn."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and table."""
    settings, starts = results["settings"], results["starts"]
    units, epochs = settings["hidden_size"], settings["epochs"]
    ends = {name: [run["dev"] for run in runs] for name, runs in starts.items()}
    order = sorted(ends, key=lambda name: float(np.mean(ends[name])))
    stuck = [name for name, runs in starts.items() if all(max(run["rank"]) <= 1 for run in runs)]
    forget = {
        bias: ends[name]
        for bias, name in ((0, "forget bias 0"), (1, UNIFORM), (2, "forget bias 2"))
    }
    saturated = {name: _saturated(runs, 0) for name, runs in starts.items()}
    at_end = {name: _saturated(runs, -1) for name, runs in starts.items()}
    most = max(saturated, key=lambda name: saturated[name])
    small, large = saturated["too small"], saturated["too large"]
    cell = starts["constant cell"]
    before = [rank(run["values"]["first"]) for run in cell]
    equal = [name for name in EQUAL if name in stuck]
    better = [name for name in order if apart(ends[name], ends[UNIFORM])]
    worse = [name for name in order if apart(ends[UNIFORM], ends[name])]
    after = f"after {epochs} {'epoch' if epochs == 1 else 'epochs'}"
    return [
        Claim(
            "Very small weights saturate the gates.",
            f"**{'Large ones do' if large > small else 'Not refuted'}.** After the first "
            f"step {share(small)} of all gates are within a twentieth of an end of their range "
            f"under weights a thousandth of the report's, {share(large)} under weights "
            f"{TOO_LARGE:g} times it.",
            f"{share(small)}, {share(large)}",
        ),
        Claim(
            "Equal weights make the network a linear layer.",
            (
                f"**They make it one unit repeated.** From {listed(equal)} the {units} units stay "
                "copies of one another to the last step. (That the unit stays gated and nonlinear "
                "is shown in `docs/derivation.md`.)"
                if equal
                else "**They do not stay equal here.**"
            ),
            f"rank {span_of([r['rank'][-1] for n in EQUAL for r in starts[n]])} of {units}",
        ),
        Finding(
            (
                f"Symmetry that is everywhere at the beginning stays: from {listed(stuck)} all "
                f"{units} units remain copies of one another (rank at most 1) to the last step, "
                f"and dev perplexity ends at "
                f"{listed(mean_and_range(ends[name]) for name in stuck)}. "
                if stuck
                else "No start kept all units equal to the last step. "
            )
            + f"The report's own start, {UNIFORM}, comes to {mean_and_range(ends[UNIFORM])} "
            f"{after}; "
            + (
                f"better on every seed {are(better)} {listed(better)}"
                if better
                else "none is better on every seed"
            )
            + (f", worse on every seed {are(worse)} {listed(worse)}." if worse else ".")
        ),
        Text(
            f"{_capital(after)} the best start is *{order[0]}* ({mean_and_range(ends[order[0]])}), "
            f"the worst *{order[-1]}* ({mean_and_range(ends[order[-1]])}). *zeros* and *one "
            f"constant* ({settings['constant']:g}) fill the whole network. *constant cell* fills "
            "the cell alone and leaves embedding and output layer random: its units have rank "
            f"{span_of(before)} before the first step, but each is asked for something else by the "
            f"output layer, and at the end it is {span_of([run['rank'][-1] for run in cell])} "
            f"(dev perplexity {mean_and_range(ends['constant cell'])}, with "
            f"{share(at_end['constant cell'], 0)} of its gates saturated by then). *{UNIFORM}*, "
            "*Xavier* and *orthogonal* have forget bias 1, *too small* and *too large* biases of "
            "0. With forget bias "
            + listed(f"{bias}: {mean_and_range(values)}" for bias, values in forget.items())
            + "."
            + overlapping(order, ends)
        ),
        Figure(
            "initialization-loss",
            f"Training loss against steps, means of {settings['every']} steps; the scale ends just "
            f"above the first loss of *{UNIFORM}*, and what is above it is cut off. Dev perplexity "
            "is in the table. " + conditions(settings, "initialization"),
            f"Ten curves; by dev perplexity at the end, from the lowest: {listed(order)}.",
            lambda: _draw_loss(starts),
        ),
        Heading("Rank: how many different units there are"),
        Text(
            "Each hidden unit is a row of all weights that lead into it. The plot shows how many "
            "singular values of the matrix of these rows are above a ten-thousandth of the "
            "largest: the number of directions in which the units differ. Gradients of equal units "
            "are equal, so no optimizer that treats coordinates alike can part them."
        ),
        Figure(
            "initialization-rank",
            f"Rank of the {units} hidden units' weights against steps (left), and their singular "
            "values at the end as shares of the largest, first seed (right); values below "
            f"{power(FLOOR, 0)} are drawn there. " + conditions(settings, "initialization"),
            "Rank at the end: "
            + listed(f"{n} {span_of([r['rank'][-1] for r in runs])}" for n, runs in starts.items())
            + ".",
            lambda: _draw_rank(starts, units),
        ),
        Heading("Gradients and gates"),
        Text(
            "A gate is called saturated when it is within a twentieth of an end of its range, "
            "where σ′ and tanh′ are near 0. After the first step that are "
            f"{share(saturated[UNIFORM])} of all gates under *{UNIFORM}*, and most, "
            f"{share(saturated[most])}, under *{most}*. "
            f"By the end it is {share(at_end[UNIFORM], 0)} under *{UNIFORM}* too: gates that "
            "decide are not gates that are broken. What is broken shows in the gradients, whose "
            "norm over all parameters is clipped at "
            f"{CLIPPED:g}: at the first step that of the recurrent weights is "
            + listed(
                f"{_small(_first_norm(starts[name]))} under *{name}*"
                for name in ("one constant", "too small", "too large", UNIFORM)
            )
            + "."
        ),
        Figure(
            "initialization-norms",
            f"Norm of the gradient by group of parameters against steps, after clipping at "
            f"{CLIPPED:g}, for six of the starts. First seed; zero is drawn at the lower rim. "
            + conditions({**settings, "seeds": settings["seeds"][:1]}, "initialization"),
            "Six small plots, one a start, of the gradient norms of five groups of parameters; "
            "their first values for the recurrent weights are in the table.",
            lambda: _draw_norms(starts),
        ),
        Figure(
            "initialization-gates",
            f"Share of the gates' values that are saturated, on {LOOKED_AT} dev poems, against "
            "steps, for six of the starts. First seed. "
            + conditions({**settings, "seeds": settings["seeds"][:1]}, "initialization"),
            "Six small plots, one a start, of the share of saturated gates; at first and at the "
            "end they are in the table.",
            lambda: _draw_gates(starts),
        ),
        Table(
            f"Open dev perplexity {after}, rank at the end, norm of the gradient of the recurrent "
            "weights at the first step, and share of saturated gates after the first step and at "
            "the end (means over gates and seeds). "
            + conditions(settings, "initialization", band=False),
            (
                "start",
                "dev perplexity",
                "rank at the end",
                "gradient of W_hh",
                "saturated at first",
                "at the end",
            ),
            [
                (
                    name,
                    mean_and_range(ends[name])
                    + (" (diverged)" if any(run["failed"] for run in starts[name]) else ""),
                    span_of([run["rank"][-1] for run in starts[name]]),
                    _small(_first_norm(starts[name])),
                    share(saturated[name]),
                    share(at_end[name]),
                )
                for name in order
            ],
        ),
        Limits(
            f"{_capital(after)} a network is not done: a start that is behind may catch up. Where "
            "two starts differ in more than one thing this says not which matters: *one constant* "
            f"also saturates {share(saturated['one constant'], 0)} of the gates at once, *too "
            "small* and *too large* also have no forget bias. All were trained at one rate, which "
            "was found for the uniform start, in fp32, so that equal units stay equal to the bit."
        ),
    ]


def _saturated(runs: list[dict[str, Any]], when: int) -> float:
    """Mean share of saturated gates over gates and seeds."""
    return float(np.mean([np.mean([g[when] for g in run["saturated"].values()]) for run in runs]))


def _first_norm(runs: list[dict[str, Any]]) -> float:
    return float(np.mean([run["norms"]["W_hh"][0] for run in runs]))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _draw_loss(starts: dict[str, Any]) -> Any:
    figure, axes = panels(height=4.0)
    for number, (name, runs) in enumerate(starts.items()):
        x = max((run["steps"] for run in runs), key=len)
        band(axes, x, [run["loss"] for run in runs], look(number, label=name))
    best = min(min(run["loss"]) for runs in starts.values() for run in runs)
    first = max(run["loss"][0] for run in starts[UNIFORM])
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
        shares = np.maximum(values / max(values[0], 1e-12), FLOOR)
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
    return power(value)


def _symbol(group: str) -> str:
    return {"W_ih": "$W_{ih}$", "W_hh": "$W_{hh}$"}.get(group, group)
