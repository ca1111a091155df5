"""The figure of the part on scaling."""

from typing import Any

import numpy as np
from matplotlib.ticker import NullFormatter

from tangyin.studies.style import BLUE, GREY, log_ticks, panels

AXES = {
    "size": ("parameters", "parameters"),
    "poems": ("x", "training poems"),
    "passes": ("seconds", "seconds of training"),
}


def scaling(results: dict[str, Any]) -> Any:
    """Closed perplexity against parameters, poems and the time of more passes."""
    figure, several = panels(3, height=2.9, sharey=True)
    for axes, (what, (key, label)) in zip(several, AXES.items(), strict=True):
        lines = results[what]["lines"]
        x = np.array([line[key] for line in lines]).flatten()  # seconds are a list of one seed
        axes.plot(x, [ln["closed"][0] for ln in lines], color=BLUE, marker="o", linestyle="none")
        if law := results[what].get("law"):
            axes.plot(x, np.exp(law["factor"] * x ** law["exponent"]), color=BLUE, linewidth=1)
        axes.axhline(results["settings"]["goal"], color=GREY, linestyle="--")
        axes.set(xscale="log", xlabel=label)
        axes.xaxis.set_minor_formatter(NullFormatter())
    log_ticks(several[0], "dev perplexity per token, closed")
    return figure
