"""The figure of the part on ingredients."""

from typing import Any

from tangyin.studies.filters import mean
from tangyin.studies.ingredients.run import KINDS
from tangyin.studies.style import GREY, look, panels

LABELS = {"titles never told": "titles never given"}
"""How variants are called on the page where their name in the results is another."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The variants from the best on, and which of them are outside the seeds of the proxy."""
    closed = results["proxy"]["closed"]
    variants = sorted(results["variants"], key=lambda line: float(line["closed"][0]))
    return {
        "start": mean(closed),
        "variants": variants,
        "better": [line for line in variants if line["closed"][0] < min(closed)],
        "worse": [line for line in reversed(variants) if line["closed"][0] > max(closed)],
        "kinds": KINDS,
        "labels": LABELS,
    }


def ingredients(results: dict[str, Any]) -> Any:
    """The perplexity of each variant beside the proxy's."""
    closed, lines = results["proxy"]["closed"], facts(results)["variants"]
    figure, axes = panels(height=0.8 + 0.24 * len(lines))
    axes.axvspan(min(closed), max(closed), color=GREY, alpha=0.3, linewidth=0)
    axes.axvline(mean(closed), color=GREY)
    for number, (kind, label) in enumerate(KINDS.items()):
        rows = [row for row, line in enumerate(lines) if line["kind"] == kind]
        values = [lines[row]["closed"][0] for row in rows]
        axes.plot(values, rows, **look(number, marker=True, linestyle="none", label=label))
    axes.set_yticks(range(len(lines)), [LABELS.get(line["name"], line["name"]) for line in lines])
    axes.invert_yaxis()
    axes.set(xlabel="dev perplexity per token, closed")
    axes.legend(loc="lower right")
    return figure
