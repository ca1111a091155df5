"""The corpus in numbers, and the effect of more poems."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from tangyin.corpus import DEV, NEAR, TRAIN, Corpus, corpus_statistics, load_corpus
from tangyin.studies.filters import mean
from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
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
from tangyin.studies.training_cache import Job, TrainingCache, rounded
from tangyin.verse import FORMS, WULV, is_hanzi

SHARES = ((8, 16), (4, 12), (2, 10))
"""One poem in so many, and at most so many epochs: fewer poems take more epochs to overfit."""
PATIENCE = 4
THRESHOLDS = (1, 2, 3, 5, 10, 20, 50, 100)
RANKS = 60
"""Points of the curve of frequencies, spread evenly over the logarithm of the rank."""
FITTED = (10, 1000)
"""Ranks between which Zipf's exponent is fitted."""
TOP = 24
AUTHORS = 15


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Describe the corpus, and train on an eighth, a quarter, a half and all of the 五律."""
    base = Base.of(cache, quick)
    texts = base.texts
    dev = load_corpus().select(forms=[WULV], dynasties=["tang"], parts=[DEV]).text
    dev = dev[:: len(dev) // base.dev][: base.dev]
    plans: dict[int, list[Job]] = {}
    for share, most in SHARES[-2:] if quick else SHARES:
        changes = {"training.epochs": 2 if quick else most, "training.patience": PATIENCE}
        plans[share] = replace(base, own=cache.poem_file(texts[::share], dev)).jobs(changes)
    plans[1] = base.long_jobs()
    records = {"records": load_corpus().facts["records"]}
    described = cache.compute("corpus", records, _described)

    def line(share: int, jobs: list[Job]) -> dict[str, Any]:
        trained = cache.train_all(jobs, f"1/{share} of the poems")
        return {
            "share": share,
            "poems": len(texts[::share]),
            "best": rounded(training.best_dev() for training in trained),
            "best_closed": rounded(t.best_dev("per_token_closed") for t in trained),
            "best_epoch": [training.best_epoch for training in trained],
        }

    learning = [line(share, jobs) for share, jobs in plans.items()]
    return {"settings": base.settings(), "corpus": described, "learning": learning}


def _described() -> dict[str, Any]:
    """The corpus in numbers; `zipf`, `thresholds` and `authors` are of the Tang."""
    everything = load_corpus().select(forms=FORMS)
    dynasties = {d: everything.select(dynasties=[d]) for d in dict.fromkeys(everything.dynasty)}
    tang = dynasties["tang"]
    counts = _characters(tang)
    sizes = np.array([number for _, number in counts.most_common()], dtype=np.float64)
    ranks = np.unique(np.geomspace(1, len(sizes), RANKS).astype(int))
    low, high = FITTED
    slope, _ = np.polyfit(np.log(np.arange(low, high + 1)), np.log(sizes[low - 1 : high]), 1)
    return {
        "statistics": corpus_statistics(everything),
        "form_poems": {name: _by_form(poems) for name, poems in dynasties.items()},
        "line_lengths": {name: _by_length(poems) for name, poems in dynasties.items()},
        "near": len(tang.select(parts=[NEAR])),
        "zipf": {
            "rank": ranks.tolist(),
            "count": [int(sizes[rank - 1]) for rank in ranks],
            "characters": len(sizes),
            "running": int(sizes.sum()),
            "exponent": -float(slope),
            "fitted": list(FITTED),
            "top": [list(pair) for pair in counts.most_common(TOP)],
        },
        "thresholds": _thresholds(tang.select(forms=[WULV])),
        "authors": _authors(tang),
    }


def _by_form(corpus: Corpus) -> dict[str, int]:
    return {form.name: corpus.form.count(form.name) for form in FORMS}


def _by_length(corpus: Corpus) -> dict[str, int]:
    """Lines by the number of their characters."""
    lengths = Counter(len(line) for lines in corpus.lines() for line in lines)
    return {str(length): lengths[length] for length in sorted(lengths)}


def _thresholds(corpus: Corpus) -> list[dict[str, Any]]:
    """The characters known from training, and the share of unknown ones in dev."""
    counts, dev = (_characters(corpus.select(parts=[part])) for part in (TRAIN, DEV))
    lines = []
    for threshold in THRESHOLDS:
        known = {character for character, number in counts.items() if number >= threshold}
        unknown = sum(n for character, n in dev.items() if character not in known) / dev.total()
        lines.append({"threshold": threshold, "known": len(known), "unknown": unknown})
    return lines


def _characters(corpus: Corpus) -> Counter[str]:
    return Counter(filter(is_hanzi, "".join(corpus.text)))


def _authors(corpus: Corpus) -> dict[str, Any]:
    counted = Counter(corpus.author).most_common()
    tenth = counted[: max(len(counted) // 10, 1)]
    return {
        "count": len(counted),
        "top": [list(pair) for pair in counted[:AUTHORS]],
        "share_of_busiest_tenth": sum(n for _, n in tenth) / len(corpus),
        "with_one_poem": sum(n == 1 for _, n in counted),
    }


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


STUDY = Study(
    title="語料 Data",
    question="What does the corpus look like, and would more of it help?",
    minutes=4,
    sizes="learning curves at 1/8, 1/4 and 1/2, 3 seeds",
    run=run,
    order=100,
)
