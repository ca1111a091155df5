"""The part on the ingredients of the strong model."""

from typing import Any

import numpy as np

from tangyin.studies.ingredients import KINDS
from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Limits, Table, Text
from tangyin.studies.page.style import GREY, LOOKS, panels
from tangyin.studies.page.words import change, conditions, listed, mean_and_range


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figure and table."""
    settings, proxy = results["settings"], results["proxy"]
    start, low, high = _range(proxy)
    lines = sorted(results["variants"], key=_closed)
    better = [line for line in lines if _closed(line) < low]
    worse = [line for line in reversed(lines) if _closed(line) > high]
    return [
        Claim(
            "",
            f"Of {len(lines)} changes to a narrow strong model {_counted(worse)} worse than its "
            f"worst seed, most of all {_named(worse[:3], start)}; {_counted(better)} better than "
            "its best.",
            f"proxy {start:.2f} (closed)",
        ),
        Finding(
            f"Of {len(lines)} changes to the proxy ({mean_and_range(proxy['closed'], 2)}) "
            f"{_counted(worse)} worse than its worst seed, most of all {_named(worse[:3], start)}"
            + (f"; better than its best seed {_are(better)} {_named(better, start)}." if better
               else "; none is better than its best seed.")
        ),
        Text(
            "The proxy is the strong model, but narrow "
            f"({settings['hidden_size']} hidden units, an embedding of "
            f"{settings['embedding_size']}), trained on every second of the Tang and Song 五律 for "
            f"one pass by Muon at a rate of {settings['rate']:g}. Each line changes one thing and "
            "has one seed; the grey band is what seeds alone do to the proxy."
        ),
        Figure(
            "ingredients",
            "Closed dev perplexity of the proxy with one thing changed; the line is the proxy's "
            "mean, the band its seeds. "
            + conditions(settings, "ingredients", band=False),
            "From the best: "
            + listed(f"{line['name']} {_closed(line):.1f}" for line in lines)
            + f"; the proxy {start:.1f}.",
            lambda: _draw(lines, (start, low, high)),
        ),
        Table(
            "All of them, from the best; change is that of the closed figure against the proxy's "
            "mean. " + conditions(settings, "ingredients", band=False),
            ("variant", "kind", "parameters", "closed", "change", "per Hanzi, closed", "open",
             "seconds"),
            [
                _row("the proxy itself", "", proxy, start),
                *(_row(line["name"], KINDS[line["kind"]], line, start) for line in lines),
            ],
            words=(0, 1),
        ),
        Limits(
            "Each change has one seed, so that what lies within the band is no difference, and "
            f"with {len(lines)} changes a few lie just outside it by chance. The rate was not "
            "found anew for each. A change that helps or hurts here need not do so at full size, "
            "where more poems are seen more often."
        ),
    ]  # fmt: skip


def _closed(line: dict[str, Any]) -> float:
    return float(line["closed"][0])


def _range(proxy: dict[str, Any]) -> tuple[float, float, float]:
    return float(np.mean(proxy["closed"])), min(proxy["closed"]), max(proxy["closed"])


def _are(lines: list[dict[str, Any]]) -> str:
    return "is" if len(lines) == 1 else "are"


def _counted(lines: list[dict[str, Any]]) -> str:
    return f"{len(lines) or 'none'} {_are(lines) if lines else 'is'}"


def _change(line: dict[str, Any], start: float) -> str:
    return change(float(np.mean(line["closed"])) / start, 1)


def _named(lines: list[dict[str, Any]], start: float) -> str:
    return listed(f"{line['name']} ({_change(line, start)})" for line in lines) if lines else "–"


def _row(name: str, kind: str, line: dict[str, Any], start: float) -> tuple[str, ...]:
    return (
        name,
        kind,
        f"{line['parameters']:,}",
        mean_and_range(line["closed"], 2),
        _change(line, start),
        mean_and_range(line["per_hanzi"]),
        mean_and_range(line["open"], 2),
        f"{np.mean(line['seconds']):.0f}",
    )


def _draw(lines: list[dict[str, Any]], band: tuple[float, float, float]) -> Any:
    start, low, high = band
    figure, axes = panels(height=0.8 + 0.24 * len(lines))
    axes.axvspan(low, high, color=GREY, alpha=0.3, linewidth=0)
    axes.axvline(start, color=GREY)
    kinds = list(KINDS)
    for kind, style in zip(kinds, LOOKS, strict=False):
        rows = [row for row, line in enumerate(lines) if line["kind"] == kind]
        axes.plot(
            [_closed(lines[row]) for row in rows],
            rows,
            linestyle="none",
            color=style["color"],
            marker=style["marker"],
            label=KINDS[kind],
        )
    axes.set_yticks(range(len(lines)), [line["name"] for line in lines])
    axes.invert_yaxis()
    axes.set(xlabel="dev perplexity per token, closed")
    axes.legend(loc="lower right")
    return figure
