"""The part on cells."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import band, epoch_axis, log_ticks, look, panels
from tangyin.studies.page.words import conditions, listed, mean_and_range


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and table."""
    settings, lines = results["settings"], results["cells"]
    single = [ln for ln in lines if ln["layers"] == 1 and not ln["dropout"]]
    double = {ln["cell"]: ln for ln in lines if ln["layers"] == 2}
    dropped = [ln for ln in lines if ln["dropout"]]
    order = sorted(single, key=_mean)
    plain = next(ln for ln in single if ln["cell"] == "plain")
    better = [
        ln["cell"] for ln in order if ln["cell"] != "plain" and max(ln["best"]) < min(plain["best"])
    ]
    slowest = max(single, key=lambda ln: float(np.mean(ln["seconds"])))
    gains = [n for n in double if _mean(double[n]) < _mean(_of(single, n))]
    return [
        Finding(
            f"At {settings['target']:,} parameters and one layer, {order[0]['cell']} is best "
            f"({mean_and_range(order[0]['best'])}"
            + ("" if order[0] is plain else f"; the plain cell {mean_and_range(plain['best'])}")
            + "). "
            + (
                f"Better than the plain cell on every seed {'is' if len(better) == 1 else 'are'} "
                f"{listed(better)}."
                if better
                else "No cell is better than the plain one on every seed."
            )
        ),
        Text(
            "Every network has the embedding of the report's, and as many hidden units as bring it "
            "nearest to the parameters of the report's network: a cell that spends more on a unit "
            "gets fewer. "
            + (
                f"A second layer, at equal parameters, helps {listed(gains)}. "
                if gains
                else "A second layer, at equal parameters, helps none of them. "
            )
            + "Dropout on the units of input and output, and half as much on the weights between "
            "hidden states, brings the plain cell to "
            + listed(f"{mean_and_range(ln['best'])} with {ln['dropout']:g}" for ln in dropped)
            + f" in {settings['epochs']} epochs. The slowest cell is {slowest['cell']}, "
            f"{np.mean(slowest['seconds']) / np.mean(plain['seconds']):.1f} times the plain one's "
            "time: only the plain cell has a backward in closed form here, the others are left to "
            "autograd step by step."
        ),
        Figure(
            "cells",
            "Best open dev perplexity of every cell, one layer (filled) and two (open), a mark for "
            "each seed. "
            + conditions(settings, "cells", band=False),
            f"One layer, from the best: {listed(ln['cell'] for ln in order)}.",
            lambda: _draw_best(lines),
        ),
        Figure(
            "cells-curves",
            "Dev perplexity after each epoch, one layer. " + conditions(settings, "cells"),
            "A curve for each cell.",
            lambda: _draw_curves(single + dropped),
        ),
        Table(
            "All of them. " + conditions(settings, "cells", band=False),
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
                    f"{np.mean(ln['seconds']):.1f}",
                )
                for ln in lines
            ],
        ),
    ]  # fmt: skip


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
