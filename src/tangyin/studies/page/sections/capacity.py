"""The part on capacity."""

from itertools import pairwise
from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Limits, Table, Text
from tangyin.studies.page.style import BLUE, VERMILION, panels, plain_ticks
from tangyin.studies.page.words import apart, change, conditions, listed, mean_and_range, span_of

NAMES = {"hidden_size": "hidden size", "embedding_size": "embedding size"}
MATTERS = 1.05
"""A size matters when it moves perplexity by more than a twentieth."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figure and tables."""
    settings = results["settings"]
    hidden, embedding = results["hidden_size"], results["embedding_size"]
    low, high = _common(hidden, embedding)
    moved = {
        name: _mean(_of(results[name], low)) / _mean(_of(results[name], high)) for name in NAMES
    }
    clear = apart(_of(hidden, high)["best"], _of(hidden, low)["best"])
    best = min((*hidden, *embedding), key=_mean)
    kind = "hidden units" if best in hidden else "numbers of embedding"
    own = next((n for n in hidden if n["size"] == settings["hidden_size"]), hidden[-1])
    least, most = hidden[0], hidden[-1]
    verdict = "Holds" if clear and moved["hidden_size"] > MATTERS else "Does not hold here"
    more = moved["hidden_size"] > moved["embedding_size"]
    unfinished = [
        f"{NAMES[name]} {listed(map(str, falling))}"
        for name in NAMES
        if (
            falling := [
                line["size"]
                for line in results[name]
                if max(line["best_epoch"]) == settings["epochs"]
            ]
        )
    ]
    steps = [
        f"{change(_mean(after) / _mean(before))} from {before['size']} to {after['size']}"
        for before, after in pairwise(hidden)
    ]
    return [
        Claim(
            "Hidden size really matters.",
            f"**{verdict}.** From {least['size']} to {most['size']} units the best dev perplexity "
            f"goes from {mean_and_range(least['best'])} to {mean_and_range(most['best'])}; between "
            f"{low} and {high} hidden size moves it by a factor of {moved['hidden_size']:.2f}, "
            f"embedding size by {moved['embedding_size']:.2f}.",
            f"{_mean(least):.1f} → {_mean(most):.1f}",
        ),
        Finding(
            f"From {least['size']} to {most['size']} hidden units the best dev perplexity within "
            f"{settings['epochs']} epochs goes from {mean_and_range(least['best'])} to "
            f"{mean_and_range(most['best'])}. Between {low} and {high}, where both were tried, "
            f"hidden size moves it by a factor of {moved['hidden_size']:.2f} and embedding size by "
            f"{moved['embedding_size']:.2f}: hidden size matters "
            f"{'more' if more else 'no more than that'}. The best of these networks has "
            f"{best['size']} {kind} ({mean_and_range(best['best'])})."
        ),
        Text(
            "The report writes that hidden size *really matters*. One size is varied at a time "
            f"around its network, at its own rate ({settings['learning_rate']:g}), for "
            f"{settings['epochs']} epochs; the figure is the lowest dev perplexity of these. Every "
            f"doubling of the hidden size changes it by {listed(steps)}. {most['size']} units cost "
            f"{_seconds(most) / _seconds(own):.1f} times the time of {own['size']}, and reach "
            f"their best after epoch {span_of(most['best_epoch'])}."
        ),
        Figure(
            "capacity",
            "Best open dev perplexity (solid, left scale) and seconds of pure training an epoch "
            "(dashed, right scale; the least of the seeds) against size. "
            + conditions(settings, "capacity", bars=True),
            "; ".join(
                f"{NAMES[name]}: "
                + listed(f"{line['size']} gives {_mean(line):.1f}" for line in results[name])
                for name in NAMES
            )
            + ".",
            lambda: _draw(results),
        ),
        *(
            Table(
                f"By {NAMES[name]}; seconds are the least of the seeds. "
                + conditions(settings, "capacity", band=False),
                (NAMES[name], "parameters", "best dev perplexity", "best epoch",
                 "training perplexity at the end", "seconds an epoch"),
                [
                    (
                        str(line["size"]),
                        f"{line['parameters']:,}",
                        mean_and_range(line["best"]),
                        span_of(line["best_epoch"]),
                        mean_and_range(line["train"]),
                        f"{_seconds(line):.1f}",
                    )
                    for line in results[name]
                ],
                words=(),
            )
            for name in NAMES
        ),
        Limits(
            f"{settings['epochs']} epochs at one rate that was found for {own['size']} units: a "
            "larger network may want a smaller rate, a small one more epochs"
            + (
                f" (on some seed still falling in the last: {'; '.join(unfinished)}). "
                if unfinished
                else ". "
            )
            + "No dropout holds the large ones back from overfitting. So the curve says what size "
            "does to the report's training, not what the best network of each size would reach."
        ),
    ]  # fmt: skip


def _common(hidden: list[dict[str, Any]], embedding: list[dict[str, Any]]) -> tuple[int, int]:
    """The least and the largest size that both were tried at."""
    both = {line["size"] for line in hidden} & {line["size"] for line in embedding}
    return min(both), max(both)


def _of(lines: list[dict[str, Any]], size: int) -> dict[str, Any]:
    return next(line for line in lines if line["size"] == size)


def _mean(line: dict[str, Any]) -> float:
    return float(np.mean(line["best"]))


def _seconds(line: dict[str, Any]) -> float:
    """Of an epoch, the least of the seeds: whatever else ran on the machine only adds."""
    return float(min(line["seconds"]))


def _draw(results: dict[str, Any]) -> Any:
    figure, both = panels(2, height=3.4, sharey=True)
    for axes, name in zip(both, NAMES, strict=True):
        lines = results[name]
        sizes = [line["size"] for line in lines]
        means = np.array([_mean(line) for line in lines])
        low = np.array([min(line["best"]) for line in lines])
        high = np.array([max(line["best"]) for line in lines])
        axes.errorbar(
            sizes, means, (means - low, high - means), color=BLUE, marker="o", capsize=3, zorder=3
        )
        axes.set(xscale="log", xlabel=NAMES[name])
        plain_ticks(axes.xaxis, sizes)
        time = axes.twinx()
        time.plot(sizes, list(map(_seconds, lines)), color=VERMILION, linestyle="--", marker="s")
        time.set(ylabel="seconds an epoch", ylim=(0, None))
        time.yaxis.label.set_color(VERMILION)
        time.spines["right"].set_visible(True)
        time.grid(visible=False)
    both[0].set_ylabel("best dev perplexity per token", color=BLUE)
    return figure
