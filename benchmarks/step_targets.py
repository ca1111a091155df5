"""What the training step is held to, as ratios within one run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A ratio of two figures and its bound.

    Attributes:
        name: what a person reads.
        over: the name of the figure above the line.
        under: of that below it.
        bounds: the bound by name of the size; at other sizes there is none.
        at_most: whether the ratio may not be above the bound, instead of below it.
    """

    name: str
    over: str
    under: str
    bounds: Mapping[str, float]
    at_most: bool = False


TIMES = (
    Target(
        "ours bf16: times faster than nn.LSTM fp32",
        "nn_lstm_fp32_ms",
        "ours_bf16_ms",
        {"report": 4.0, "large": 4.0},
    ),
    Target(
        "ours bf16: times faster than nn.LSTM bf16",
        "nn_lstm_bf16_ms",
        "ours_bf16_ms",
        {"report": 2.5, "large": 1.4},
    ),
    Target(
        "ours bf16: times faster than the report's way",
        "report_way_ms",
        "ours_bf16_ms",
        {"report": 4.5},
    ),
    Target(
        "ours bf16: times the floor",
        "ours_bf16_ms",
        "floor_ms",
        {"report": 2.0, "large": 2.0},
        at_most=True,
    ),
    Target(
        "ours fp32: times faster than nn.LSTM fp32",
        "nn_lstm_fp32_ms",
        "ours_fp32_ms",
        {"report": 1.15},
    ),
)
MEMORY = (
    Target(
        "ours bf16: memory as a share of nn.LSTM's in fp32",
        "ours_bf16_mib",
        "nn_lstm_fp32_mib",
        {"report": 0.5},
        at_most=True,
    ),
    Target(
        "ours fp32: memory as a share of nn.LSTM's in fp32",
        "ours_fp32_mib",
        "nn_lstm_fp32_mib",
        {"report": 0.5},
        at_most=True,
    ),
)


def compared(figures: Mapping[str, float], size: str, precision: str) -> Iterator[dict[str, Any]]:
    """Every ratio that the figures allow: its name, `ratio`, and `target` and `met` or None.

    Args:
        figures: milliseconds and MiB by name.
        size: its name.
        precision: what "auto" means on this machine; where it is "fp32" there are no units for
            bf16, and times in bf16 are held to nothing.
    """
    for target in (*TIMES, *MEMORY):
        if target.over not in figures or target.under not in figures:
            continue
        ratio = figures[target.over] / figures[target.under]
        held = precision == "bf16" or "ours_bf16_ms" not in (target.over, target.under)
        bound = target.bounds.get(size) if held else None
        met = None if bound is None else ratio <= bound if target.at_most else ratio >= bound
        sign = "≤" if target.at_most else "≥"
        yield {
            "name": target.name,
            "ratio": round(ratio, 3),
            "target": None if bound is None else f"{sign} {bound:g}",
            "met": met,
        }
