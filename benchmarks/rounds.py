"""Timing several ways of doing one thing, side by side."""

import statistics
import time
from collections.abc import Callable


def interleaved(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round, after one round that does not count.

    The ways take turns within a round, so that a drift of the machine's speed meets all of them.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if number:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def summary(seconds: list[float], unit: float = 1.0) -> dict[str, float]:
    """Median, minimum and maximum, each multiplied by `unit`."""
    return {
        "median": round(statistics.median(seconds) * unit, 4),
        "min": round(min(seconds) * unit, 4),
        "max": round(max(seconds) * unit, 4),
    }
