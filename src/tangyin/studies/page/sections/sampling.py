"""The part on sampling."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import (
    Block,
    Claim,
    Figure,
    Finding,
    Heading,
    Limits,
    Poems,
    Table,
    Text,
)
from tangyin.studies.page.style import INK, LOOKS, panels
from tangyin.studies.page.words import MINUS, conditions, interval, listed, share
from tangyin.verse import UNK

FAMILIES = {
    "argmax": "argmax", "random": "random-k", "temperature": "temperature", "top-p": "top-p",
}  # fmt: skip
"""How the names of rules begin, and what the plot calls them."""
SAID = 4
"""In so many of its seven argmax poems the report saw its line."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures, tables and poems."""
    settings, rules, human = results["settings"], results["rules"], results["human"]
    seven = rules["argmax"]["seven"]
    line, poems = settings["line"], settings["poems"]
    random = [name for name in rules if name.startswith("random")]
    over = results["overfitting"]
    best, last = over["best"], over["last"]
    first, second = settings["words"]
    command = conditions({"quick": settings["quick"]}, "sampling")
    how = (
        f"{poems} poems each of the model `{settings['model']}`, on the first characters "
        f"{settings['first']} in turn, form kept by the mask; seed {settings['seed']}. {command}"
    )
    bracketed = f"In brackets 95% bootstrap intervals over poems. {how}"
    unmasked = results["unmasked"]
    everyone = [*rules.items(), ("*people (dev)*", human)]
    widest = rules["argmax"]
    held = {name: rules[name]["line"] for name in random}
    repeats = {name: rules[name]["repeated"]["value"] for name in rules}
    most = max(rules, key=lambda name: repeats[name])
    drawn = [name for name in best["copied"] if name != "argmax"]
    dev = {which: over[which]["perplexity"]["dev"] for which in ("best", "last")}
    copies = listed(
        f"{share(best['copied'][n]['value'], 2)} → {share(last['copied'][n]['value'], 2)} ({n})"
        for n in best["copied"]
    )
    spread = max(repeats[name] for name in random)
    least = min(repeats[name] for name in random)
    line_again = (
        "its own line comes back" if seven["line"] > 1 else "its own line does not come back"
    )
    return [
        Claim(
            f"{line} stands in {_word(SAID)} of its seven argmax poems and in none under random-k.",
            f"**{'What repeats is the same' if repeats['argmax'] > spread else 'Not so here'}.** "
            f"Here {line_again} ({seven['line']} of 7), but "
            f"{share(seven['repeated'], 0)} of the lines of the seven stand in another of them; of "
            f"{poems} poems {share(repeats['argmax'])} of the lines are repeated under argmax, "
            f"{listed(f'{share(repeats[name])} ({name})' for name in random)} under random-k.",
            f"{share(repeats['argmax'], 0)} → {share(least, 0)} repeated",
        ),
        Claim(
            "Random-k works against overfitting.",
            "**It cannot.** A rule draws from probabilities that training has made: dev perplexity "
            f"goes from {dev['best']:.1f} at epoch {over['best_epoch']} to {dev['last']:.1f} at "
            f"epoch {over['last_epoch']} under every rule. Lines copied from the training poems "
            f"between these epochs: {copies}.",
            f"{dev['best']:.1f} → {dev['last']:.1f}",
        ),
        Finding(
            f"Of the lines of {poems} argmax poems {share(repeats['argmax'])} stand in another of "
            f"them too, of random-k's {share(least)} to {share(spread)}, "
            f"of people's {share(human['repeated']['value'])}. {line} stands in {seven['line']} of "
            "the seven argmax poems and, of "
            f"{poems} each, in {_held(held)} under random-k. No rule "
            f"changes how far the network has overfitted: dev perplexity is {dev['best']:.1f} at "
            f"epoch {over['best_epoch']} and {dev['last']:.1f} at epoch {over['last_epoch']}, "
            "whatever is drawn."
        ),
        Heading("What comes back"),
        Text(
            f"The report saw {line} in {_word(SAID)} of its seven argmax poems and none of it "
            "under random-k. Its network is not ours, and its line need not be. Of the seven "
            f"argmax poems here {seven['words'][first]} hold {first} and "
            f"{seven['words'][second]} {second}. In the tables argmax is widened to as many poems "
            "as the other rules have, the n-th having the n-th most likely second character, and "
            "the commonest of their lines are "
            + listed(f"{text} (in {number})" for text, number in widest["commonest"][:3])
            + f". Of all rules {most} repeats most."
        ),
        Table(
            f"What comes back: the share of poems with {first} and with {second}, how many hold "
            f"{line}, the share of lines that another poem has too, and of lines that stand in the "
            "training poems. " + bracketed,
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
        Heading("Likely or various"),
        Figure(
            "sampling",
            "Likelihood against variety: mean log-likelihood a token under the model, nothing "
            "masked, in nats, against the share of distinct pairs of characters (distinct-2). The "
            "star is where people's poems (dev) lie, numbers are those of the rules. Bars are 95% "
            "bootstrap intervals over poems. "
            + how,
            "; ".join(
                f"{name}: distinct-2 {found['distinct']['2']:.2f}, "
                f"{_signed(found['log_likelihood']['value'])} nats"
                for name, found in everyone
            ).replace("*", "")
            + ".",
            lambda: _draw(results),
        ),
        Table(
            "Variety. Distinct-n is the share of different n-grams among all, self-BLEU how much "
            "of each poem stands in the others (BLEU-4 without smoothing, so that a poem that "
            "shares no run of four characters counts 0). " + bracketed,
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
            "What is kept: rhyme and regulated verse by the checker; the form when nothing is "
            "masked; and the log-likelihood a token in nats. Without a mask argmax writes one text "
            "for each of the seven characters, so that its share is of these and has no interval. "
            + bracketed,
            ("rule", "rhymes, %", "regulated, %", "form without a mask, %", "log-likelihood"),
            [
                (
                    name,
                    interval(found["rhymed"], 0, 100),
                    interval(found["regulated"], 0, 100),
                    _form(name, found),
                    interval(found["log_likelihood"], 2),
                )
                for name, found in everyone
            ],
        ),
        Heading("A sampling rule and overfitting"),
        Text(
            "The report credits random-k with working against overfitting. Overfitting is what "
            "training does to the probabilities: measured on training and dev poems they are the "
            "same whatever rule draws from them afterwards. What a rule does change is how much of "
            "what was learned by heart it says aloud: of "
            f"{listed([*drawn, 'argmax'])}, {max(last['copied'], key=lambda n: _copied(last, n))} "
            f"copies most after epoch {over['last_epoch']}."
        ),
        Table(
            f"The same network at its best epoch ({over['best_epoch']}) and after epoch "
            f"{over['last_epoch']}: perplexity per token, `<unk>` a token like any other, and the "
            "share of written lines that stand in the training poems. In brackets 95% bootstrap "
            "intervals over poems. The report's network, its first seed; "
            f"about {poems} poems each. {command}",
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
        Heading("`<unk>`"),
        Text(
            f"Without a mask argmax writes `<unk>` at {share(unmasked['argmax'])} of the places "
            "after the first character, and drawing at temperature 1 at "
            f"{share(unmasked['temperature 1'])}; {share(unmasked['targets'])} of the tokens of "
            f"dev poems are unknown, and at {share(unmasked['predicted'])} of their places `<unk>` "
            "is the most likely token of all. It stands for every rare character at once, and so "
            "gets the sum of what each of them would."
        ),
        Poems(
            f"What argmax writes without a mask on {settings['first'][0]}, and the seven argmax "
            f"poems with it, of the model `{settings['model']}`; argmax leaves nothing to chance. "
            f"〇 stands for `<unk>`. {command}",
            [
                (f"{settings['first'][0]}, argmax, no mask", _shown(unmasked["argmax_texts"][0])),
                *(
                    (f"{character}, argmax", text)
                    for character, text in zip(settings["first"], seven["texts"], strict=True)
                ),
            ],
        ),
        Poems(
            f"The first poem of each other rule on {settings['first'][0]}, not chosen; seed "
            f"{settings['seed']}. {command}",
            [(name, found["shown"]) for name, found in rules.items() if name != "argmax"],
        ),
        Limits(
            "Log-likelihood under the model that wrote the poem is not quality: argmax is made to "
            "have much of it, and people's poems have little. No one has read these poems and "
            "judged them. Distinct-n falls with the number of poems, so it compares only at equal "
            "numbers, and people's poems do not begin with the seven characters. Intervals are "
            "over poems of one network and one seed of drawing; they do not say what another "
            "training would give, and poems that repeat each other are not independent, so that "
            "for argmax they are too narrow."
        ),
    ]  # fmt: skip


def _shown(text: str) -> str:
    """A text with a sign as wide as a character for each unknown one."""
    return text.replace(UNK, "〇")


def _copied(found: dict[str, Any], name: str) -> float:
    return float(found["copied"][name]["value"])


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _word(number: int) -> str:
    return ("none", "one", "two", "three", "four")[number]


def _held(held: dict[str, int]) -> str:
    """How many poems of each rule hold the line."""
    if not any(held.values()):
        return "none"
    return listed(f"{number} ({name})" for name, number in held.items())


def _form(name: str, found: dict[str, Any]) -> str:
    if "form_unmasked" not in found:
        return "–"
    if name == "argmax":
        return f"{100 * found['form_unmasked']['value']:.0f}"
    return interval(found["form_unmasked"], 0, 100)


def _draw(results: dict[str, Any]) -> Any:
    figure, axes = panels(height=4.6)
    rules, human = results["rules"], results["human"]
    for number, (family, label) in enumerate(FAMILIES.items()):
        members = [name for name in rules if name.startswith(family)]
        x = [rules[name]["distinct"]["2"] for name in members]
        found = [rules[name]["log_likelihood"] for name in members]
        y = np.array([f["value"] for f in found])
        error = (y - [f["low"] for f in found], [f["high"] for f in found] - y)
        style = LOOKS[number]
        axes.errorbar(
            x, y, error, color=style["color"], marker=style["marker"], linewidth=1, capsize=2,
            linestyle=style["linestyle"], label=label,
        )  # fmt: skip
        # The curves of top-p lie above those of the others, and so do its numbers.
        above = family == "top-p"
        for name, at, value in zip(members, x, y, strict=True):
            axes.annotate(
                name[len(family) :].strip(" -"), (at, value), (5, 3) if above else (-5, -3),
                textcoords="offset points", fontsize=8.5, ha="left" if above else "right",
                va="bottom" if above else "top",
            )  # fmt: skip
    axes.plot(
        human["distinct"]["2"], human["log_likelihood"]["value"], marker="*", markersize=13,
        color=INK, linestyle="none", label="people (dev)",
    )  # fmt: skip
    axes.margins(x=0.08, y=0.08)
    axes.set(xlabel="distinct-2", ylabel="mean log-likelihood, nats per token")
    axes.legend(loc="lower left")
    return figure
