"""The part on forms."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import band, epoch_axis, log_ticks, look, panels
from tangyin.studies.page.words import conditions, interval, listed, mean_and_range, span_of


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and table."""
    settings, kinds = results["settings"], results["kinds"]
    right = {k: found["length"]["temperature 1"]["value"] for k, found in kinds.items()}
    order = sorted(right, key=lambda kind: -right[kind])
    alone = [kind for kind in kinds if not kind.startswith("all")]
    easiest = sorted(alone, key=lambda kind: float(np.mean(kinds[kind]["best"])))
    mixed, told = kinds["all"], kinds["all, told the form"]
    return [
        Finding(
            f"Length is {'learned' if min(right.values()) > 0.9 else 'not learned by all'}: with "
            "nothing masked the shape comes out right in "
            + listed(f"{100 * right[kind]:.0f} % ({kind})" for kind in order)
            + f". The easiest form is {easiest[0]} ({mean_and_range(kinds[easiest[0]]['best'])}), "
            f"the hardest {easiest[-1]} ({mean_and_range(kinds[easiest[-1]]['best'])})."
        ),
        Text(
            "The report found all of Tang hard to bring to converge, the length of poems hard to "
            "learn, short forms too easy and long ones too hard for one layer. Here its network is "
            "trained on each form by itself, on all four without being told which it reads, and on "
            "all four with the form told before the poem. Perplexities of different forms are not "
            "one scale: a form with fewer poems, or with more of its tokens in marks and rhymes, "
            "has another floor. On all forms the network reaches "
            f"{mean_and_range(mixed['best'])}, told the form {mean_and_range(told['best'])}; best "
            f"after epoch {span_of(mixed['best_epoch'])} of {len(mixed['dev'][0])}."
        ),
        Figure(
            "forms",
            "Dev perplexity after each epoch. " + conditions(settings, "forms"),
            "A curve for each form, for all forms, and for all with the form told.",
            lambda: _draw_curves(kinds),
        ),
        Figure(
            "forms-length",
            "Share of texts whose shape comes out right, written without any mask at temperature "
            "1; bars are 95 % bootstrap intervals. For *all* each of the four forms is right. "
            + conditions(settings, "forms", band=False),
            f"From the highest: {listed(order)}.",
            lambda: _draw_length(kinds),
        ),
        Table(
            "Open dev perplexities at the best epoch, and the length without masks. "
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
    ]  # fmt: skip


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
        axes.annotate(
            f"{value:.0f} %", (value, row), (0, 6), textcoords="offset points", fontsize=8
        )
    axes.set_yticks(range(len(kinds)), list(kinds))
    axes.invert_yaxis()
    axes.set(xlabel="texts of the right shape, %", xlim=(-3, 105), ylim=(len(kinds) - 0.5, -0.7))
    return figure
