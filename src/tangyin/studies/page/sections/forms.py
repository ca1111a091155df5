"""The part on forms."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Heading, Limits, Table, Text
from tangyin.studies.page.style import band, epoch_axis, log_ticks, look, panels
from tangyin.studies.page.words import (
    change,
    conditions,
    interval,
    listed,
    mean_and_range,
    share,
    span_of,
)
from tangyin.verse import form_named

ALL, TOLD = "all", "all, told the form"
LEARNED = 0.9
"""Length counts as learned when it comes out right in nine texts of ten."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and table."""
    settings, kinds = results["settings"], results["kinds"]
    right = {kind: found["length"]["temperature 1"]["value"] for kind, found in kinds.items()}
    order = sorted(right, key=lambda kind: -right[kind])
    alone = [kind for kind in kinds if kind not in (ALL, TOLD)]
    easiest = sorted(alone, key=lambda kind: float(np.mean(kinds[kind]["best"])))
    tokens = {kind: form_named(kind).targets for kind in alone}
    by_length = sorted(alone, key=lambda kind: tokens[kind])
    short, long = by_length[0], by_length[-1]
    mixed, told = kinds[ALL], kinds[TOLD]
    apart_ = _together(kinds, alone)
    epochs = max(map(len, mixed["dev"]))
    turned = max(mixed["best_epoch"]) < min(map(len, mixed["dev"]))
    learned = [kind for kind in order if right[kind] >= LEARNED]
    overfits = [
        kind for kind in alone if max(kinds[kind]["best_epoch"]) < min(map(len, kinds[kind]["dev"]))
    ]
    poems = {kind: kinds[kind]["train_poems"] for kind in alone}
    worse_by = float(np.mean(mixed["best"])) / float(np.mean(apart_))
    climbs = easiest == by_length
    return [
        Claim(
            "All of Tang is hard to bring to converge.",
            f"**{'It converges' if turned else 'It still falls at the end'}.** One network on all "
            f"four forms reaches {mean_and_range(mixed['best'])} after epoch "
            f"{span_of(mixed['best_epoch'])} of {epochs}; four networks, one a form, reach "
            f"{mean_and_range(apart_)} on the same dev poems.",
            change(worse_by),
        ),
        Claim(
            "The length of poems is hard to learn.",
            f"**{_verdict(learned, kinds)}.** With nothing masked the shape comes out right in "
            + listed(f"{share(right[kind], 0)} ({kind})" for kind in order)
            + " of the texts.",
            f"{share(min(right.values()), 0)} to {share(max(right.values()), 0)} right",
        ),
        Claim(
            "Short forms are too easy, long ones too hard for one layer.",
            f"**{'By perplexity it looks so' if climbs else 'Not by perplexity'}.** "
            f"From the shortest to the longest: "
            + listed(f"{kind} {np.mean(kinds[kind]['best']):.1f}" for kind in by_length)
            + f"; but they have from {min(poems.values()):,} to {max(poems.values()):,} training "
            "poems.",
            f"{short} {np.mean(kinds[short]['best']):.1f}, {long} "
            f"{np.mean(kinds[long]['best']):.1f}",
        ),
        Finding(
            "With nothing masked the shape comes out right in "
            + listed(f"{share(right[kind], 0)} ({kind})" for kind in order)
            + f" of the texts. The form with the lowest perplexity is {easiest[0]} "
            f"({mean_and_range(kinds[easiest[0]]['best'])}), with the highest {easiest[-1]} "
            f"({mean_and_range(kinds[easiest[-1]]['best'])}). One network on all four forms "
            f"reaches {mean_and_range(mixed['best'])}, four networks together "
            f"{mean_and_range(apart_)} on the same poems."
        ),
        Heading("Easy and hard forms"),
        Text(
            "The report found all of Tang hard to bring to converge, the length of poems hard to "
            "learn, short forms too easy and long ones too hard for one layer. Here its network is "
            "trained on each form by itself, on all four without being told which it reads, and on "
            "all four with the form told before the poem. From the shortest form to the longest "
            "the dev perplexities are "
            + listed(f"{mean_and_range(kinds[kind]['best'])} ({kind})" for kind in by_length)
            + ", with "
            + listed(f"{poems[kind]:,}" for kind in by_length)
            + " training poems. A network that overfits has been given too few poems for its size, "
            "whatever the form: past their best before the end are "
            + (f"those of {listed(overfits)}." if overfits else "none of them.")
        ),
        Text(
            "On all forms the network reaches "
            f"{mean_and_range(mixed['best'])}, told the form {mean_and_range(told['best'])}, best "
            f"after epoch {span_of(mixed['best_epoch'])} of {epochs}. The four networks of one "
            f"form each, their dev poems taken together, come to {mean_and_range(apart_)}: one "
            f"network for all is {_than(worse_by)}."
        ),
        Figure(
            "forms",
            "Open dev perplexity after each epoch, on the dev poems of the forms trained on. "
            + conditions(settings, "forms"),
            "Best of each, from the lowest: "
            + listed(
                f"{kind} {np.mean(kinds[kind]['best']):.1f}"
                for kind in sorted(kinds, key=lambda k: float(np.mean(kinds[k]["best"])))
            )
            + ".",
            lambda: _draw_curves(kinds),
        ),
        Heading("Is length learned?"),
        Figure(
            "forms-length",
            "Share of texts whose shape comes out right, written without any mask at temperature "
            "1; bars are 95% bootstrap intervals over texts. For *all* each of the four forms is "
            "right, for *all, told the form* only the one that was told. "
            + conditions(settings, "forms", band=False),
            "Right: " + listed(f"{kind} {share(right[kind], 0)}" for kind in order) + ".",
            lambda: _draw_length(kinds),
        ),
        Table(
            "Open dev perplexities at the best epoch, and the length without masks, in brackets "
            "95% bootstrap intervals over texts. "
            + conditions(settings, "forms", band=False),
            ("trained on", "poems", "dev perplexity", "per Hanzi", "best epoch",
             "length right at temperature 1, %", "texts", "argmax texts right"),
            [
                (
                    kind,
                    f"{found['train_poems']:,}",
                    mean_and_range(found["best"]),
                    mean_and_range(found["per_hanzi"], 0),
                    span_of(found["best_epoch"]),
                    interval(found["length"]["temperature 1"], 1, 100),
                    f"{found['length']['written']:,}",
                    f"{found['length']['argmax']} of {found['length']['argmax_of']}",
                )
                for kind, found in kinds.items()
            ],
        ),
        Limits(
            "Perplexities of different forms are not one scale: a form with fewer poems, or with "
            "more of its tokens in marks and line ends, has another floor, and length and number "
            "of poems are not told apart here. (The learning curve in the part on data shows what "
            "fewer poems do to one form.) *Converge* is taken to mean that dev perplexity stops "
            "falling; what the report meant by it is not known. The size of the network was not "
            "varied, so whether a second layer would help the long forms stands open."
        ),
    ]  # fmt: skip


