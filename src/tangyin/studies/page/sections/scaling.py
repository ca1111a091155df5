"""The part on how perplexity falls with size, poems and passes."""

import math
from typing import Any

from matplotlib.ticker import NullFormatter

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Limits, Table, Text
from tangyin.studies.page.style import BLUE, GREY, log_ticks, panels
from tangyin.studies.page.words import conditions

AXES = {
    "size": ("hidden units", "parameters"),
    "poems": ("training poems", "training poems"),
    "passes": ("passes over the poems", "seconds of training"),
}

FAR = 1e12
"""Nobody will have so many parameters or poems."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figure and table."""
    settings = results["settings"]
    size, poems, passes = results["size"], results["poems"], results["passes"]["lines"]
    first, last = size["lines"][0], size["lines"][-1]
    goal = settings["goal"]
    reached = min(line["closed"][0] for what in AXES for line in results[what]["lines"])
    return [
        Claim(
            "",
            f"From {first['parameters']:,} to {last['parameters']:,} parameters the closed dev "
            f"perplexity after one pass goes from {first['closed'][0]:.1f} to "
            f"{last['closed'][0]:.1f}; the lowest figure here is {reached:.1f}.",
            f"nats × {_doubling(size):.3f} a doubling",
        ),
        Finding(
            f"From {first['parameters']:,} to {last['parameters']:,} parameters the closed dev "
            f"perplexity after one pass goes from {first['closed'][0]:.1f} to "
            f"{last['closed'][0]:.1f}{_lowest(size['lines'])}; each doubling of the network "
            f"multiplies its nats by {_doubling(size):.3f}, each doubling of the poems by "
            f"{_doubling(poems):.3f}. {passes[-1]['x']} passes end at "
            f"{passes[-1]['closed'][0]:.1f} where one ends at {passes[0]['closed'][0]:.1f}."
        ),
        Text(
            "One thing grows at a time from the proxy, a narrow strong model on the 五律 of Tang "
            f"and Song. The lowest figure here is {reached:.1f}. "
            + " ".join(_reach(results, what) for what in ("size", "poems"))
            + " The lines are fitted to the logarithms of nats (Kaplan et al. 2020)."
        ),
        Figure(
            "scaling",
            "Closed dev perplexity against parameters (left) and training poems (middle), with the "
            "line fitted to log nats, and against the time that more passes take (right); the "
            f"dashed line is {goal:g}. One seed. " + conditions(settings, "scaling", band=False),
            "; ".join(
                f"by {AXES[what][1]} from {results[what]['lines'][0]['closed'][0]:.1f} to "
                f"{results[what]['lines'][-1]['closed'][0]:.1f}"
                for what in AXES
            )
            + ".",
            lambda: _draw(results),
        ),
        *(
            Table(
                f"By {AXES[what][0]}; one seed. " + conditions(settings, "scaling", band=False),
                (AXES[what][0], "parameters", "closed", "per Hanzi, closed", "open", "seconds"),
                [
                    (
                        f"{line['x']:,}",
                        f"{line['parameters']:,}",
                        f"{line['closed'][0]:.2f}",
                        f"{line['per_hanzi'][0]:.1f}",
                        f"{line['open'][0]:.2f}",
                        f"{line['seconds'][0]:.0f}",
                    )
                    for line in results[what]["lines"]
                ],
                words=(),
            )
            for what in AXES
        ),
        Limits(
            "One seed each; what seeds do to the proxy stands in the part on ingredients. The "
            "lines are to be read between the points; beyond them they promise too much, since no "
            "loss falls for ever. The rate was not found anew for each size."
        ),
    ]


def _lowest(lines: list[dict[str, Any]]) -> str:
    """Where the lowest figure stands, if not at the end."""
    best = min(lines, key=lambda line: float(line["closed"][0]))
    if best is lines[-1]:
        return ""
    return f", lowest at {best['parameters']:,} ({best['closed'][0]:.1f})"


def _doubling(found: dict[str, Any]) -> float:
    return float(2 ** found["law"]["exponent"])


def _reach(results: dict[str, Any], what: str) -> str:
    """What it would take to come to the goal by this alone."""
    goal, needed = results["settings"]["goal"], results[what]["law"]["at_goal"]
    word = AXES[what][1]
    if results[what]["law"]["exponent"] >= 0:
        return f"More {word} did not help."
    if needed > FAR:
        return f"By {word} alone the line never comes near {goal:g}."
    return f"By {word} alone the line comes to {goal:g} at {float(f'{needed:.2g}'):,.0f}."


def _draw(results: dict[str, Any]) -> Any:
    figure, several = panels(3, height=2.9, sharey=True)
    for axes, what in zip(several, AXES, strict=True):
        lines = results[what]["lines"]
        x = [_at(line, what) for line in lines]
        axes.plot(x, [ln["closed"][0] for ln in lines], color=BLUE, marker="o", linestyle="none")
        if what != "passes":
            law = results[what]["law"]
            axes.plot(x, [_law(law, value) for value in x], color=BLUE, linewidth=1)
        axes.axhline(results["settings"]["goal"], color=GREY, linestyle="--")
        axes.set(xscale="log", xlabel=AXES[what][1])
        axes.xaxis.set_minor_formatter(NullFormatter())
    log_ticks(several[0], "dev perplexity per token, closed")
    return figure


def _at(line: dict[str, Any], what: str) -> float:
    """Where a line stands on the axis."""
    return float({"size": line["parameters"], "poems": line["x"]}.get(what, line["seconds"][0]))


def _law(law: dict[str, float], x: float) -> float:
    return math.exp(law["factor"] * x ** law["exponent"])
