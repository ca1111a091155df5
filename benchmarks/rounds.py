"""Timing several ways of doing one thing, side by side."""

import math
import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    visit: float = 0.0,
    budget: float = math.inf,
    least: int = 1,
) -> dict[str, list[float]]:
    """Seconds of each way in each round, after one round that does not count.

    The ways take turns within a round, so that a drift of the machine's speed meets all of them.

    Args:
        ways: what to time, by name.
        rounds: at most so many that count.
        visit: a way is repeated until this many seconds are over, once at least, and the mean
            taken, so that what the way before it left in the caches hardly matters.
        budget: no round beyond the first `least` begins after so many seconds.
        least: rounds that the budget does not touch.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    began = time.perf_counter()
    for number in range(rounds):
        if number >= least and time.perf_counter() - began > budget:
            break
        for name, way in ways.items():
            seconds[name].append(_mean(way, visit))
    return seconds


def _mean(way: Callable[[], object], visit: float) -> float:
    count, began = 0, time.perf_counter()
    while True:
        way()
        count += 1
        elapsed = time.perf_counter() - began
        if elapsed >= visit:
            return elapsed / count


def summary(seconds: list[float], unit: float = 1.0) -> dict[str, float]:
    """Median, minimum and maximum, each multiplied by `unit`."""
    return {
        "median": round(statistics.median(seconds) * unit, 4),
        "min": round(min(seconds) * unit, 4),
        "max": round(max(seconds) * unit, 4),
    }
