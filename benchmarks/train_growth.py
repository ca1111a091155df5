"""How the time of a training step grows with the network and the batch, and an epoch with the data.

    python benchmarks/train_growth.py [--size report|large|E,H,V,B,T] [--rounds N]
                                      [--vary NAME=A,B,…]… [--format text|json] [-o FILE]
                                      [--plot FILE.svg]

Around the size each of H, V, T and B is varied alone; at every point ours in bf16 and fp32 and
nn.LSTM in fp32 take turns on random tokens. `poems` counts training 五律 of the corpus, in batches
of B: an epoch is the making of its batches and all its steps, by ours in bf16; the dev part is not
evaluated. --vary names what to vary instead of all of these.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import torch

from command import new_file, parser, positive, run
from growth_plot import draw_growth
from machine import OtherLoad, machine
from rounds import interleaved, summary
from step_size import Size
from step_ways import WAYS, OurStep
from tables import heading, table
from tangyin.training.dataset import Dataset, load_dataset
from tangyin.training.recipe import DataRecipe

VARIED = {
    "H": [128, 256, 512, 1024, 2048],
    "V": [3000, 6000, 10_000, 20_000],
    "T": [24, 48, 96],
    "B": [32, 64, 128, 256],
}
SHARES = (8, 4, 2, 1)
"""Epochs are over one part in so many of the training poems."""

COMPARED = ("ours_bf16", "ours_fp32", "nn_lstm_fp32")
ROUNDS = 5
VISIT = 0.1
POINT_BUDGET, EPOCH_BUDGET = 10.0, 45.0
"""Seconds of the rounds of one point, and of those of the epochs."""


def axis(text: str) -> tuple[str, list[int]]:
    """Read `NAME=A,B,…`.

    Raises:
        argparse.ArgumentTypeError: it is something else.
    """
    name, _, values = text.partition("=")
    if name not in {*VARIED, "poems"}:
        raise argparse.ArgumentTypeError(
            f"{text!r} varies nothing that is known; give {', '.join(VARIED)} or poems, and "
            "numbers, such as H=128,256"
        )
    return name, sorted({positive(value) for value in values.split(",")})


def measure(
    size: Size, axes: dict[str, list[int]], rounds: int, plot: Path | None
) -> dict[str, Any]:
    """Everything, as the JSON holds it."""
    facts, load = machine(), OtherLoad()
    torch.manual_seed(1)
    found = {}
    for name, values in axes.items():
        if name == "poems":
            found[name] = epochs(size, values, rounds)
        else:
            found[name] = [point(replace(size, **{name: n}), name, rounds) for n in values]
    results = {
        "machine": facts,
        "other_load": load.share(),
        "size": vars(size),
        "axes": found,
        "growth": {name: growth(points) for name, points in found.items()},
    }
    if plot is not None:
        draw_growth(results, plot)
    return results


def point(size: Size, name: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of a step of each way at one size."""
    ways = {way: WAYS[way](size) for way in COMPARED}
    runs = interleaved(ways, rounds, visit=VISIT, budget=POINT_BUDGET)
    return {
        "value": getattr(size, name),
        "rounds": len(runs["ours_bf16"]),
        **{way: summary(seconds, 1000) for way, seconds in runs.items()},
    }


def epochs(size: Size, poems: list[int], rounds: int) -> list[dict[str, Any]]:
    """Seconds of an epoch over each number of poems; over parts of the corpus if there are none."""
    material = load_dataset(DataRecipe(forms=("五律",)))
    total = len(material.train)
    numbers = poems or [total // share for share in SHARES]
    if numbers[-1] > total:
        sys.exit(f"there are {total:,} training 五律; give at most as many")
    order = np.random.default_rng(1).permutation(total)

    def epoch(number: int) -> Callable[[], None]:
        part = replace(material, train=[material.train[i] for i in order[:number]])
        return one_epoch(part, size)

    ways = {str(number): epoch(number) for number in numbers}
    runs = interleaved(ways, rounds, budget=EPOCH_BUDGET)
    return [
        {"value": int(number), "rounds": len(seconds), "ours_bf16": summary(seconds)}
        for number, seconds in runs.items()
    ]


def one_epoch(material: Dataset, size: Size) -> Callable[[], None]:
    """A function that makes the batches of an epoch and takes all its steps."""
    step = OurStep(size, "bf16", material.vocabulary)

    def go() -> None:
        for batch in material.batches(size.B, seed=1, epoch=1):
            step.take(batch)

    return go


def growth(points: list[dict[str, Any]]) -> dict[str, list[dict[str, float]]]:
    """From each value to the next: the ratio of the times, and the power of the value it is."""
    ways = [way for way in COMPARED if way in points[0]]
    return {
        way: [
            {
                "from": a["value"],
                "to": b["value"],
                "ratio": round(ratio := b[way]["median"] / a[way]["median"], 3),
                "power": round(log(ratio) / log(b["value"] / a["value"]), 3),
            }
            for a, b in pairwise(points)
        ]
        for way in ways
    }


def text(results: dict[str, Any]) -> str:
    """The results as tables."""
    size = Size(**results["size"])
    parts = [heading(results["machine"], results["other_load"]), f"around {size}"]
    return "\n\n".join([*parts, *(tables(results, name) for name in results["axes"])])


def tables(results: dict[str, Any], name: str) -> str:
    """One axis: its times, and how ours grows from the value before."""
    points, ours_growth = results["axes"][name], results["growth"][name]["ours_bf16"]
    grown = ["", *(f"{step['ratio']:.2f}" for step in ours_growth)]
    if name == "poems":
        rows = [
            (f"{p['value']:,}", f"{p['ours_bf16']['median']:.2f}", ratio)
            for p, ratio in zip(points, grown, strict=True)
        ]
        return table(("poems", "an epoch of ours, bf16, s", "× the line before"), rows)
    lines = [
        [
            f"{p['value']:,}",
            *(f"{p[way]['median']:.1f}" for way in COMPARED),
            f"{p['nn_lstm_fp32']['median'] / p['ours_bf16']['median']:.1f}",
            ratio,
        ]
        for p, ratio in zip(points, grown, strict=True)
    ]
    head = (name, *(f"{way}, ms" for way in COMPARED), "× faster", "ours: × the line before")
    return table(head, lines)


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--rounds", type=positive, default=ROUNDS, metavar="N")
    options.add_argument("--vary", type=axis, action="append", metavar="NAME=A,B,…")
    options.add_argument("--plot", type=new_file, metavar="FILE.svg")
    arguments = options.parse_args()
    chosen = dict(arguments.vary) if arguments.vary else {**VARIED, "poems": []}
    run(
        lambda: measure(arguments.size[1], chosen, arguments.rounds, arguments.plot),
        text,
        arguments,
    )
