"""Filters and checks for the report's templates; they format numbers, not words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from jinja2 import Environment, pass_environment

MINUS, NARROW = "−", "\u202f"
"""A true minus, and a narrow space that does not break."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 0) -> str:
    """A number: "1,234.5"."""
    return f"{value:,.{digits}f}".replace("-", MINUS)


def short(value: float) -> str:
    """A number without trailing zeros: "0.01"."""
    return f"{value:g}".replace("-", MINUS)


def mean(values: Iterable[float]) -> float:
    """The mean over seeds."""
    return float(np.mean(list(values)))


def spread(values: Sequence[float], digits: int = 1) -> str:
    """The mean over seeds with the lowest and the highest: "116.8 (115.9–117.4)"."""
    if len(values) == 1:
        return number(values[0], digits)
    low, high = (number(end, digits) for end in (min(values), max(values)))
    return f"{number(mean(values), digits)} ({low}–{high})"


def span(numbers: Sequence[int]) -> str:
    """Whole numbers from the lowest to the highest: "4", "4–6", or "–" if there are none."""
    return "–".join(map(str, sorted({min(numbers), max(numbers)}))) if numbers else "–"


def percent(share: float, digits: int = 1) -> str:
    """A share: "12.3%"."""
    return f"{number(100 * share, digits)}%"


def change(ratio: float, digits: int = 0) -> str:
    """A ratio as a change: "+12%"."""
    return f"{ratio - 1:+.{digits}%}".replace("-", MINUS)


def interval(found: dict[str, float], digits: int = 1, factor: float = 1.0) -> str:
    """A value with its bootstrap interval: "12.3 [11.0, 13.5]"."""
    value, low, high = (number(factor * found[key], digits) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def power(value: float, digits: int = 1) -> str:
    """A number that may be far from 1: "6.3 × 10⁻¹⁶", "0.28"."""
    written = f"{value:.{digits}e}"
    mantissa, _, exponent = written.partition("e")
    if -3 < int(exponent) < 3:
        return f"{float(written):g}"
    return f"{mantissa}{NARROW}×{NARROW}10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def couplets(poem: str) -> list[str]:
    """A poem's text, cut after each of its full stops."""
    return re.findall(r"[^。？！]*[。？！]|.+$", poem)


def numeral(value: int) -> str:
    """A Chinese numeral below 100."""
    tens, ones = divmod(value, 10)
    digits = " 一二三四五六七八九"
    return ((digits[tens] if tens > 1 else "") + ("十" if tens else "") + digits[ones]).strip()


def apart(lower: Sequence[float], higher: Sequence[float]) -> bool:
    """Whether every value of `lower` is below every value of `higher`."""
    return max(lower) < min(higher)


def ranked(values: Mapping[str, Sequence[float]]) -> list[str]:
    """Names in the order of their means over seeds, lowest first."""
    return sorted(values, key=lambda name: mean(values[name]))


def overlapping(values: Mapping[str, Sequence[float]]) -> list[list[str]]:
    """Pairs of neighbours in that order whose seeds overlap."""
    return [[a, b] for a, b in pairwise(ranked(values)) if not apart(values[a], values[b])]


@pass_environment
def at(environment: Environment, lines: Iterable[dict[str, Any]], **wanted: Any) -> Any:
    """The first line that has these values."""
    found = (line for line in lines if wanted.items() <= line.items())
    return next(found, environment.undefined(hint=f"no entry has {wanted}"))


FILTERS = {
    function.__name__: function
    for function in (
        at, change, couplets, interval, mean, number, numeral, overlapping, percent, power, ranked,
        short, span, spread,
    )
}  # fmt: skip
