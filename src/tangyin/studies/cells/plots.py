"""The figures of the part on cells."""

from typing import Any

from tangyin.studies.filters import mean
from tangyin.studies.style import band, epoch_axis, log_ticks, look, panels


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The cells by layers and dropout, those of one layer from the best on."""
    lines, curves = results["cells"], _curves(results)
    ends = [(_label(line), mean(dev[-1] for dev in line["dev"])) for line in curves]
    single = [line for line in curves if not line["dropout"]]
    return {
        "single": sorted(single, key=lambda line: mean(line["best"])),
        "double": [line for line in lines if line["layers"] == 2],
        "dropped": [line for line in lines if line["dropout"]],
        "by_end": sorted(ends, key=lambda pair: pair[1]),
    }


def cells(results: dict[str, Any]) -> Any:
    """The best perplexity of every cell, a mark for each seed."""
    figure, axes = panels(height=3.6)
    labels = list(dict.fromkeys(map(_label, results["cells"])))
    for line in results["cells"]:
        row, two = labels.index(_label(line)), line["layers"] == 2
        label = "_" if row else ("one layer", "two layers")[two]
        fill = "none" if two else "full"
        style = look(two, marker=True, linestyle="none", fillstyle=fill, label=label)
        axes.plot(line["best"], [row + (0.12 if two else -0.12)] * len(line["best"]), **style)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel("best dev perplexity per token")
    axes.legend(loc="lower right")
    return figure


def cells_curves(results: dict[str, Any]) -> Any:
    """The dev curves of all networks with one layer."""
    figure, axes = panels(height=3.6)
    for number, line in enumerate(_curves(results)):
        band(axes, line["dev"], look(number, marker=True, label=_label(line)))
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend(ncols=2)
    return figure


def _curves(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in results["cells"] if line["layers"] == 1]


def _label(line: dict[str, Any]) -> str:
    return f"{line['cell']}, dropout {line['dropout']:g}" if line["dropout"] else str(line["cell"])
