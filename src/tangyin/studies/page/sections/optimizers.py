"""The part on optimizers."""

from typing import Any

import numpy as np

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Heading, Limits, Table, Text
from tangyin.studies.page.style import band, epoch_axis, log_ticks, optimizer_look, panels
from tangyin.studies.page.words import (
    apart,
    are,
    conditions,
    listed,
    mean_and_range,
    overlapping,
)

SENSIBLE = 1.1
"""A rate is good when its end is no more than a tenth above the optimizer's best."""
FAST = 1.1
"""How far above the lowest end of all an optimizer must come for the race of speed."""
RIM = 4
"""How many times the lowest end the plot of rates reaches up."""

LABEL = "dev perplexity per token"

PYTORCH = {"RMSprop": 0.01, "Adam": 0.001, "Adadelta": 1.0}
"""PyTorch's own rates."""


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figures and tables."""
    settings, curves, sweep = results["settings"], results["curves"], results["sweep"]
    epochs = settings["epochs"]
    ends = {name: [end(c, settings) for c in found] for name, found in curves.items()}
    order = sorted(ends, key=lambda name: float(np.mean(ends[name])))
    target = FAST * float(np.mean(ends[order[0]]))
    race = {
        name: float(np.mean([reached(c, target) for c in found])) for name, found in curves.items()
    }
    times = {name: race[name] * epoch_seconds(found) for name, found in curves.items()}
    racing = sorted((n for n in race if np.isfinite(race[n])), key=lambda n: race[n])
    timed = sorted(racing, key=lambda n: times[n])
    edges = [name for name, line in sweep.items() if line["at_edge"]]
    wide = {
        name: sum(value <= SENSIBLE * min(line["end"]) for value in line["end"])
        for name, line in sweep.items()
    }
    widest, narrowest = max(wide.values()), min(wide.values())
    steady = [n for n in wide if wide[n] == widest]
    touchy = [n for n in wide if wide[n] == narrowest]
    rates = max(len(line["rates"]) for line in sweep.values())

    report = results["report"]
    first = {n: [end(c, settings) for c in found] for n, found in report.items()}
    at_one = {n.partition(" at ")[0]: v for n, v in first.items() if n.endswith(" 0.01")}
    places = sorted(at_one, key=lambda n: float(np.mean(at_one[n])))
    holds = ranking(at_one, places)
    adam = {n.partition(" at ")[2]: v for n, v in first.items() if n.startswith("Adam ")}
    slow = max(timed, key=lambda n: times[n]) if timed else ""
    return [
        Claim(
            "RMSprop is best, then Adam, then the rest.",
            f"**{holds}.** At its one rate of 0.01 for all, after {epochs} epochs: "
            + listed(f"{name} {mean_and_range(at_one[name])}" for name in places)
            + f". Each at its own best rate: {listed(order)}.",
            f"RMSprop: place {places.index('RMSprop') + 1} of {len(places)}; at own rates "
            f"{order.index('RMSprop') + 1} of {len(order)}",
        ),
        Claim(
            "",
            (
                f"**{racing[0]}** is first, in epochs, within {FAST - 1:.0%} of the lowest end of "
                f"all; **{order[0]}** ends lowest ({mean_and_range(ends[order[0]])})"
                if racing
                else f"**{order[0]}** ends lowest ({mean_and_range(ends[order[0]])})"
            )
            + f"; {listed(f'**{name}**' for name in steady)} {are(steady)} least sensitive to the "
            "rate.",
            f"good at {widest} of {rates} rates",
        ),
        Finding(
            f"At the one rate that the report gave to all four, the order after {epochs} epochs is "
            f"{listed(f'{name} ({np.mean(at_one[name]):.1f})' for name in places)}: RMSprop, then "
            f"Adam, then the rest: {holds[0].lower()}{holds[1:]}. Each at its own best rate, "
            f"{order[0]} ends lowest ({mean_and_range(ends[order[0]])}), then {listed(order[1:4])}."
        ),
        Heading("The report's own comparison"),
        Text(
            "It gave the rate 0.01 to SGD with momentum 0.9, RMSprop, Adam and Adadelta alike. One "
            "rate for all compares rates as much as rules: 0.01 is PyTorch's own rate for RMSprop, "
            "ten times its rate for Adam and a hundredth of that for Adadelta. "
            + "Adam ends at "
            + listed(f"{mean_and_range(v)} with {rate}" for rate, v in adam.items())
            + "."
            + overlapping(places, at_one)
        ),
        Figure(
            "optimizers-report",
            "The report's setting: open dev perplexity after each epoch. "
            + conditions(settings, "optimizers"),
            "From the lowest end: "
            + listed(sorted(first, key=lambda n: float(np.mean(first[n]))))
            + ".",
            lambda: _draw_report(report),
        ),
        Table(
            "The report's setting: open dev perplexity. "
            + conditions(settings, "optimizers", band=False),
            ("optimizer and rate", "after epoch 1", f"after epoch {epochs}"),
            [
                (
                    name,
                    mean_and_range([c["dev"][0] if c["dev"] else settings["worst"] for c in found]),
                    mean_and_range(first[name]),
                )
                for name, found in report.items()
            ],
        ),
        Heading("Each at its best rate"),
        Text(
            f"The rates of each optimizer were swept with one seed, {rates} of them in steps of "
            "half a decade, and the best was repeated with all seeds. "
            + (
                f"Of {listed(edges)} the best rate lies at the end of its grid, so that an even "
                "better one may lie beyond. "
                if edges
                else "No best rate lies at the end of its grid. "
            )
            + f"The best rates go from {min(line['best'] for line in sweep.values()):g} to "
            f"{max(line['best'] for line in sweep.values()):g}: what is a good rate for one rule "
            "says nothing about another. A rate is *good* here when it ends within "
            f"{SENSIBLE - 1:.0%} of the optimizer's best: least sensitive {are(steady)} "
            f"{listed(steady)}, with {widest} good rates of {rates}, most sensitive {are(touchy)} "
            f"{listed(touchy)}, with {narrowest}."
            + overlapping(order, ends)
        ),
        Figure(
            "optimizers-sweep",
            "Open dev perplexity at the end against the learning rate; a training that diverged, "
            f"or ended above {RIM} times the lowest, stands at the upper rim. "
            + conditions({**settings, "seeds": settings["seeds"][:1]}, "optimizers"),
            "Best rates: " + listed(f"{n} {line['best']:g}" for n, line in sweep.items()) + ".",
            lambda: _draw_sweep(sweep),
        ),
        Text(
            f"**Speed.** To come within {FAST - 1:.0%} of the lowest end of all takes "
            + (
                listed(f"{name} {race[name]:.1f}" for name in racing)
                + f" epochs of {settings['steps']} steps; the others do not come there in "
                f"{epochs}. In time {timed[0]} is first, with {times[timed[0]]:.0f} seconds of "
                f"training, and of those that come there {slow} last, with {times[slow]:.0f}."
                if racing
                else "longer than this for every optimizer."
            )
            + " The right plot has the same curves against seconds: an optimizer whose step costs "
            "more is moved to the right."
        ),
        Figure(
            "optimizers-best",
            "Each optimizer at its best rate: training loss against steps (left), and open dev "
            "perplexity against seconds of training (right), which are epochs times the least "
            "seconds of any epoch and seed. " + conditions(settings, "optimizers"),
            f"From the lowest end: {listed(order)}.",
            lambda: _draw_best(results),
        ),
        Table(
            f"Each at its best rate. *The mark* is {FAST - 1:.0%} above the lowest end of all, "
            f"{target:.1f}; epochs to it are interpolated; – where it is not reached in {epochs}. "
            "Seconds of an epoch are the least of all epochs and seeds. "
            + conditions(settings, "optimizers", band=False),
            ("optimizer", "best rate", "dev perplexity at the end", "epochs to the mark",
             "seconds to it", "seconds an epoch", "good rates"),
            [
                (
                    name,
                    f"{sweep[name]['best']:g}",
                    mean_and_range(ends[name]),
                    f"{race[name]:.1f}" if name in racing else "–",
                    f"{times[name]:.1f}" if name in racing else "–",
                    f"{epoch_seconds(curves[name]):.2f}",
                    f"{wide[name]} of {len(sweep[name]['rates'])}",
                )
                for name in order
            ],
        ),
        Limits(
            f"{epochs} epochs favour what starts fast; who is behind after them may pass later, "
            "and with a rate that falls towards the end every one of these would end elsewhere. "
            "Rates were swept coarsely and with one seed, momentum, decay rates and ε left at "
            "PyTorch's values (AdamW with a decay of 0.01), gradients clipped at 5, on one network "
            "and one size of batch. *Muon* is this project's own class, on the gates and the "
            "output matrix: `torch.optim.Muon` would make a stacked matrix of four gates "
            "orthogonal as one, ours does it gate by gate; embedding and biases go by AdamW at the "
            "same rate, so that its line is that of the pair. Epochs of one and the same optimizer "
            f"differ in their seconds by up to {_spread(curves):.0%} here, since other work ran on "
            "the machine: least seconds that differ by a tenth say nothing."
        ),
    ]  # fmt: skip


def ranking(ends: dict[str, list[float]], places: list[str]) -> str:
    """Whether RMSprop is before Adam and Adam before the rest.

    Args:
        ends: of each optimizer its ends by seed.
        places: their names from the lowest mean on.
    """
    pair = ["RMSprop", "Adam"]
    rest = [ends[name] for name in places if name not in pair]
    ahead = all(apart(ends[name], other) for name in pair for other in rest)
    if ahead and apart(ends["RMSprop"], ends["Adam"]):
        return "Holds on every seed" if len(ends["Adam"]) > 1 else "Holds"
    if ahead and not apart(ends["Adam"], ends["RMSprop"]):
        return "Half of it holds: these two are before the rest, but their seeds overlap"
    if places[:2] == pair:
        return "Holds by the means, though seeds overlap"
    return "Does not hold"


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


def epoch_seconds(curves: list[dict[str, Any]]) -> float:
    """The least seconds of an epoch: whatever else ran on the machine can only have added to it."""
    return min(_single(curves), default=float("nan"))


def _single(curves: list[dict[str, Any]]) -> list[float]:
    """The seconds of every epoch of every seed."""
    return [float(value) for curve in curves for value in np.diff([0.0, *curve["seconds"]])]


def _spread(curves: dict[str, list[dict[str, Any]]]) -> float:
    """By what share the slowest epoch of an optimizer takes longer than its fastest."""
    single = [_single(found) for found in curves.values()]
    return max(float(max(found) / min(found)) - 1 for found in single if found)


def _draw_report(report: dict[str, Any]) -> Any:
    figure, axes = panels(height=3.7)
    for name, found in report.items():
        dev = [c["dev"] for c in found if c["dev"]]
        if dev:
            x = np.arange(1, max(map(len, dev)) + 1)
            band(axes, x, dev, optimizer_look(name, marker=True))
    log_ticks(axes, LABEL)
    epoch_axis(axes)
    figure.legend(ncols=3, loc="outside lower center")
    return figure


def _draw_sweep(sweep: dict[str, Any]) -> Any:
    figure, axes = panels(height=4.2)
    lowest = min(min(line["end"]) for line in sweep.values())
    rim = RIM * lowest
    for name, line in sweep.items():
        values = [min(value, rim) for value in line["end"]]
        axes.plot(line["rates"], values, **optimizer_look(name, marker=True))
    axes.set(xscale="log", xlabel="learning rate", ylim=(0.95 * lowest, 1.05 * rim))
    log_ticks(axes, LABEL)
    figure.legend(ncols=4, loc="outside lower center")
    return figure


def _draw_best(results: dict[str, Any]) -> Any:
    steps = results["settings"]["steps"]
    figure, (left, right) = panels(2, height=4.2)
    for name, found in results["curves"].items():
        losses = [c["losses"] for c in found if c["losses"]]
        if losses:
            x = [steps * at for at, _ in max(losses, key=len)]
            curves = [[loss for _, loss in curve] for curve in losses]
            band(left, x, curves, optimizer_look(name))
        dev = [c["dev"] for c in found if c["dev"]]
        if dev:
            seconds = epoch_seconds(found) * np.arange(1, max(map(len, dev)) + 1)
            band(right, seconds, dev, {**optimizer_look(name, marker=True), "label": "_"})
    left.set(xlabel="steps", ylabel="training loss, nats per token")
    log_ticks(right, LABEL)
    right.set(xlabel="seconds of training", xlim=(0, None))
    figure.legend(ncols=4, loc="outside lower center")
    return figure
