"""The part on perplexity: curves, overfitting, and the way to 47."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Heading, Limits, Table, Text
from tangyin.studies.page.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    band,
    epoch_axis,
    log_ticks,
    panels,
)
from tangyin.studies.page.words import change, conditions, listed, mean_and_range, share, span_of

CLAIMED = 47.0
"""The development perplexity that the report gives."""
NEAR = 1.1
"""A figure is that of the report when it is no more than a tenth above it."""
RISE = 1.02
"""A network counts as overfitted from the epoch whose dev perplexity is so far above the best, and
that of no later epoch below."""
SLIGHT = 1.01
"""An effect that raises the figure less than this is none."""
PATIENCE = 3
"""Epochs without a better one after which early stopping ends: that of `configs/report.toml`."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figure and table."""
    settings, honest, report = results["settings"], results["honest"], results["report"]
    epochs, ways = settings["epochs"], settings["way_epochs"]
    best = [min(curve["dev"]) for curve in honest]
    closed = [curve["dev_closed"][curve["best_epoch"] - 1] for curve in honest]
    own = [curve["dev"][-1] for curve in report]
    own_token = [curve["dev_per_token"][-1] for curve in report]
    last = [curve["dev"][-1] for curve in honest]
    train = [curve["train"][-1] for curve in honest]
    when = span_of([curve["best_epoch"] for curve in honest])
    far = float(np.mean(closed)) / CLAIMED
    verdict = "Not on unseen poems" if far > NEAR else "About that, on unseen poems too"
    over = [epoch for curve in honest if (epoch := overfitted_from(curve["dev"]))]
    risen = float(np.mean(np.array(last) / np.array(best)))
    if len(over) == len(honest):
        does, says = "Not so", f"its dev perplexity is {RISE - 1:.0%} above its best, for good"
        says = f"from epoch {span_of(over)} on {says}"
    elif over:
        does = "Not so on every seed"
        says = f"with {len(over)} of {len(honest)} seeds it stays {RISE - 1:.0%} above its best"
    else:
        does, says = "Not refuted", f"within {epochs} epochs it does not turn up"
    return [
        Claim(
            f"Its dev perplexity is {CLAIMED:.0f}.",
            f"**{verdict}.** There the same network reaches {mean_and_range(closed)} closed, "
            f"{mean_and_range(best)} open. Counted in the report's way it shows "
            f"{mean_and_range(own)} after epoch {ways}.",
            f"{CLAIMED:.0f} → {np.mean(closed):.1f}",
        ),
        Claim(
            "15,000 poems are too many to overfit.",
            f"**{does}.** With {settings['train_poems']:,} training poems dev perplexity is lowest "
            f"after epoch {when}; {says}.",
            f"× {risen:.2f} by epoch {epochs}",
        ),
        Finding(
            f"On poems it has not seen, the report's network reaches a closed perplexity of "
            f"{mean_and_range(closed)}, {far:.1f} times the report's {CLAIMED:.0f}, and an open "
            f"one of {mean_and_range(best)}. Counted in the report's own way the same network "
            f"shows {mean_and_range(own)} after epoch {ways}. Its best is after epoch {when}; "
            f"{says}."
        ),
        Heading("Too many poems to overfit?"),
        Text(
            "The report says that 15,000 poems are too many to overfit. Here the network trains on "
            f"{settings['train_poems']:,}: {share(settings['train_poems'] / report[0]['poems'], 0)}"
            f" of the {report[0]['poems']:,} distinct ones, since dev, test and their "
            f"near-duplicates are kept apart. After epoch {epochs} its training perplexity is "
            f"{mean_and_range(train)} and its dev perplexity {mean_and_range(last)}, {risen:.2f} "
            f"times the best. Early stopping with the patience of {PATIENCE} ends after epoch "
            f"{_stops(honest)} and keeps the network of the best epoch."
        ),
        Text(
            f"In the report's way all {report[0]['poems']:,} poems are used and the 80/20 split is "
            f"redrawn every epoch. By epoch {ways}, {share(report[0]['share_seen'][-1], 0)} of its "
            f"dev poems have been trained on before, and its dev curve {_falls(report)}: what it "
            "measures is by then mostly how well the network knows poems it was shown."
        ),
        Figure(
            "perplexity",
            "Perplexity per token (open for dev and unseen poems; plain, as a mean of poems, for "
            "the report's) against epochs, both of the report's network. Crosses mark the best "
            f"epoch of each seed, bars where early stopping with a patience of {PATIENCE} ends; "
            f"the thin dashed line is the report's {CLAIMED:.0f}. "
            + conditions(settings, "perplexity"),
            f"Dev perplexity on unseen poems is lowest after epoch {when} and ends at "
            f"{np.mean(last):.0f}; training perplexity ends at {np.mean(train):.0f}; in the "
            f"report's way dev perplexity ends at {np.mean(own):.0f}.",
            lambda: _draw(results),
        ),
        *_effects(results),
        Limits(
            "The epoch from which the network overfits is that of this size at this rate. The "
            "report's own code and seeds were not at hand: its way is rebuilt from its "
            f"description, and that it comes to {np.mean(own):.1f} here ({np.mean(own_token):.1f} "
            f"as one exponential of the mean) and not to {CLAIMED:.0f} exactly may lie there. "
            "The effects do not add up: what each does depends on those before it, and the order "
            "of the table is a choice. The effects of the vocabulary and of the leak were measured "
            f"with {_seeds(results)}."
        ),
    ]


def overfitted_from(dev: list[float]) -> int | None:
    """The first epoch after the best from which on dev stays `RISE` above it; None if it never."""
    best = int(np.argmin(dev))
    above = [value >= RISE * dev[best] for value in dev]
    found = next((n for n in range(best + 1, len(dev)) if all(above[n:])), None)
    return None if found is None else found + 1


