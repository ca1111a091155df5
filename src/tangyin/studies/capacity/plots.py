"""The figure of the part on capacity."""

from typing import Any

from tangyin.studies.style import BLUE, panels, plain_ticks, ranges, second_scale


def capacity(results: dict[str, Any]) -> Any:
    """Perplexity and time against hidden size (left) and embedding size (right)."""
    figure, both = panels(2, height=3.4, sharey=True)
    for axes, name in zip(both, ("hidden_size", "embedding_size"), strict=True):
        lines = results[name]
        sizes = [line["size"] for line in lines]
        ranges(axes, sizes, [line["best"] for line in lines], color=BLUE, marker="o", zorder=3)
        axes.set(xscale="log", xlabel=name.replace("_", " "))
        plain_ticks(axes.xaxis, sizes)
        second_scale(axes, sizes, [min(line["seconds"]) for line in lines], "seconds an epoch")
    both[0].set_ylabel("best dev perplexity per token", color=BLUE)
    return figure
