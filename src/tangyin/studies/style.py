"""The look of plots and their SVG: one style sheet, colours that everyone can distinguish."""

import re
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

Values = Sequence[Sequence[float]]
"""One list per curve or place."""

HERE = Path(__file__).parent / "page"
FONT = HERE / "fonts/tangyin_plot_cjk.otf"
INK = "#222222"
FORMULA_POINTS = 12

BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#c0699a"
ORANGE, SKY, GREY, BROWN, TEAL = "#c08000", "#3a97d4", "#7f7f7f", "#8c510a", "#35978f"

LOOKS: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "linestyle": "-", "marker": "o"},
    {"color": VERMILION, "linestyle": "--", "marker": "s"},
    {"color": GREEN, "linestyle": "-.", "marker": "^"},
    {"color": PURPLE, "linestyle": ":", "marker": "D"},
    {"color": ORANGE, "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
    {"color": SKY, "linestyle": (0, (7, 2)), "marker": "P"},
    {"color": INK, "linestyle": (0, (1, 1)), "marker": "X"},
    {"color": GREY, "linestyle": (0, (3, 1, 1, 1)), "marker": "*"},
    {"color": BROWN, "linestyle": (0, (9, 2, 2, 2)), "marker": "h"},
    {"color": TEAL, "linestyle": (0, (2, 2)), "marker": "<"},
)
"""Okabe and Ito's colours (2008), the light ones darkened for white paper, and two more; each has
its own line and marker, for grey print."""

OPTIMIZERS = {
    "SGD": 6,
    "momentum": 0,
    "SGD with momentum": 0,
    "Nesterov": 5,
    "Adagrad": 4,
    "Adadelta": 3,
    "RMSprop": 1,
    "Adam": 2,
    "AdamW": 8,
    "Muon": 7,
    "Adam at 0.001": 9,
}
"""The look of each optimizer, the same in all plots."""

FINENESS: tuple[Sequence[float], ...] = (
    (1, 2, 5),
    (1, 1.5, 2, 3, 4, 5, 7),
    (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9),
    *([n / 10 for n in range(10, 100, step)] for step in (5, 2, 1)),
)
"""Steps of a logarithmic axis within a power of ten, from coarse to fine."""

NUMBERS = re.compile(r'( (?:d|x|y|width|height)="|translate\()([^")]*)')
FINE = re.compile(r"-?\d+\.\d{3,}")

font_manager.fontManager.addfont(str(FONT))


def svg_of(draw: Callable[[], Figure], title: str) -> str:
    """Draw a figure as an SVG file, on white; the same results draw the same."""
    target = StringIO()
    with mpl.rc_context(fname=HERE / "report.mplstyle"):
        draw().savefig(target, format="svg", metadata={"Title": title})
    svg = target.getvalue()
    svg = compact(svg[svg.index("<svg") :])
    paper = '>\n <rect width="100%" height="100%" fill="#ffffff"/>'
    return '<?xml version="1.0" encoding="utf-8"?>\n' + svg.replace(">", paper, 1)


def formula_svg(tex: str) -> str:
    """A formula as SVG, set by Matplotlib."""

    def draw() -> Figure:
        mpl.rcParams.update({
            "mathtext.fontset": "stix", "savefig.bbox": "tight", "savefig.pad_inches": 0.02,
            "figure.constrained_layout.use": False,
        })  # fmt: skip
        canvas = Figure(figsize=(0.01, 0.01))
        canvas.text(0, 0, f"${tex}$", fontsize=FORMULA_POINTS)
        return canvas

    return svg_of(draw, "formula")


def compact(svg: str) -> str:
    """Matplotlib's SVG without metadata, comments, ids and digits below a hundredth of a point."""

    def rounded(match: re.Match[str]) -> str:
        places = FINE.sub(lambda n: f"{float(n[0]):.2f}".rstrip("0").rstrip("."), match[2])
        return match[1] + " ".join(places.split())

    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = NUMBERS.sub(rounded, re.sub(r'<g id="[^"]*"', "<g", svg))
    return re.sub(r">\s+<", ">\n<", svg).strip()


def panels(columns: int = 1, rows: int = 1, *, height: float = 3.4, **options: Any) -> Any:
    """A figure 7 inches wide, and its axes."""
    figure = Figure(figsize=(7.0, height * rows))
    return figure, figure.subplots(rows, columns, **options)


def look(number: int, *, marker: bool = False, **more: Any) -> dict[str, Any]:
    """Colour and line of the curve with this number, and its marker on request."""
    style = LOOKS[number % len(LOOKS)] | more
    return style if marker else {key: style[key] for key in style if key != "marker"}


def optimizer_look(name: str, *, marker: bool = False) -> dict[str, Any]:
    """Colour and line of an optimizer, with its `label`; "Adam at 0.01" looks like "Adam"."""
    number = OPTIMIZERS[name if name in OPTIMIZERS else name.partition(" at ")[0]]
    return look(number, marker=marker, label=name)


def band(
    axes: Any,
    curves: Values,
    style: dict[str, Any],
    x: Sequence[float] | npt.NDArray[Any] | None = None,
) -> None:
    """Draw the mean of curves, one per seed, in a band from the lowest to the highest.

    `x`, by default the epochs from 1, is as long as the longest curve; a curve that ended early
    counts as far as it goes.
    """
    length = max(map(len, curves))
    x = np.arange(1, length + 1) if x is None else x
    length = min(len(x), length)
    table = np.full((len(curves), length), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: min(len(curve), length)] = curve[:length]
    axes.plot(x[:length], np.nanmean(table, axis=0), **style)
    if len(curves) > 1:
        low, high = np.nanmin(table, axis=0), np.nanmax(table, axis=0)
        axes.fill_between(x[:length], low, high, color=style["color"], alpha=0.18, linewidth=0)


def ranges(axes: Any, x: Sequence[float], values: Values, **options: Any) -> None:
    """Draw the mean over seeds at each place, with bars from the lowest to the highest."""
    means = np.array([np.mean(seeds) for seeds in values])
    low, high = (np.array(list(map(end, values))) for end in (min, max))
    axes.errorbar(x, means, (means - low, high - means), capsize=3, **options)


def second_scale(axes: Any, x: Sequence[float], values: Sequence[float], label: str) -> None:
    """Draw a dashed line with its own scale on the right."""
    right = axes.twinx()
    right.plot(x, values, color=VERMILION, linestyle="--", marker="s")
    right.set(ylabel=label, ylim=(0, None))
    right.yaxis.label.set_color(VERMILION)
    right.spines["right"].set_visible(True)
    right.grid(visible=False)


def plain_ticks(axis: Any, values: Sequence[float]) -> None:
    """Ticks at these values, written as they are."""
    axis.set_ticks(list(values), [f"{value:g}" for value in values])
    axis.set_minor_locator(NullLocator())


def log_ticks(axes: Any, label: str) -> None:
    """A logarithmic y axis with round values written as they are."""
    axes.set(yscale="log", ylabel=label)
    low, high = axes.get_ylim()
    powers = 10.0 ** np.arange(-3, 7)
    for steps in FINENESS:
        shown = [step * power for power in powers for step in steps if low <= step * power <= high]
        if len(shown) >= 4:
            break
    plain_ticks(axes.yaxis, shown)


def epoch_axis(axes: Any) -> None:
    """An x axis of whole epochs."""
    axes.set_xlabel("epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
