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
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from measuring import heading, interleaved, new_file, parser, positive, run, summary, table
from step import WAYS, OurStep, Size, size_named
from tangyin.files import write_whole
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

STYLES: dict[str, tuple[str, str, str, str]] = {
    "ours_bf16": ("ours, bf16", "#0072b2", "o", "-"),
    "ours_fp32": ("ours, fp32", "#009e73", "s", "--"),
    "nn_lstm_fp32": ("nn.LSTM, fp32", "#d55e00", "^", ":"),
}
"""Name, colour (Okabe and Ito 2008, told apart by the colour-blind), mark and line of each way."""

LABELS = {
    "H": "H, hidden units",
    "V": "V, tokens of the vocabulary",
    "T": "T, steps of a sequence",
    "B": "B, sequences of a batch",
    "poems": "training poems",
}

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
    torch.manual_seed(1)
    found = {}
    for name, values in axes.items():
        if name == "poems":
            found[name] = epochs(size, values, rounds)
        else:
            found[name] = [point(replace(size, **{name: n}), name, rounds) for n in values]
    results = {
        "size": vars(size),
        "axes": found,
        "growth": {name: growth(points) for name, points in found.items()},
    }
    if plot is not None:
        draw_growth(results, plot)
    return results


def point(size: Size, name: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of a step of each way at one size."""
    ways = {way: WAYS[way](size) for way in STYLES}
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
    ways = [way for way in STYLES if way in points[0]]
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
    parts = [heading(results), f"around {size}"]
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
            *(f"{p[way]['median']:.1f}" for way in STYLES),
            f"{p['nn_lstm_fp32']['median'] / p['ours_bf16']['median']:.1f}",
            ratio,
        ]
        for p, ratio in zip(points, grown, strict=True)
    ]
    head = (name, *(f"{way}, ms" for way in STYLES), "× faster", "ours: × the line before")
    return table(head, lines)


def draw_growth(results: dict[str, Any], path: Path) -> None:
    """Draw a panel for each axis, log-log, bars from the fastest to the slowest round, as SVG.

    The same results give the same bytes with the same Matplotlib; their `growth_digest` is in
    the file.
    """
    axes_of = results["axes"]
    columns = min(len(axes_of), 3)
    rows = -(-len(axes_of) // columns)
    # Names stay text, so that the file is small and can be searched.
    with mpl.rc_context({"svg.hashsalt": "tangyin", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(3.1 * columns, 2.9 * rows + 0.4), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for panel, (name, points) in zip(panels, axes_of.items(), strict=False):
            _draw(panel, name, points)
        for panel in list(panels)[len(axes_of) :]:
            panel.set_axis_off()
        handles = {
            label: handle
            for panel in figure.axes
            for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles, loc="outside upper center", ncols=3, frameon=False)
        picture, digest = BytesIO(), growth_digest(results)
        figure.savefig(picture, format="svg", metadata={"Date": None, "Description": digest})
    write_whole(path, picture.getvalue())


def _draw(panel: Axes, name: str, points: list[dict[str, Any]]) -> None:
    values = [point["value"] for point in points]
    unit = "s" if name == "poems" else "ms"
    for way, (label, colour, mark, line) in STYLES.items():
        if way not in points[0]:
            continue
        found = [point[way] for point in points]
        median = [f["median"] for f in found]
        below = [f["median"] - f["min"] for f in found]
        above = [f["max"] - f["median"] for f in found]
        panel.errorbar(
            values, median, (below, above), label=label, color=colour, marker=mark, linestyle=line,
            markersize=4, linewidth=1.4, elinewidth=0.8,
        )  # fmt: skip
    what = "an epoch" if name == "poems" else "a step"
    panel.set(xscale="log", yscale="log", xlabel=LABELS[name], ylabel=f"{what}, {unit}")
    panel.set_xticks(values, [f"{value:,}" for value in values])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    panel.grid(color="#dddddd", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)


def growth_digest(results: dict[str, Any]) -> str:
    """Sixteen digits that tell the plotted numbers from any others."""
    numbers = json.dumps(results["axes"], sort_keys=True)
    return hashlib.sha256(numbers.encode()).hexdigest()[:16]


if __name__ == "__main__":
    options = parser(__doc__, size_named)
    options.add_argument("--rounds", type=positive, default=ROUNDS, metavar="N")
    options.add_argument("--vary", type=axis, action="append", metavar="NAME=A,B,…")
    options.add_argument("--plot", type=new_file, metavar="FILE.svg")
    arguments = options.parse_args()
    chosen = dict(arguments.vary) if arguments.vary else {**VARIED, "poems": []}
    run(
        lambda: measure(arguments.size[1], chosen, arguments.rounds, arguments.plot),
        arguments,
        text,
    )
