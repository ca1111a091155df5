"""The part on sampling."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Poems, Table, Text
from tangyin.studies.page.style import INK, LOOKS, panels
from tangyin.studies.page.words import conditions, counted, interval, listed, share

FAMILIES = ("argmax", "random", "temperature", "top-p")


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures, tables and poems."""
    settings, rules, human = results["settings"], results["rules"], results["human"]
    seven = rules["argmax"]["seven"]
    line = settings["line"]
    random = [name for name in rules if name.startswith("random")]
    over = results["overfitting"]
    best, last = over["best"], over["last"]
    first, second = settings["words"]
    how = (
        f"{settings['poems']} poems each of the model `{settings['model']}`, on the first "
        f"characters {settings['first']} in turn, form kept by the mask; in brackets 95 % "
        f"bootstrap intervals over poems; seed {settings['seed']}. "
        + conditions({"quick": settings["quick"]}, "sampling", band=False)
    )
    unmasked = results["unmasked"]
    everyone = [*rules.items(), ("*people (dev)*", human)]
    return [
        Finding(
            f"Argmax repeats itself: of its seven poems {seven['line']} hold {line} and "
            f"{share(seven['repeated'], 0)} of their lines stand in another of the seven. Under "
            "random-k "
            + listed(f"{rules[n]['line']} of {rules[n]['poems']} ({n})" for n in random)
            + " hold it. And no rule changes how far the network has overfitted: dev perplexity is "
            f"{best['perplexity']['dev']:.1f} at epoch {over['best_epoch']} and "
            f"{last['perplexity']['dev']:.1f} at epoch {over['last_epoch']}, whatever is drawn."
        ),
        Text(
            f"The report saw {line} in four of its seven argmax poems and none of it under "
            "random-k. Its network is not ours, and its line need not be; what repeats is the "
            f"same. The seven argmax poems here hold {first} "
            f"{counted(seven['words'][first], 'time')} and {second} "
            f"{counted(seven['words'][second], 'time')}. In the table argmax is widened to as many "
            "poems as the other rules have, the n-th having the n-th most likely second "
            "character, and still the commonest of their lines are "
            + listed(f"{text} ({number}×)" for text, number in rules["argmax"]["commonest"][:3])
            + "."
        ),
        Figure(
            "sampling",
            "Quality against diversity: the mean log-likelihood a token under the model, unmasked, "
            "against the share of distinct pairs of characters. People's poems (dev) are where a "
            "rule should come to. " + how,
            "Argmax is likely and uniform, temperature 1 diverse and unlikely; the others lie on a "
            "curve between them.",
            lambda: _draw(results),
        ),
        Table(
            "Diversity. " + how,
            ("rule", "distinct-1", "distinct-2", "distinct-3", "self-BLEU"),
            [
                (
                    name,
                    *(f"{found['distinct'][order]:.3f}" for order in ("1", "2", "3")),
                    interval(found["self_bleu"], 3),
                )
                for name, found in everyone
            ],
        ),
        Table(
            f"What comes back: the share of poems with {first} and with {second}, how many hold "
            f"{line}, the share of lines that another poem has too, and of lines that stand in the "
            "training poems. " + how,
            ("rule", f"{first}, %", f"{second}, %", line, "repeated lines, %", "copied lines, %"),
            [
                (
                    name,
                    interval(found["words"][first], 1, 100),
                    interval(found["words"][second], 1, 100),
                    str(found["line"]),
                    interval(found["repeated"], 1, 100),
                    interval(found["copied"], 1, 100),
                )
                for name, found in everyone
            ],
        ),
        Table(
            "What is kept: rhyme and regulated verse by the checker; the form when nothing is "
            "masked; and the log-likelihood a token. " + how,
            ("rule", "rhymes, %", "regulated, %", "form without a mask, %", "log-likelihood"),
            [
                (
                    name,
                    interval(found["rhymed"], 0, 100),
                    interval(found["regulated"], 0, 100),
                    interval(found["form_unmasked"], 0, 100) if "form_unmasked" in found else "–",
                    interval(found["log_likelihood"], 2),
                )
                for name, found in everyone
            ],
        ),
        Text(
            "**A sampling rule and overfitting.** The report credits random-k with working against "
            "overfitting. Overfitting is what training does to the probabilities: measured on "
            "training and dev poems they are the same whatever rule draws from them afterwards. "
            "What a rule does change is how much of what was learned by heart it says aloud."
        ),
        Table(
            f"The same network at its best epoch ({over['best_epoch']}) and after epoch "
            f"{over['last_epoch']}: plain perplexity, and the share of written lines that stand in "
            "the training poems. " + how,
            ("", f"epoch {over['best_epoch']}", f"epoch {over['last_epoch']}"),
            [
                *(
                    (
                        f"perplexity on {part} poems",
                        f"{best['perplexity'][part]:.1f}",
                        f"{last['perplexity'][part]:.1f}",
                    )
                    for part in best["perplexity"]
                ),
                *(
                    (
                        f"copied lines under {rule}, %",
                        interval(best["copied"][rule], 2, 100),
                        interval(last["copied"][rule], 2, 100),
                    )
                    for rule in best["copied"]
                ),
            ],
        ),
        Text(
            f"**`<unk>`.** Without a mask argmax writes `<unk>` at {share(unmasked['argmax'], 2)} "
            "of "
            "the places after the first character, and drawing at temperature 1 at "
            f"{share(unmasked['temperature 1'], 2)}; {share(unmasked['targets'], 2)} of the tokens "
            "of "
            f"dev poems are unknown, and at {share(unmasked['predicted'], 2)} of their places "
            "`<unk>` "
            "is the most likely token of all."
        ),
        Poems(
            f"The seven argmax poems. {conditions({'quick': settings['quick']}, 'sampling')}",
            [
                (f"{character}, argmax", text)
                for character, text in zip(settings["first"], seven["texts"], strict=True)
            ],
        ),
        Poems(
            f"The first poem of each other rule on {settings['first'][0]}. "
            + conditions({"quick": settings["quick"]}, "sampling"),
            [
                (name, found["shown"]) for name, found in rules.items() if name != "argmax"
            ],
        ),
    ]  # fmt: skip


def _draw(results: dict[str, Any]) -> Any:
    figure, axes = panels(height=4.4)
    rules, human = results["rules"], results["human"]
    for number, family in enumerate(FAMILIES):
        members = [name for name in rules if name.startswith(family)]
        x = [rules[name]["distinct"]["2"] for name in members]
        found = [rules[name]["log_likelihood"] for name in members]
        y = np.array([f["value"] for f in found])
        error = (y - [f["low"] for f in found], [f["high"] for f in found] - y)
        style = LOOKS[number]
        axes.errorbar(
            x, y, error, color=style["color"], marker=style["marker"], linewidth=1, capsize=2,
            linestyle=style["linestyle"],
        )  # fmt: skip
        for name, at, value in zip(members, x, y, strict=True):
            axes.annotate(name, (at, value), (6, 4), textcoords="offset points", fontsize=8)
    at, value = human["distinct"]["2"], human["log_likelihood"]["value"]
    axes.plot(at, value, marker="*", markersize=13, color=INK, linestyle="none")
    axes.annotate(
        "people (dev)", (at, value), (-9, -4), textcoords="offset points", fontsize=8, ha="right",
    )  # fmt: skip
    axes.margins(x=0.12)
    axes.set(xlabel="distinct-2", ylabel="mean log-likelihood, nats per token")
    return figure
