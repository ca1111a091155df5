"""The figure of the part on sampling."""

from typing import Any

import numpy as np

from tangyin.studies.style import INK, look, panels

FAMILIES = ("argmax", "random-k", "temperature", "top-p")


def sampling(results: dict[str, Any]) -> Any:
    """Likelihood against variety."""
    figure, axes = panels(height=4.6)
    rules, human = results["rules"], results["human"]
    for number, label in enumerate(FAMILIES):
        family = label.removesuffix("-k")
        members = [name for name in rules if name.startswith(family)]
        x = [rules[name]["distinct"]["2"] for name in members]
        found = [rules[name]["log_likelihood"] for name in members]
        y, low, high = (np.array([f[key] for f in found]) for key in ("value", "low", "high"))
        style = look(number, marker=True, linewidth=1, capsize=2, label=label)
        axes.errorbar(x, y, (y - low, high - y), **style)
        # The curve of top-p lies above the others, so its labels do too.
        place: dict[str, Any] = {"xytext": (-5, -3), "ha": "right", "va": "top"}
        if family == "top-p":
            place = {"xytext": (5, 3), "ha": "left", "va": "bottom"}
        for name, at, value in zip(members, x, y, strict=True):
            text = name.removeprefix(family).strip(" -")
            axes.annotate(text, (at, value), textcoords="offset points", fontsize=8.5, **place)
    star = {"marker": "*", "markersize": 13, "linestyle": "none", "label": "people (dev)"}
    axes.plot(human["distinct"]["2"], human["log_likelihood"]["value"], color=INK, **star)
    axes.margins(x=0.08, y=0.08)
    axes.set(xlabel="distinct-2", ylabel="mean log-likelihood, nats per token")
    axes.legend(loc="lower left")
    return figure
