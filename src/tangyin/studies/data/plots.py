"""The figures of the part on data."""

from collections import Counter
from typing import Any

import numpy as np

from tangyin.studies.filters import mean
from tangyin.studies.style import (
    BLUE,
    GREY,
    VERMILION,
    log_ticks,
    panels,
    plain_ticks,
    ranges,
    second_scale,
)

DYNASTIES = {"tang": "Tang 唐", "song": "Song 宋"}


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """Slopes of the curves, and the reasons to leave records out, the most frequent first."""
    zipf, dropped = results["corpus"]["zipf"], results["corpus"]["statistics"]["dropped"]
    low, high = zipf["fitted"]
    totals = Counter[str]()
    for found in dropped.values():
        totals.update(found)
    return {
        "gain": _gain(results["learning"]),
        "slope_above": _slope(zipf, 1, low),
        "slope_below": _slope(zipf, high, zipf["characters"]),
        "reasons": [reason for reason, _ in totals.most_common()],
        "dynasties": DYNASTIES,
    }


def data_forms(results: dict[str, Any]) -> Any:
    """Poems by form, and lines by length."""
    figure, (left, right) = panels(2, height=3.0)
    kinds = {"form_poems": "poems, thousands", "line_lengths": "lines, thousands"}
    for axes, (kind, label) in zip((left, right), kinds.items(), strict=True):
        table = results["corpus"][kind]
        names = list(next(iter(table.values())))
        for number, (dynasty, counts) in enumerate(table.items()):
            places = np.arange(len(names)) + 0.4 * number - 0.2
            values = np.array([counts[name] for name in names]) / 1000
            bars = axes.bar(
                places, values, 0.38, label=DYNASTIES[dynasty], color=(BLUE, VERMILION)[number],
                hatch=("", "///")[number], edgecolor="#ffffff",
            )  # fmt: skip
            axes.bar_label(bars, fmt="%.0f", fontsize=8, padding=2)
        axes.set_xticks(range(len(names)), names)
        axes.set_ylabel(label)
        axes.grid(visible=False, axis="x")
    right.set_xlabel("characters in a line")
    left.set_xlabel("form")
    left.legend(loc="upper left")
    return figure


def data_zipf(results: dict[str, Any]) -> Any:
    """Frequency against rank, and what thresholds on the frequency leave."""
    figure, (left, right) = panels(2, height=3.9)
    _frequencies(left, results["corpus"]["zipf"])
    thresholds = results["corpus"]["thresholds"]
    x = [line["threshold"] for line in thresholds]
    right.plot(x, [line["known"] for line in thresholds], color=BLUE, marker="o")
    right.set(xscale="log", xlabel="least occurrences", ylabel="characters known", ylim=(0, None))
    right.yaxis.label.set_color(BLUE)
    plain_ticks(right.xaxis, x)
    shares = [100 * line["unknown"] for line in thresholds]
    second_scale(right, x, shares, "dev characters unknown, %")
    return figure


def data_learning(results: dict[str, Any]) -> Any:
    """Perplexity against the number of training poems."""
    figure, axes = panels(height=3.2)
    poems, best = ([line[key] for line in results["learning"]] for key in ("poems", "best"))
    means = np.array(list(map(mean, best)))
    ranges(axes, poems, best, color=BLUE, marker="o")
    for at, value in zip(poems, means, strict=True):
        axes.annotate(f"{value:.0f}", (at, value), (6, 5), textcoords="offset points", fontsize=8)
    gain = _gain(results["learning"])
    fitted = means.mean() * gain ** (np.log2(poems) - np.log2(poems).mean())
    axes.plot(poems, fitted, color=GREY, linestyle=":", label=f"× {gain:.2f} per doubling")
    axes.set(xscale="log", xlabel="training poems")
    plain_ticks(axes.xaxis, poems)
    axes.margins(y=0.15)
    log_ticks(axes, "best dev perplexity per token")
    axes.legend()
    return figure


def _frequencies(axes: Any, zipf: dict[str, Any]) -> None:
    """The curve of the frequencies, its fitted line, and the commonest characters."""
    axes.plot(zipf["rank"], zipf["count"], color=BLUE)
    low, high = zipf["fitted"]
    exponent = zipf["exponent"]
    ranks, counts = _logs(zipf, low, high)
    level = np.exp(np.mean(counts + exponent * ranks))
    ends = np.array([low / 2, 2 * high])
    line = level * ends**-exponent
    axes.plot(ends, line, color=VERMILION, linestyle="--")
    label = f"$r^{{-{exponent:.2f}}}$"
    axes.annotate(label, (ends[1], line[1]), (4, 4), textcoords="offset points", color=VERMILION)
    top = "".join(character for character, _ in zipf["top"])
    rows = [top[at : at + 8] for at in range(0, len(top), 8)]
    axes.text(0.04, 0.05, "\n".join(rows), transform=axes.transAxes, fontsize=11)
    axes.set(xscale="log", yscale="log", xlabel="rank of the character", ylabel="occurrences")


def _slope(zipf: dict[str, Any], low: int, high: int) -> float:
    """The power of the rank with which frequency falls between two ranks."""
    ranks, counts = _logs(zipf, low, high)
    return -float(np.polyfit(ranks, counts, 1)[0])


def _logs(zipf: dict[str, Any], low: int, high: int) -> Any:
    ranks, counts = np.array(zipf["rank"]), np.array(zipf["count"])
    inside = (ranks >= low) & (ranks <= high)
    return np.log(ranks[inside]), np.log(counts[inside])


def _gain(learning: list[dict[str, Any]]) -> float:
    """The factor by which perplexity changes when the poems double, fitted over all of them."""
    poems = np.log2([line["poems"] for line in learning])
    figures = np.log([mean(line["best"]) for line in learning])
    return float(np.exp(np.polyfit(poems, figures, 1)[0]))
