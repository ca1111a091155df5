"""The plot of the study `gradients`: ‖∂h_T/∂h_t‖ against T − t."""

import hashlib
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

STYLES: dict[float | None, tuple[str, Any]] = {
    -1.0: ("#d55e00", ":"),
    0.0: ("#cc79a7", "-."),
    1.0: ("#009e73", "--"),
    2.0: ("#0072b2", "-"),
    None: ("#000000", (0, (1, 2, 5, 2))),
}
"""Colour (Okabe and Ito 2008, told apart by the colour-blind) and line of each forget bias."""


def draw_gradients(results: dict[str, Any], path: Path) -> None:
    """Draw the curves of the medians, and bands from the lowest to the highest seed, as SVG.

    The same results give the same bytes with the same Matplotlib. `flow_digest` of the results
    stands in the file, so that a picture of other results can be told.

    Args:
        results: what the study returned.
        path: the file to write.
    """
    flow = results["flow"]
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    lags = flow["lags"]
    for curve in flow["curves"]:
        bias = curve["forget_bias"]
        colour, line = STYLES[bias]
        label = "plain RNN" if bias is None else f"LSTM, forget bias {bias:g}".replace("-", "−")
        axes.fill_between(
            lags, curve["lowest"], curve["highest"], color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(lags, curve["median"], color=colour, linestyle=line, linewidth=1.6)
        axes.annotate(
            label,
            (lags[-1], curve["median"][-1]),
            (5, 0),
            textcoords="offset points",
            color="#222222",
            verticalalignment="center",
            annotation_clip=False,
        )
    axes.set(
        yscale="log",
        xlim=(0, lags[-1]),
        xlabel="$T - t$, in steps",
        ylabel=r"largest singular value of $\partial h_T / \partial h_t$",
    )
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    with mpl.rc_context({"svg.hashsalt": "tangyin"}):
        figure.savefig(
            path, format="svg", metadata={"Date": None, "Description": flow_digest(results)}
        )


def flow_digest(results: dict[str, Any]) -> str:
    """Sixteen digits that tell the plotted numbers from any others."""
    numbers = json.dumps(results["flow"], sort_keys=True)
    return hashlib.sha256(numbers.encode()).hexdigest()[:16]