def stopped_after(dev: list[float]) -> int | None:
    """The epoch after which early stopping ends; None if it goes on."""
    best = 0
    for number, value in enumerate(dev):
        if value < dev[best]:
            best = number
        if number - best == PATIENCE:
            return number + 1
    return None


def _stops(honest: list[dict[str, Any]]) -> str:
    ends = [epoch for curve in honest if (epoch := stopped_after(curve["dev"]))]
    return span_of(ends) if ends else "none of these"


def _falls(report: list[dict[str, Any]]) -> str:
    """How the report's own curve goes."""
    rises = [
        sum(after > before for before, after in zip(c["dev"], c["dev"][1:], strict=False))
        for c in report
    ]
    if not any(rises):
        return "falls in every epoch of every seed, so that early stopping never sees a reason"
    return f"rises in {max(rises)} of {len(report[0]['dev'])} epochs at most"


def _seeds(results: dict[str, Any]) -> str:
    number = len(results["effects"]["leak"])
    return "one seed" if number == 1 else f"{number} seeds"


def _raised(names: list[str]) -> str:
    return (
        f"it is raised by {listed(f'the {name}' for name in names)}" if names else "none raises it"
    )


def _draw(results: dict[str, Any]) -> Any:
    honest, report = results["honest"], results["report"]
    figure, axes = panels(height=3.9)
    epochs = np.arange(1, len(honest[0]["dev"]) + 1)
    own = np.arange(1, len(report[0]["dev"]) + 1)
    for x, curves, style in (
        (epochs, [c["dev"] for c in honest], {"color": BLUE, "label": "dev, unseen poems"}),
        (own, [c["dev"] for c in report],
         {"color": VERMILION, "ls": "--", "label": "report's dev"}),
        (epochs, [c["train"] for c in honest], {"color": INK, "ls": ":", "label": "training"}),
    ):  # fmt: skip
        band(axes, x, curves, style)
    for number, curve in enumerate(honest):
        axes.plot(
            curve["best_epoch"], min(curve["dev"]), "x", color=BLUE, markersize=7,
            label="_" if number else "best epoch",
        )  # fmt: skip
        stop = stopped_after(curve["dev"])
        if stop:
            axes.plot(
                stop, curve["dev"][stop - 1], "|", color=BLUE, markersize=13, markeredgewidth=1.6,
                label="_" if number else "early stopping",
            )  # fmt: skip
    axes.axhline(CLAIMED, color=GREY, linewidth=0.9, linestyle=(0, (6, 3)))
    axes.annotate(
        f"the report's {CLAIMED:.0f}", (0.7, CLAIMED), (0, -3), textcoords="offset points",
        fontsize=8.5, va="top",
    )  # fmt: skip
    axes.set_xlim(0.5, None)
    log_ticks(axes, "perplexity per token")
    epoch_axis(axes)
    axes.legend(ncols=2)
    return figure


def _effects(results: dict[str, Any]) -> list[Block]:
    """How the honest figure becomes the report's, effect by effect."""
    effects, report = results["effects"], results["report"]
    counts, letters = effects["honest"], effects["characters"]
    start = np.array([count["open"]["per_token"] for count in counts])

    def of(figures: list[Any], way: str, figure: str = "per_token") -> list[float]:
        return [float(found[way][figure]) for found in figures]

    def ratio(values: list[float]) -> float:
        return float(np.mean(np.array(values) / start[: len(values)]))

    ways = results["settings"]["way_epochs"]
    own = [curve["dev"][-1] for curve in report]
    before = of(letters, "plain_without_first", "mean_of_poems")
    # For each effect what it does by itself, and what it does on top of those before it.
    steps = [
        (
            "unknown characters",
            "`<unk>` is a token like any other",
            of(counts, "plain"),
            of(counts, "plain"),
        ),
        (
            "vocabulary",
            "made of all poems, held-out ones too",
            of(letters, "open"),
            of(letters, "plain"),
        ),
        (
            "first character",
            "given, not predicted",
            of(counts, "open_without_first"),
            of(letters, "plain_without_first"),
        ),
        (
            "mean of means",
            "the mean of the poems' own perplexities",
            of(counts, "open", "mean_of_poems"),
            before,
        ),
        (
            "leak",
            f"the split redrawn every epoch, after epoch {ways}",
            [leak["per_token"] for leak in effects["leak"]],
            own,
        ),
    ]
    honest = mean_and_range(list(start))
    rows = [("the honest figure: open, per token, at the best epoch", honest, "", honest)]
    rows += [
        (f"*{name}*: {what}", mean_and_range(alone), change(ratio(alone)), mean_and_range(together))
        for name, what, alone, together in steps
    ]
    most = min(steps, key=lambda step: ratio(step[2]))
    up = [name for name, _, alone, _ in steps if ratio(alone) > SLIGHT]
    return [
        Heading("How one number becomes the other"),
        Text(
            "Each effect is measured by itself, the others left honest, and in the order of the "
            "table, each on top of those above it. The last line of the last column is the "
            "report's own protocol, whole, with the poems of the test part and the near-duplicates "
            f"in its pool too. By itself the {most[0]} lowers the figure most "
            f"({change(ratio(most[2]))}); "
            + f"{_raised(up)}. "
            + f"All but the leak together come to {mean_and_range(before)}."
        ),
        Table(
            "From the honest figure to the report's. Vocabulary and leak need trainings of their "
            f"own, with {_seeds(results)}; the other effects count the same networks in other "
            "ways. " + conditions(results["settings"], "perplexity", band=False),
            ("effect", "by itself", "change", "one after another"),
            rows,
        ),
    ]  # fmt: skip
