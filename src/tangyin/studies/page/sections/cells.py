"""The part on cells."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Limits, Table, Text
from tangyin.studies.page.style import band, epoch_axis, log_ticks, look, panels
from tangyin.studies.page.words import apart, are, conditions, listed, mean_and_range


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and table."""
    settings, lines = results["settings"], results["cells"]
    epochs = settings["epochs"]
    single = [ln for ln in lines if ln["layers"] == 1 and not ln["dropout"]]
    double = {ln["cell"]: ln for ln in lines if ln["layers"] == 2}
    dropped = [ln for ln in lines if ln["dropout"]]
    order = sorted(single, key=_mean)
    plain = next(ln for ln in single if ln["cell"] == "plain")
    others = [ln for ln in order if ln is not plain]
    better = [ln["cell"] for ln in others if apart(ln["best"], plain["best"])]
    worse = [ln["cell"] for ln in others if apart(plain["best"], ln["best"])]
    slowest = max(single, key=_seconds)
    gains = [n for n in double if apart(double[n]["best"], _of(single, n)["best"])]
    losses = [n for n in double if apart(_of(single, n)["best"], double[n]["best"])]
    on_every = (
        f"Better than the plain cell on every seed {are(better)} {listed(better)}"
        if better
        else "No cell is better than the plain one on every seed"
    ) + (f"; worse on every seed {are(worse)} {listed(worse)}." if worse else ".")
    return [
        Claim(
            "",
            (
                f"**{'Yes' if better else 'No'}.** "
                f"{on_every[:-1]}, within {epochs} epochs."
            ),
            f"{order[0]['cell']} {_mean(order[0]):.1f}, plain {_mean(plain):.1f}",
        ),
        Finding(
            f"At {settings['target']:,} parameters and one layer, {_cell(order[0]['cell'])} is "
            f"best within {epochs} epochs ({mean_and_range(order[0]['best'])}"
            + ("" if order[0] is plain else f"; the plain cell {mean_and_range(plain['best'])}")
            + f"). {on_every}"
        ),
        Text(
            "Every network has the report's embedding, and as many hidden units as bring it "
            "nearest to the parameters of the report's network: a cell that spends more on a unit "
            "gets fewer. *LayerNorm (Ba)* normalises the cell state for the output alone, "
            "*LayerNorm (carried)* carries the normalised one on; *peephole* lets the gates see "
            "the cell state; *coupled* forgets exactly as much as it takes in; *Mogrifier*, the "
            "multiplicative one, lets input and state gate each other before each step. A second "
            f"layer, at equal parameters, was tried for {listed(double)}: it helps "
            f"{listed(gains) if gains else 'none of them'} on every seed"
            + (f" and harms {listed(losses)}" if losses else "")
            + ". Dropout on the units of input and output, and half as much on the weights between "
            "hidden states, brings the plain cell from "
            f"{mean_and_range(plain['best'])} to "
            + listed(f"{mean_and_range(ln['best'])} with {ln['dropout']:g}" for ln in dropped)
            + f". The slowest cell is {_cell(slowest['cell'])}, "
            f"{_seconds(slowest) / _seconds(plain):.1f} times the plain one's time: only the plain "
            "cell has a backward in closed form here, the others are left to autograd step by step."
        ),
        Figure(
            "cells",
            "Best open dev perplexity of every cell, one layer (filled) and two (open), a mark for "
            "each seed. " + conditions(settings, "cells", band=False),
            "One layer, from the best: "
            + listed(f"{ln['cell']} {_mean(ln):.1f}" for ln in order)
            + (
                "; two layers: "
                + listed(f"{name} {_mean(ln):.1f}" for name, ln in double.items())
                if double
                else ""
            )
            + ".",
            lambda: _draw_best(lines),
        ),
        Figure(
            "cells-curves",
            "Open dev perplexity after each epoch, one layer. " + conditions(settings, "cells"),
            f"A curve for each cell; after epoch {epochs}, from the lowest: "
            + listed(
                f"{_label(ln)} {np.mean([dev[-1] for dev in ln['dev']]):.1f}"
                for ln in sorted(
                    single + dropped, key=lambda ln: float(np.mean([dev[-1] for dev in ln["dev"]]))
                )
            )
            + ".",
            lambda: _draw_curves(single + dropped),
        ),
        Table(
            "All of them; seconds are the least of the seeds. "
            + conditions(settings, "cells", band=False),
            ("cell", "layers", "dropout", "hidden units", "parameters", "best dev perplexity",
             "seconds an epoch"),
            [
                (
                    ln["cell"],
                    str(ln["layers"]),
                    f"{ln['dropout']:g}",
                    str(ln["hidden_size"]),
                    f"{ln['parameters']:,}",
                    mean_and_range(ln["best"]),
                    f"{_seconds(ln):.1f}",
                )
                for ln in lines
            ],
        ),
        Limits(
            f"{epochs} epochs at the rate of {settings['learning_rate']:g} that was found for the "
            "plain cell: each other may want its own, and what learns slowly, or is held back by "
            "dropout, has not come to its best. Dropout is a means against overfitting, and within "
            f"{epochs} epochs there is little of it to mend. With {len(others)} cells beside the "
            "plain one, one may be below it on every seed by chance alone."
        ),
    ]  # fmt: skip


def _cell(name: str) -> str:
    return "the plain cell" if name == "plain" else name


def _seconds(line: dict[str, Any]) -> float:
    """Of an epoch, the least of the seeds: whatever else ran on the machine only adds."""
    return float(min(line["seconds"]))


def _mean(line: dict[str, Any]) -> float:
    return float(np.mean(line["best"]))


def _of(lines: list[dict[str, Any]], cell: str) -> dict[str, Any]:
    return next(ln for ln in lines if ln["cell"] == cell)


def _label(line: dict[str, Any]) -> str:
    return f"{line['cell']}, dropout {line['dropout']:g}" if line["dropout"] else str(line["cell"])


def _draw_best(lines: list[dict[str, Any]]) -> Any:
    figure, axes = panels(height=3.6)
    labels = list(dict.fromkeys(map(_label, lines)))
    for line in lines:
        row = labels.index(_label(line))
        number = 0 if line["layers"] == 1 else 1
        axes.plot(
            line["best"],
            [row + (0.12 if number else -0.12)] * len(line["best"]),
            linestyle="none",
            marker="os"[number],
            color=look(number)["color"],
            fillstyle="none" if number else "full",
            label="_" if row else ("one layer", "two layers")[number],
        )
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("best dev perplexity per token")
    axes.legend(loc="lower right")
    return figure


def _draw_curves(lines: list[dict[str, Any]]) -> Any:
    figure, axes = panels(height=3.6)
    for number, line in enumerate(lines):
        x = np.arange(1, max(map(len, line["dev"])) + 1)
        band(axes, x, line["dev"], look(number, marker=True, label=_label(line)))
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend(ncols=2)
    return figure
