"""The family of cells at equal parameters, one layer and two, with dropout and without."""

from typing import Any

from tangyin.nn import RecurrentCell
from tangyin.studies.capacity import outcome, parameters
from tangyin.studies.recipes import Base
from tangyin.studies.training_cache import TrainingCache
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


def cells(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train every cell with as many hidden units as give the parameters of the report's network.

    Returns:
        `settings`; `cells`, a list of lines with `cell`, `layers`, `dropout`, `hidden_size` and
        what `capacity.outcome` returns.
    """
    base = Base.of(workshop, quick)
    plain = base.job()
    target = parameters(plain)
    vocabulary = load_dataset(plain.recipe.data, plain.own).vocabulary
    table = len(vocabulary) * base.recipe.model.embedding_size
    outputs = vocabulary.outputs

    wanted = [(name, 1, 0.0) for name in CELLS] + [(name, 2, 0.0) for name in TWO_LAYERS]
    wanted += [("plain", 1, share) for share in (DROPOUT[:1] if quick else DROPOUT)]
    plans = []
    for name, layers, dropout in wanted:
        units = hidden_units(
            CELLS[name], layers, base.recipe.model.embedding_size, target - table, outputs
        )
        changes: dict[str, Any] = {
            "model.cell": CELLS[name],
            "model.layers": layers,
            "model.hidden_size": units,
        }
        if dropout:
            changes |= {
                "model.dropout.input": dropout,
                "model.dropout.output": dropout,
                "model.dropout.recurrent": dropout / 2,
            }
        plans.append((name, layers, dropout, units, base.jobs(changes)))
    workshop.progress.plan(base.recipe.training.epochs * sum(len(plan[-1]) for plan in plans))
    lines = []
    for name, layers, dropout, units, jobs in plans:
        trained = workshop.train_all(jobs, f"{name}, {layers} layers" if layers > 1 else name)
        lines.append(
            {
                "cell": name,
                "layers": layers,
                "dropout": dropout,
                "hidden_size": units,
                **outcome(jobs[0], trained),
            }
        )
    return {"settings": {**base.settings(), "target": target}, "cells": lines}


def hidden_units(cell: str, layers: int, inputs: int, target: int, outputs: int) -> int:
    """The hidden size whose cells and output layer come nearest to so many parameters.

    Args:
        cell: its name in a recipe.
        layers: how many.
        inputs: size of the embedding.
        target: parameters of cells and output layer together.
        outputs: rows of the output layer.
    """

    def count(units: int) -> int:
        layer_sizes = [inputs] + [units] * (layers - 1)
        made = [RecurrentCell(cell, size, units, device="meta") for size in layer_sizes]
        weights = sum(p.numel() for part in made for p in part.parameters())
        return weights + outputs * (units + 1)

    low, high = SMALLEST, LARGEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= target else (low, middle)
    return min((low, high), key=lambda units: abs(count(units) - target))