def _together(kinds: dict[str, Any], alone: list[str]) -> list[float]:
    """The perplexity of networks of one form each on all their dev poems together, by seed."""
    weights = [kinds[kind]["dev_poems"] * form_named(kind).targets for kind in alone]
    logs = [np.log(kinds[kind]["best"]) for kind in alone]
    return [float(value) for value in np.exp(np.average(logs, axis=0, weights=weights))]


def _verdict(learned: list[str], kinds: dict[str, Any]) -> str:
    if len(learned) == len(kinds):
        return "It is learned"
    return f"It is learned for {listed(learned)} alone" if learned else "It is hard"


def _than(ratio: float) -> str:
    return f"{abs(ratio - 1):.0%} {'worse' if ratio > 1 else 'better'} than these"


def _draw_curves(kinds: dict[str, Any]) -> Any:
    figure, axes = panels(height=3.9)
    for number, (kind, found) in enumerate(kinds.items()):
        x = np.arange(1, max(map(len, found["dev"])) + 1)
        band(axes, x, found["dev"], look(number, marker=True, label=kind, markevery=2))
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend()
    return figure


def _draw_length(kinds: dict[str, Any]) -> Any:
    figure, axes = panels(height=2.8)
    for row, found in enumerate(kinds.values()):
        length = found["length"]["temperature 1"]
        value, low, high = (100 * length[key] for key in ("value", "low", "high"))
        style = look(row, marker=True)
        axes.errorbar(
            value, row, xerr=([value - low], [high - value]), color=style["color"],
            marker=style["marker"], capsize=3, linestyle="none",
        )  # fmt: skip
        axes.annotate(f"{value:.0f}%", (value, row), (0, 6), textcoords="offset points", fontsize=8)
    axes.set_yticks(range(len(kinds)), list(kinds))
    axes.invert_yaxis()
    axes.set(xlabel="texts of the right shape, %", xlim=(-3, 105), ylim=(len(kinds) - 0.5, -0.7))
    return figure
