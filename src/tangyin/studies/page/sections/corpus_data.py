"""The part on the corpus, and on what more of it would bring."""

from itertools import pairwise
from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Heading, Limits, Table, Text
from tangyin.studies.page.style import BLUE, GREY, VERMILION, log_ticks, panels, plain_ticks
from tangyin.studies.page.words import (
    change,
    conditions,
    listed,
    mean_and_range,
    share,
    span_of,
)

DYNASTIES = {"tang": "Tang 唐", "song": "Song 宋"}


REPORTED = "15,000"
"""So many poems the report says it has."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and tables."""
    settings, corpus, learning = results["settings"], results["corpus"], results["learning"]
    statistics, zipf, authors = corpus["statistics"], corpus["zipf"], corpus["authors"]
    tang, song = statistics["poems"]["tang"], statistics["poems"]["song"]
    dropped = statistics["dropped"]
    first, last = learning[0], learning[-1]
    gain = _gain(learning)
    ten = next(line for line in corpus["thresholds"] if line["threshold"] == 10)
    low, high = zipf["fitted"]
    how = f"The whole corpus. {conditions({'quick': settings['quick']}, 'data')}"
    steps = [
        f"{change(float(np.mean(more['best'])) / float(np.mean(fewer['best'])))} "
        f"({fewer['poems']:,} to {more['poems']:,})"
        for fewer, more in pairwise(learning)
    ]
    reasons = sorted(
        {why for found in dropped.values() for why in found},
        key=lambda why: -sum(found.get(why, 0) for found in dropped.values()),
    )
    return [
        Claim(
            "",
            f"**{'More poems help' if gain < 1 else 'More poems do not help'}.** With "
            f"{first['poems']:,} training poems the report's network reaches "
            f"{mean_and_range(first['best'])}, with {last['poems']:,} "
            f"{mean_and_range(last['best'])}; there are {tang['all']['五律']:,} distinct 五律 of "
            f"the Tang, where the report speaks of {REPORTED}.",
            f"× {gain:.2f} a doubling",
        ),
        Finding(
            f"With {first['poems']:,} training poems the report's network reaches "
            f"{mean_and_range(first['best'])}, with {last['poems']:,} "
            f"{mean_and_range(last['best'])}: each doubling multiplies its best dev perplexity by "
            f"{gain:.2f}, fitted over all of them."
        ),
        Heading("Poems and forms"),
        Text(
            f"Of {statistics['records']['tang']:,} Tang and {statistics['records']['song']:,} Song "
            f"records {tang['all']['all']:,} and {song['all']['all']:,} are distinct poems in the "
            "four forms. Dropped for standing twice were "
            + listed(
                f"{sum(n for why, n in found.items() if why.startswith('duplicate')):,} "
                f"({DYNASTIES[dynasty]})"
                for dynasty, found in dropped.items()
            )
            + f"; {corpus['near']:,} more Tang poems are near-duplicates of held-out ones, and are "
            "not trained on."
        ),
        Figure(
            "data-forms",
            "Poems by form (left), and lines by the number of their characters (right), in both "
            f"dynasties, in thousands. {how}",
            "Poems of the Tang: "
            + listed(f"{form} {number:,}" for form, number in corpus["form_poems"]["tang"].items())
            + "; of the Song: "
            + listed(f"{form} {number:,}" for form, number in corpus["form_poems"]["song"].items())
            + ".",
            lambda: _draw_forms(corpus),
        ),
        Table(
            f"Poems of the Tang by part of the split; *near* are the near-duplicates. {how}",
            ("part", "all", *corpus["form_poems"]["tang"]),
            [
                (part, *(f"{counts[form]:,}" for form in ("all", *corpus["form_poems"]["tang"])))
                for part, counts in tang.items()
            ],
        ),
        Table(
            "Records that were left out, by the first reason that applies; *duplicate of tang* are "
            f"Song records of poems that the Tang has. {how}",
            ("reason", *(DYNASTIES[dynasty] for dynasty in dropped)),
            [
                (why.replace("_", " "), *(f"{found.get(why, 0):,}" for found in dropped.values()))
                for why in reasons
            ],
        ),
        Heading("Characters"),
        Text(
            f"The Tang poems of the four forms have {zipf['running']:,} running characters and "
            f"{zipf['characters']:,} different ones. Frequency falls with rank to the power of "
            f"{zipf['exponent']:.2f} between ranks {low} and {high:,}, where Zipf's law has 1; "
            f"above rank {low} it falls with {_slope(zipf, 1, low):.2f}, below rank {high:,} with "
            f"{_slope(zipf, high, zipf['characters']):.2f}. The report's threshold of 10 knows "
            f"{ten['known']:,} characters of the training 五律 and leaves "
            f"{share(ten['unknown'], 2)} of the dev characters unknown."
        ),
        Figure(
            "data-zipf",
            f"Occurrences of a character against its rank in the Tang poems of the four forms, "
            f"with the line fitted from rank {low} to {high:,} and the {len(zipf['top'])} "
            f"commonest characters (left). Characters known (solid, left scale), and share of dev "
            f"characters unknown (dashed, right scale), against the least number of occurrences in "
            f"the training 五律 (right). {how}",
            f"Occurrences fall from {zipf['count'][0]:,} at rank 1 to {zipf['count'][-1]:,} at the "
            "last. Known at thresholds: "
            + listed(f"{ln['threshold']}: {ln['known']:,}" for ln in corpus["thresholds"])
            + ".",
            lambda: _draw_zipf(corpus),
        ),
        Heading("Authors"),
        Text(
            f"{authors['count']:,} names stand above the Tang poems; the busiest tenth wrote "
            f"{share(authors['share_of_busiest_tenth'], 0)} of them, and "
            f"{authors['with_one_poem']:,} have one poem each. The busiest are "
            + listed(f"{name} ({number:,})" for name, number in authors["top"][:8])
            + "."
        ),
        Heading("Would more poems help?"),
        Figure(
            "data-learning",
            "Best open dev perplexity of the report's network against the number of training 五律: "
            "one in eight, in four, in two, and all. A character is known from the same number of "
            "occurrences on in each, so that fewer poems also know fewer characters. "
            + conditions(settings, "data", bars=True),
            "; ".join(f"{ln['poems']:,} poems: {np.mean(ln['best']):.1f}" for ln in learning) + ".",
            lambda: _draw_learning(learning),
        ),
        Text(f"From one point to the next the best dev perplexity changes by {listed(steps)}."),
        Table(
            "Learning curve. " + conditions(settings, "data", band=False),
            ("poems", "best dev perplexity", "closed", "best epoch"),
            [
                (
                    f"{line['poems']:,}",
                    mean_and_range(line["best"]),
                    mean_and_range(line["best_closed"]),
                    span_of(line["best_epoch"]),
                )
                for line in learning
            ],
            words=(),
        ),
        Limits(
            "The learning curve is of one form, one size of network and one rate; a larger network "
            "would make more of more poems. It ends where the Tang does, and a line fitted to four "
            "points says little beyond them. Names of authors are as the collection has them: one "
            "name may be two people, and anonymous poems count under what stands there."
        ),
    ]  # fmt: skip


