"""The part on the corpus, and on what more of it would bring."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import BLUE, GREY, VERMILION, log_ticks, panels, plain_ticks
from tangyin.studies.page.words import conditions, listed, mean_and_range, share, span_of

DYNASTIES = {"tang": "Tang 唐", "song": "Song 宋"}


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and tables."""
    settings, corpus, learning = results["settings"], results["corpus"], results["learning"]
    statistics, zipf, authors = corpus["statistics"], corpus["zipf"], corpus["authors"]
    tang = statistics["poems"]["tang"]
    dropped = statistics["dropped"]
    first, last = learning[0], learning[-1]
    gain = _gain(learning)
    ten = next(line for line in corpus["thresholds"] if line["threshold"] == 10)
    low, high = zipf["fitted"]
    how = conditions({"quick": settings["quick"]}, "data", band=False)
    return [
        Finding(
            f"With {first['poems']:,} training poems the report's network reaches "
            f"{mean_and_range(first['best'])}, with {last['poems']:,} "
            f"{mean_and_range(last['best'])}: "
            f"each doubling multiplies its best dev perplexity by {gain:.2f}."
        ),
        Text(
            f"Of {statistics['records']['tang']:,} Tang and {statistics['records']['song']:,} Song "
            f"records {tang['all']['all']:,} and {statistics['poems']['song']['all']['all']:,} are "
            "distinct poems in the four forms. Dropped for standing twice were "
            + listed(
                f"{sum(n for why, n in reasons.items() if why.startswith('duplicate')):,} "
                f"({DYNASTIES[dynasty]})"
                for dynasty, reasons in dropped.items()
            )
            + f"; {corpus['near']:,} more Tang poems are near-duplicates of held-out ones, and are "
            "not trained on."
        ),
        Figure(
            "data-forms",
            f"Poems by form, and lines by their length, in both dynasties. {how}",
            "Bars of the four forms for Tang and Song.",
            lambda: _draw_forms(corpus),
        ),
        Text(
            f"**Characters.** The Tang poems of the four forms have {zipf['running']:,} running "
            f"characters and {zipf['characters']:,} different ones. Frequency falls with rank to "
            f"the power of {zipf['exponent']:.2f} between ranks {low} and {high:,} (Zipf's law has "
            "1; single characters of Chinese fall slower at first and faster at the end). The "
            f"report's threshold of 10 knows {ten['known']:,} characters of the training 五律 and "
            f"leaves {share(ten['unknown'], 2)} of the dev characters unknown."
        ),
        Figure(
            "data-zipf",
            f"Frequency against rank, with the fitted line and the {len(zipf['top'])} commonest "
            f"characters (left); characters known, and share of dev characters unknown, against "
            f"the threshold (right). {how}",
            "A curve that bends downwards on logarithmic scales.",
            lambda: _draw_zipf(corpus),
        ),
        Text(
            f"**Authors.** {authors['count']:,} names stand above the Tang poems; the busiest "
            f"tenth wrote {share(authors['share_of_busiest_tenth'], 0)} of them, and "
            f"{authors['with_one_poem']:,} have one poem each. The busiest are "
            + listed(f"{name} ({number:,})" for name, number in authors["top"][:8])
            + "."
        ),
        Figure(
            "data-learning",
            "Best open dev perplexity of the report's network against the number of training "
            "五律; an eighth, a quarter, a half and all. A character is known from "
            "10 occurrences on in each. " + conditions(settings, "data"),
            "A line that falls with the number of poems.",
            lambda: _draw_learning(learning),
        ),
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
        Table(
            f"Poems of the Tang by part. {how}",
            ("part", "all", *corpus["form_poems"]["tang"]),
            [
                (part, *(f"{counts[form]:,}" for form in ("all", *corpus["form_poems"]["tang"])))
                for part, counts in tang.items()
            ],
        ),
    ]  # fmt: skip


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
