"""The figures of the part on forms."""

from typing import Any

import numpy as np

from tangyin.studies.filters import mean
from tangyin.studies.style import band, epoch_axis, log_ticks, look, panels
from tangyin.verse import form_named

LABELS = {"all, told the form": "all, form given"}
"""How kinds are called on the page where their name in the results is another."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The kinds with their labels and their share of right shapes, in several orders.

    `together` is the perplexity, by seed, of the networks of one form each on all their dev poems.
    """
    rights = {n: found["length"]["temperature 1"]["value"] for n, found in results["kinds"].items()}
    kinds = [
        {**found, "name": name, "label": _label(name), "right": rights[name]}
        for name, found in results["kinds"].items()
    ]
    alone = [kind for kind in kinds if not kind["name"].startswith("all")]
    targets = [form_named(kind["name"]).targets for kind in alone]
    weights = np.multiply([kind["dev_poems"] for kind in alone], targets)
    logs = np.average([np.log(kind["best"]) for kind in alone], axis=0, weights=weights)
    return {
        "listed": kinds,
        "by_right": sorted(kinds, key=lambda kind: -kind["right"]),
        "by_perplexity": sorted(kinds, key=lambda kind: mean(kind["best"])),
        "easiest_first": sorted(alone, key=lambda kind: mean(kind["best"])),
        "by_length": [alone[place] for place in np.argsort(targets, kind="stable")],
        "together": [float(value) for value in np.exp(logs)],
    }


def forms(results: dict[str, Any]) -> Any:
    """The dev curve of each kind."""
    figure, axes = panels(height=3.9)
    for number, (name, found) in enumerate(results["kinds"].items()):
        band(axes, found["dev"], look(number, marker=True, label=_label(name), markevery=2))
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend()
    return figure


def forms_length(results: dict[str, Any]) -> Any:
    """The share of texts of the right shape."""
    figure, axes = panels(height=2.8)
    kinds = results["kinds"]
    for row, found in enumerate(kinds.values()):
        length = found["length"]["temperature 1"]
        value, low, high = (100 * length[key] for key in ("value", "low", "high"))
        errors = ([value - low], [high - value])
        style = look(row, marker=True, linestyle="none")
        axes.errorbar(value, row, xerr=errors, capsize=3, **style)
        axes.annotate(f"{value:.0f}%", (value, row), (0, 6), textcoords="offset points", fontsize=8)
    axes.set_yticks(range(len(kinds)), list(map(_label, kinds)))
    axes.invert_yaxis()
    axes.set(xlabel="texts of the right shape, %", xlim=(-3, 105), ylim=(len(kinds) - 0.5, -0.7))
    return figure


def _label(name: str) -> str:
    return LABELS.get(name, name)
