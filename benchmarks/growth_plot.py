"""The plot of train_growth.py: how the time of a step and of an epoch grows."""

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from tangyin.files import write_whole

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


def draw_growth(results: dict[str, Any], path: Path) -> None:
    """Draw a panel for each axis, log-log, bars from the fastest to the slowest round, as SVG.

    The same results give the same bytes with the same Matplotlib; their `growth_digest` stands in
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
