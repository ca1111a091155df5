"""Numbers and lists as the page writes them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


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
    return f"{100 * value:.{digits}f} %"


def interval(found: dict[str, float], digits: int = 1, factor: float = 1.0) -> str:
    """A value with its bootstrap interval: "12.3 [11.0, 13.5]"."""
    value, low, high = (factor * found[key] for key in ("value", "low", "high"))
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]".replace("-", "−")


def listed(words: Iterable[str]) -> str:
    """Words in a row: "a, b and c"."""
    *first, last = list(words)
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def conditions(settings: dict[str, Any], study: str, *, band: bool = True) -> str:
    """The end of every caption: seeds, poems and command."""
    seeds = settings.get("seeds", [])
    parts = []
    if seeds:
        how = f"Seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
        parts.append(
            f"{how}: lines are means, bands go from the lowest to the highest"
            if band and len(seeds) > 1
            else how
        )
    if "train_poems" in settings:
        parts.append(
            f"{settings['train_poems']:,} training and {settings['dev_poems']:,} dev poems"
        )
    parts.append(f"`tangyin study {study}{' --quick' if settings.get('quick') else ''}`")
    return "; ".join(parts) + "."