def _slope(zipf: dict[str, Any], low: int, high: int) -> float:
    """By what power of the rank frequency falls between two ranks, fitted to what is recorded."""
    ranks, counts = np.array(zipf["rank"]), np.array(zipf["count"])
    inside = (ranks >= low) & (ranks <= high)
    return -float(np.polyfit(np.log(ranks[inside]), np.log(counts[inside]), 1)[0])


def _gain(learning: list[dict[str, Any]]) -> float:
    """By what factor perplexity changes when the poems double, fitted over all of them."""
    poems = np.log2([line["poems"] for line in learning])
    figures = np.log([np.mean(line["best"]) for line in learning])
    return float(np.exp(np.polyfit(poems, figures, 1)[0]))


def _draw_forms(corpus: dict[str, Any]) -> Any:
    figure, (left, right) = panels(2, height=3.0)
    for axes, table, label in (
        (left, corpus["form_poems"], "poems, thousands"),
        (right, corpus["line_lengths"], "lines, thousands"),
    ):
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
    right.set_xlabel("characters of a line")
    left.set_xlabel("form")
    left.legend(loc="upper left")
    return figure


def _draw_zipf(corpus: dict[str, Any]) -> Any:
    zipf, thresholds = corpus["zipf"], corpus["thresholds"]
    figure, (left, right) = panels(2, height=3.9)
    ranks, counts = np.array(zipf["rank"]), np.array(zipf["count"])
    left.plot(ranks, counts, color=BLUE)
    low, high = zipf["fitted"]
    inside = (ranks >= low) & (ranks <= high)
    level = np.exp(np.mean(np.log(counts[inside]) + zipf["exponent"] * np.log(ranks[inside])))
    ends = np.array([low / 2, 2 * high])
    left.plot(ends, level * ends ** -zipf["exponent"], color=VERMILION, linestyle="--")
    left.annotate(
        f"$r^{{-{zipf['exponent']:.2f}}}$",
        (ends[1], level * ends[1] ** -zipf["exponent"]),
        (4, 4),
        textcoords="offset points",
        color=VERMILION,
    )
    top = "".join(character for character, _ in zipf["top"])
    rows = [top[at : at + 8] for at in range(0, len(top), 8)]
    left.text(0.04, 0.05, "\n".join(rows), transform=left.transAxes, fontsize=11)
    left.set(xscale="log", yscale="log", xlabel="rank of the character", ylabel="occurrences")
    x = [line["threshold"] for line in thresholds]
    right.plot(x, [line["known"] for line in thresholds], color=BLUE, marker="o")
    right.set(xscale="log", xlabel="least occurrences", ylabel="characters known", ylim=(0, None))
    right.yaxis.label.set_color(BLUE)
    plain_ticks(right.xaxis, x)
    unknown = right.twinx()
    unknown.plot(
        x, [100 * line["unknown"] for line in thresholds], color=VERMILION, linestyle="--",
        marker="s",
    )  # fmt: skip
    unknown.set(ylabel="dev characters unknown, %", ylim=(0, None))
    unknown.yaxis.label.set_color(VERMILION)
    unknown.spines["right"].set_visible(True)
    unknown.grid(visible=False)
    return figure


def _draw_learning(learning: list[dict[str, Any]]) -> Any:
    figure, axes = panels(height=3.2)
    poems = [line["poems"] for line in learning]
    means = np.array([np.mean(line["best"]) for line in learning])
    low = np.array([min(line["best"]) for line in learning])
    high = np.array([max(line["best"]) for line in learning])
    axes.errorbar(poems, means, (means - low, high - means), color=BLUE, marker="o", capsize=3)
    for at, value in zip(poems, means, strict=True):
        axes.annotate(f"{value:.0f}", (at, value), (6, 5), textcoords="offset points", fontsize=8)
    gain = _gain(learning)
    fitted = means.mean() * gain ** (np.log2(poems) - np.log2(poems).mean())
    axes.plot(poems, fitted, color=GREY, linestyle=":", label=f"× {gain:.2f} a doubling")
    axes.set(xscale="log", xlabel="training poems")
    plain_ticks(axes.xaxis, poems)
    axes.margins(y=0.15)
    log_ticks(axes, "best dev perplexity per token")
    axes.legend()
    return figure
