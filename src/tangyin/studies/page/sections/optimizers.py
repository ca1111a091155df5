"""The part on optimizers."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import band, epoch_axis, log_ticks, look, panels
from tangyin.studies.page.words import conditions, listed, mean_and_range

SENSIBLE = 1.1
"""A rate is good when its end is no more than a tenth above the optimizer's best."""
FAST = 1.1
"""How far above the lowest end of all an optimizer must come for the race of speed."""

LABEL = "dev perplexity per token"


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and tables."""
    settings, curves = results["settings"], results["curves"]
    ends = {name: [end(c, settings) for c in found] for name, found in curves.items()}
    order = sorted(ends, key=lambda name: float(np.mean(ends[name])))
    target = FAST * float(np.mean(ends[order[0]]))
    race = {name: np.mean([reached(c, target) for c in found]) for name, found in curves.items()}
    racing = sorted((n for n in race if np.isfinite(race[n])), key=lambda n: race[n])
    report = results["report"]
    ranking = sorted(
        (n for n in report if n.endswith(" 0.01")),
        key=lambda n: float(np.mean([end(c, settings) for c in report[n]])),
    )
    places = [name.split(" at ")[0] for name in ranking]
    holds = places[:2] == ["RMSprop", "Adam"]
    edges = [name for name, line in results["sweep"].items() if line["at_edge"]]
    adam = {n: [end(c, settings) for c in report[n]] for n in report if n.startswith("Adam ")}
    wide = {
        name: sum(value <= SENSIBLE * min(line["end"]) for value in line["end"])
        for name, line in results["sweep"].items()
    }
    widest = max(wide.values())
    return [
        Finding(
            f"Each at its own best rate, {order[0]} ends lowest after {settings['epochs']} epochs "
            f"({mean_and_range(ends[order[0]])}), then {listed(order[1:4])}. At the one rate that "
            f"the report gave to all four, the order is {listed(places)}: its ranking, RMSprop "
            f"before Adam before the rest, {'holds' if holds else 'does not hold'} there."
        ),
        Text(
            "**The report's own comparison.** It gave the rate 0.01 to SGD with momentum 0.9, "
            "RMSprop, Adam and Adadelta alike. One rate for all compares rates as much as rules: "
            "0.01 is ten times what Adam is made for and a hundredth of what Adadelta is. Adam "
            + listed(
                f"ends at {mean_and_range(values)} with {name.split(' at ')[1]}"
                for name, values in adam.items()
            )
            + "."
        ),
        Figure(
            "optimizers-report",
            "The report's setting: dev perplexity after each epoch. "
            + conditions(settings, "optimizers"),
            f"Five curves; from the lowest end: {listed(ranking)}.",
            lambda: _draw_report(report),
        ),
        Table(
            "The report's setting: open dev perplexity. "
            + conditions(settings, "optimizers", band=False),
            ("optimizer and rate", "after epoch 1", f"after epoch {settings['epochs']}"),
            [
                (
                    name,
                    mean_and_range([c["dev"][0] if c["dev"] else settings["worst"] for c in found]),
                    mean_and_range([end(c, settings) for c in found]),
                )
                for name, found in report.items()
            ],
        ),
        Text(
            "**Each at its best.** The rates of each optimizer were swept with one seed, in steps "
            "of half a decade, and the best was repeated with all seeds. "
            + (
                f"Of {listed(edges)} the best rate lies at the end of its grid, so that an even "
                "better one may lie beyond. "
                if edges
                else "No best rate lies at the end of its grid. "
            )
            + f"Sensitivity is how many of the swept rates end within {SENSIBLE - 1:.0%} of the "
            f"optimizer's best: least sensitive "
            f"{'is' if list(wide.values()).count(widest) == 1 else 'are'} "
            f"{listed(n for n in wide if wide[n] == widest)}, with {widest} of "
            f"{max(len(line['rates']) for line in results['sweep'].values())}."
        ),
        Figure(
            "optimizers-sweep",
            "Open dev perplexity at the end against the learning rate; a training that diverged, "
            "or ended worse than the scale reaches, stands at the upper rim. "
            + conditions({**settings, "seeds": settings["seeds"][:1]}, "optimizers"),
            "Each optimizer has a valley of its own, over rates three decades apart.",
            lambda: _draw_sweep(results["sweep"]),
        ),
        Text(
            f"**Speed.** To come within {FAST - 1:.0%} of the lowest end of all takes "
            + (
                listed(f"{name} {race[name]:.1f}" for name in racing)
                + f" epochs of {settings['steps']} steps"
                if racing
                else "longer than this for every optimizer"
            )
            + ". The right plot has the same curves against the seconds that the steps took: an "
            "optimizer whose step costs more is moved to the right."
        ),
        Figure(
            "optimizers-best",
            "Each optimizer at its best rate: training loss against steps, and dev perplexity "
            "against seconds of training. " + conditions(settings, "optimizers"),
            f"From the lowest end: {listed(order)}.",
            lambda: _draw_best(results),
        ),
        Table(
            "Each at its best rate. Epochs to the mark are interpolated. "
            + conditions(settings, "optimizers", band=False),
            ("optimizer", "best rate", "dev perplexity at the end", "epochs to the mark",
             "seconds an epoch", "good rates"),
            [
                (
                    name,
                    f"{results['sweep'][name]['best']:g}",
                    mean_and_range(ends[name]),
                    f"{race[name]:.1f}" if np.isfinite(race[name]) else "–",
                    f"{np.mean([c['seconds'][-1] / len(c['seconds']) for c in curves[name]]):.2f}",
                    f"{wide[name]} of {len(results['sweep'][name]['rates'])}",
                )
                for name in order
            ],
        ),
    ]  # fmt: skip


def end(curve: dict[str, Any], settings: dict[str, Any]) -> float:
    """The dev perplexity that a curve ends at."""
    return float(settings["worst"] if curve["failed"] or not curve["dev"] else curve["dev"][-1])


def reached(curve: dict[str, Any], target: float) -> float:
    """When a dev curve falls to a perplexity, in epochs; infinite if never.

    Between two epochs log-perplexity is taken as linear; what is there after the first epoch
    counts as 1.
    """
    dev = curve["dev"]
    for number, value in enumerate(dev):
        if value <= target:
            if number == 0:
                return 1.0
            before = dev[number - 1]
            return number + float(np.log(before / target) / np.log(before / value))
    return float("inf")


def _draw_report(report: dict[str, Any]) -> Any:
    figure, axes = panels(height=3.4)
    for number, (name, found) in enumerate(report.items()):
        dev = [c["dev"] for c in found if c["dev"]]
        if dev:
            x = np.arange(1, max(map(len, dev)) + 1)
            band(axes, x, dev, look(number, marker=True, label=name))
    log_ticks(axes, LABEL)
    epoch_axis(axes)
    axes.legend()
    return figure


def _draw_sweep(sweep: dict[str, Any]) -> Any:
    figure, axes = panels(height=3.9)
    lowest = min(min(line["end"]) for line in sweep.values())
    rim = 4 * lowest
    for number, (name, line) in enumerate(sweep.items()):
        values = [min(value, rim) for value in line["end"]]
        axes.plot(line["rates"], values, **look(number, marker=True, label=name))
    axes.set(xscale="log", xlabel="learning rate", ylim=(0.95 * lowest, 1.05 * rim))
    log_ticks(axes, LABEL)
    axes.legend(ncols=2, loc="upper left", bbox_to_anchor=(0, -0.16))
    return figure


def _draw_best(results: dict[str, Any]) -> Any:
    steps = results["settings"]["steps"]
    figure, (left, right) = panels(2, height=4.2)
    for number, (name, found) in enumerate(results["curves"].items()):
        style = look(number, label=name)
        losses = [c["losses"] for c in found if c["losses"]]
        if losses:
            x = [steps * at for at, _ in max(losses, key=len)]
            band(left, x, [[loss for _, loss in curve] for curve in losses], style)
        dev = [c["dev"] for c in found if c["dev"]]
        if dev:
            seconds = np.mean(
                [c["seconds"][: min(map(len, dev))] for c in found if c["dev"]], axis=0
            )
            band(right, seconds, dev, look(number, marker=True))
    left.set(xlabel="steps", ylabel="training loss, nats per token")
    log_ticks(right, LABEL)
    right.set(xlabel="seconds of training")
    figure.legend(ncols=4, loc="outside lower center")
    return figure
