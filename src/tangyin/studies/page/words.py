"""Numbers, lists and verdicts as the page writes them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

MINUS, NARROW = "−", "\u202f"
"""A true minus, and a narrow space at which no line ends."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def mean_and_range(values: Sequence[float], digits: int = 1) -> str:
    """The mean over seeds, and the lowest and the highest: "116.8 (115.9–117.4)"."""
    low, high = min(values), max(values)
    text = f"{float(np.mean(values)):,.{digits}f}"
    if len(values) == 1:
        return text
    return f"{text} ({low:,.{digits}f}–{high:,.{digits}f})"


def span_of(numbers: Sequence[int]) -> str:
    """Whole numbers from the lowest to the highest: "4" or "4–6"."""
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}–{high}"


def share(value: float, digits: int = 1) -> str:
    """A share in per cent."""
    return f"{100 * value:.{digits}f}%"


def change(ratio: float, digits: int = 0) -> str:
    """How much more or less a ratio says: "+12%"."""
    return f"{ratio - 1:+.{digits}%}".replace("-", MINUS)


def interval(found: dict[str, float], digits: int = 1, factor: float = 1.0) -> str:
    """A value with its bootstrap interval: "12.3 [11.0, 13.5]"."""
    value, low, high = (factor * found[key] for key in ("value", "low", "high"))
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]".replace("-", MINUS)


def power(value: float, digits: int = 1) -> str:
    """A number that may be far from 1: "6.3 × 10⁻¹⁶", "0.28"."""
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    if -3 < int(exponent) < 3:
        return f"{float(f'{value:.{digits}e}'):g}"
    return f"{mantissa}{NARROW}×{NARROW}10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def listed(words: Iterable[str]) -> str:
    """Words in a row: "a, b and c"."""
    *first, last = list(words)
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def are(things: Sequence[Any]) -> str:
    """The verb of so many things."""
    return "is" if len(things) == 1 else "are"


def apart(lower: Sequence[float], higher: Sequence[float]) -> bool:
    """Whether every seed of the one lies below every seed of the other."""
    return max(lower) < min(higher)


def overlapping(order: Sequence[str], values: dict[str, list[float]]) -> str:
    """Which neighbours in an order of means no seed tells apart, as a sentence with a space before.

    Args:
        order: names from the lowest mean on.
        values: of each name its values by seed.
    """
    if max(map(len, values.values())) == 1:
        return ""
    pairs = [
        f"{first} and {second}"
        for first, second in pairwise(order)
        if not apart(values[first], values[second])
    ]
    if not pairs:
        return " No two neighbours in this order overlap in their seeds."
    return f" The seeds of {'; of '.join(pairs)} overlap, so that their order may be chance."


def conditions(
    settings: dict[str, Any], study: str, *, band: bool = True, bars: bool = False
) -> str:
    """The end of every caption: seeds, poems and command.

    Args:
        settings: of the results.
        study: its name.
        band: whether there are lines with bands over the seeds.
        bars: whether there are points with bars over the seeds.
    """
    seeds = settings.get("seeds", [])
    parts = []
    if seeds:
        how = f"Seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
        if len(seeds) > 1 and bars:
            how += ": points are means, bars go from the lowest to the highest"
        elif len(seeds) > 1 and band:
            how += ": lines are means, bands go from the lowest to the highest"
        parts.append(how)
    if "train_poems" in settings:
        parts.append(
            f"{settings['train_poems']:,} training and {settings['dev_poems']:,} dev poems"
        )
    parts.append(f"`tangyin study {study}{' --quick' if settings.get('quick') else ''}`")
    return "; ".join(parts) + "."
