"""The figures of the part on convergence."""

import re
from typing import Any

import numpy as np

from tangyin.studies.diversity import repeated
from tangyin.studies.style import epoch_axis, log_ticks, look, optimizer_look, panels
from tangyin.verse import MARKS

EARLY, LATE = 4, 10
"""The first and the last epochs that are compared for their unknown characters."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """By setting: the lowest open dev perplexity, its epoch, and what it is after `epochs`."""
    epochs = results["settings"]["epochs"]
    dev = {name: curve["dev"] for name, curve in results["curves"].items()}
    unknown = results["unknown"]
    return {
        "best": {name: min(values) for name, values in dev.items()},
        "best_epoch": {name: int(np.argmin(values)) + 1 for name, values in dev.items()},
        "last": {name: values[epochs - 1] for name, values in dev.items() if len(values) >= epochs},
        "ended": {name: len(values) for name, values in dev.items()},
        "falling": [name for name, values in dev.items() if (np.diff(values) < 0).all()],
        "ahead": [
            epoch
            for epoch, (rms, adam) in enumerate(
                zip(dev["RMSprop at 0.01"], dev["Adam at 0.01"], strict=True), 1
            )
            if rms < adam
        ],
        "early": {name: float(np.mean(shares[:EARLY])) for name, shares in unknown.items()},
        "late": {name: float(np.mean(shares[-LATE:])) for name, shares in unknown.items()},
        "repeated": {
            rule: float(
                np.mean(repeated([tuple(re.findall(f"[^{MARKS}]+", text)) for text in texts]))
            )
            for rule, texts in results["poems"].items()
        },
        "early_epochs": EARLY,
        "late_epochs": LATE,
    }


def convergence(results: dict[str, Any]) -> Any:
    """Dev perplexity after each epoch."""
    figure, axes = panels(height=4.0)
    for name, curve in results["curves"].items():
        epochs = np.arange(1, len(curve["dev"]) + 1)
        axes.plot(epochs, curve["dev"], **optimizer_look(name, marker=True), markevery=2)
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    figure.legend(ncols=3, loc="outside lower center")
    return figure


def convergence_unknown(results: dict[str, Any]) -> Any:
    """The share of unknown characters that the network writes after each epoch."""
    figure, axes = panels(height=2.8)
    for number, (name, shares) in enumerate(results["unknown"].items()):
        epochs = np.arange(1, len(shares) + 1)
        values = [100 * share for share in shares]
        axes.plot(epochs, values, **look(number, marker=True, label=name))
    axes.set(ylabel="<unk>, % of the text", ylim=(0, None))
    epoch_axis(axes)
    axes.legend()
    return figure
