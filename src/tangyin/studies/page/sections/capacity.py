"""The part on capacity."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import BLUE, VERMILION, panels, plain_ticks
from tangyin.studies.page.words import conditions, mean_and_range, span_of

NAMES = {"hidden_size": "hidden size", "embedding_size": "embedding size"}


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figure and tables."""
    settings = results["settings"]
    hidden, embedding = results["hidden_size"], results["embedding_size"]
    span = {name: _span(results[name]) for name in NAMES}
    matters = span["hidden_size"] > span["embedding_size"]
    best = min(hidden, key=lambda line: float(np.mean(line["best"])))
    own = next((n for n in hidden if n["size"] == settings["hidden_size"]), hidden[-1])
    largest = hidden[-1]
    return [
        Finding(
            f"Hidden size {'matters most' if matters else 'matters less than the embedding'}: from "
            f"{hidden[0]['size']} to {hidden[-1]['size']} units the best dev perplexity moves by a "
            f"factor of {span['hidden_size']:.2f}, from {embedding[0]['size']} to "
            f"{embedding[-1]['size']} of the embedding by {span['embedding_size']:.2f}. The best "
            f"of these networks has {best['size']} hidden units ({mean_and_range(best['best'])})."
        ),
        Text(
            "The report writes that hidden size *really matters*. One size is varied at a "
            f"time around its network, at its own rate ({settings['learning_rate']:g}), for "
            f"{settings['epochs']} epochs; the figure is the lowest dev perplexity of these. "
            f"{largest['size']} units cost "
            f"{np.mean(largest['seconds']) / np.mean(own['seconds']):.1f} times the time of "
            f"{own['size']}, and reach their best after epoch {span_of(largest['best_epoch'])}."
        ),
        Figure(
            "capacity",
            "Best open dev perplexity (solid, left scale) and seconds of pure training an epoch "
            "(dashed, right scale). " + conditions(settings, "capacity"),
            "Perplexity falls with size and time grows.",
            lambda: _draw(results),
        ),
        *(
            Table(
                f"By {NAMES[name]}. " + conditions(settings, "capacity", band=False),
                (NAMES[name], "parameters", "best dev perplexity", "best epoch",
                 "training perplexity at the end", "seconds an epoch"),
                [
                    (
                        str(line["size"]),
                        f"{line['parameters']:,}",
                        mean_and_range(line["best"]),
                        span_of(line["best_epoch"]),
                        mean_and_range(line["train"]),
                        f"{np.mean(line['seconds']):.1f}",
                    )
                    for line in results[name]
                ],
                words=(),
            )
            for name in NAMES
        ),
    ]  # fmt: skip


def _span(lines: list[dict[str, Any]]) -> float:
    means = [float(np.mean(line["best"])) for line in lines]
    return max(means) / min(means)


def _draw(results: dict[str, Any]) -> Any:
    figure, both = panels(2, height=3.4)
    for axes, name in zip(both, NAMES, strict=True):
        lines = results[name]
        sizes = [line["size"] for line in lines]
        means = np.array([np.mean(line["best"]) for line in lines])
        low = np.array([min(line["best"]) for line in lines])
        high = np.array([max(line["best"]) for line in lines])
        axes.errorbar(
            sizes, means, (means - low, high - means), color=BLUE, marker="o", capsize=3, zorder=3
        )
        axes.set(xscale="log", xlabel=NAMES[name], ylabel="best dev perplexity per token")
        axes.yaxis.label.set_color(BLUE)
        plain_ticks(axes.xaxis, sizes)
        time = axes.twinx()
        time.plot(
            sizes, [np.mean(line["seconds"]) for line in lines],
            color=VERMILION, linestyle="--", marker="s",
        )  # fmt: skip
        time.set(ylabel="seconds an epoch", ylim=(0, None))
        time.yaxis.label.set_color(VERMILION)
        time.spines["right"].set_visible(True)
        time.grid(visible=False)
    return figure
