"""The figure of the part on layers."""

from typing import Any

import numpy as np

from tangyin.studies.style import epoch_axis, log_ticks, look, panels


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """By form: the lowest dev perplexity with each number of layers, and their ratio."""
    best = {
        form: {layers: line["best"][0] for layers, line in found["layers"].items()}
        for form, found in results["forms"].items()
    }
    return {"lowest": best, "ratio": {form: both["2"] / both["1"] for form, both in best.items()}}


def layers(results: dict[str, Any]) -> Any:
    """Dev perplexity after each epoch; dashes for two layers."""
    figure, axes = panels(height=3.6)
    for number, (form, found) in enumerate(results["forms"].items()):
        for count, line in found["layers"].items():
            dev = line["dev"][0]
            style = look(number, marker=True, label=f"{form}, {count}")
            style["linestyle"] = "-" if count == "1" else "--"
            axes.plot(np.arange(1, len(dev) + 1), dev, **style)
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend()
    return figure
