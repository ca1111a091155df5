"""The family of cells at equal parameters, one layer and two, with dropout and without."""

import bisect
from typing import Any

from tangyin.nn import RecurrentCell
from tangyin.studies.filters import mean
from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.style import band, epoch_axis, log_ticks, look, panels
from tangyin.studies.training_cache import TrainingCache, outcome, parameters
from tangyin.training.dataset import load_dataset

CELLS = {
    "plain": "lstm",
    "LayerNorm (Ba)": "layer-norm",
    "LayerNorm (carried)": "layer-norm-carried",
    "peephole": "peephole",
    "coupled": "coupled",
    "Mogrifier": "mogrifier",
}
TWO_LAYERS = ("plain", "LayerNorm (carried)", "Mogrifier")
"""The cells that are tried with two layers too."""

DROPOUT = (0.2, 0.4)
"""Of the units of input and output; weights between hidden states lose half as much."""

SMALLEST, LARGEST = 4, 1024


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train every cell at the hidden size that gives the report's number of parameters."""
    base = Base.of(cache, quick)
    target = parameters(base.job())
    vocabulary = load_dataset(base.recipe.data, base.own).vocabulary
    inputs = base.recipe.model.embedding_size
    rest = target - len(vocabulary) * inputs
    plans = []
    wanted = [(name, 1, 0.0) for name in CELLS] + [(name, 2, 0.0) for name in TWO_LAYERS]
    wanted += [("plain", 1, share) for share in (DROPOUT[:1] if quick else DROPOUT)]
    for name, layers, dropout in wanted:
        units = hidden_units(CELLS[name], layers, inputs, rest, vocabulary.outputs)
        changes: dict[str, Any] = {"cell": CELLS[name], "layers": layers, "hidden_size": units}
        if dropout:
            changes |= {"dropout.input": dropout, "dropout.output": dropout}
            changes["dropout.recurrent"] = dropout / 2
        line = {"cell": name, "layers": layers, "dropout": dropout, "hidden_size": units}
        plans.append((line, base.jobs({f"model.{key}": v for key, v in changes.items()})))
    lines = [
        {
            **line,
            **outcome(jobs[0], cache.train_all(jobs, "{cell}, layers: {layers}".format(**line))),
        }
        for line, jobs in plans
    ]
    return {"settings": {**base.settings(), "target": target}, "cells": lines}


def hidden_units(cell: str, layers: int, inputs: int, target: int, outputs: int) -> int:
    """The hidden size whose cells and output layer have closest to `target` parameters."""

    def count(units: int) -> int:
        sizes = [inputs] + [units] * (layers - 1)
        made = [RecurrentCell(cell, size, units, device="meta") for size in sizes]
        weights = sum(p.numel() for part in made for p in part.parameters())
        return weights + outputs * (units + 1)

    above = bisect.bisect_right(range(LARGEST), target, lo=SMALLEST, key=count)
    return min((above - 1, above), key=lambda units: abs(count(units) - target))


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The cells by layers and dropout, those of one layer from the best on."""
    lines, curves = results["cells"], _curves(results)
    ends = [(_label(line), mean(dev[-1] for dev in line["dev"])) for line in curves]
    single = [line for line in curves if not line["dropout"]]
    return {
        "single": sorted(single, key=lambda line: mean(line["best"])),
        "double": [line for line in lines if line["layers"] == 2],
        "dropped": [line for line in lines if line["dropout"]],
        "by_end": sorted(ends, key=lambda pair: pair[1]),
    }


def cells(results: dict[str, Any]) -> Any:
    """The best perplexity of every cell, a mark for each seed."""
    figure, axes = panels(height=3.6)
    labels = list(dict.fromkeys(map(_label, results["cells"])))
    for line in results["cells"]:
        row, two = labels.index(_label(line)), line["layers"] == 2
        label = "_" if row else ("one layer", "two layers")[two]
        fill = "none" if two else "full"
        style = look(two, marker=True, linestyle="none", fillstyle=fill, label=label)
        axes.plot(line["best"], [row + (0.12 if two else -0.12)] * len(line["best"]), **style)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("best dev perplexity per token")
    axes.legend(loc="lower right")
    return figure


def cells_curves(results: dict[str, Any]) -> Any:
    """The dev curves of all networks with one layer."""
    figure, axes = panels(height=3.6)
    for number, line in enumerate(_curves(results)):
        band(axes, line["dev"], look(number, marker=True, label=_label(line)))
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend(ncols=2)
    return figure


def _curves(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in results["cells"] if line["layers"] == 1]


def _label(line: dict[str, Any]) -> str:
    return f"{line['cell']}, dropout {line['dropout']:g}" if line["dropout"] else str(line["cell"])


STUDY = Study(
    title="單元 Cells",
    question="Is any cell better than the plain one at equal parameters?",
    minutes=19,
    sizes="6 cells and 3 with 2 layers × 3 seeds, dropout, 5 epochs",
    run=run,
    order=60,
)
