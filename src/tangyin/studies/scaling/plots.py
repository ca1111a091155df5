"""The figure of the part on scaling."""

import math
from typing import Any

from matplotlib.ticker import NullFormatter

from tangyin.studies.style import BLUE, GREY, log_ticks, panels

AXES = {"size": "parameters", "poems": "training poems", "passes": "seconds of training"}


def scaling(results: dict[str, Any]) -> Any:
    """Closed perplexity against parameters, poems and the time of more passes."""
    figure, several = panels(3, height=2.9, sharey=True)
    for axes, (what, label) in zip(several, AXES.items(), strict=True):
        lines = results[what]["lines"]
        places = {
            "size": [line["parameters"] for line in lines],
            "poems": [line["x"] for line in lines],
            "passes": [line["seconds"][0] for line in lines],
        }
        x = places[what]
        axes.plot(x, [ln["closed"][0] for ln in lines], color=BLUE, marker="o", linestyle="none")
        if law := results[what].get("law"):
            fitted = [math.exp(law["factor"] * value ** law["exponent"]) for value in x]
            axes.plot(x, fitted, color=BLUE, linewidth=1)
        axes.axhline(results["settings"]["goal"], color=GREY, linestyle="--")
        axes.set(xscale="log", xlabel=label)
        axes.xaxis.set_minor_formatter(NullFormatter())
    log_ticks(several[0], "dev perplexity per token, closed")
    return figure
