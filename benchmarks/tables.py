"""Tables in Markdown that also read well in a terminal."""

from collections.abc import Iterable, Sequence
from typing import Any

DISTURBED = 0.03
"""From this share on, what other processes take is worth a warning."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the columns after the first are aligned to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(2, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |"
        for line in (lines[0], rule, *lines[1:])
    )


def heading(machine: dict[str, Any], other_load: float | None) -> str:
    """What was measured on, in one line, and a warning when others were at work too."""
    facts = dict(machine)
    units = ", ".join(facts.pop("units")) or "no vector units"
    line = f"{facts.pop('processor')} ({units}); "
    line += ", ".join(f"{name} {value}" for name, value in facts.items())
    if other_load is not None and other_load >= DISTURBED:
        line += (
            f"\n\nDISTURBED: other processes took {other_load:.0%} of the processors' time "
            "meanwhile; measure again when they are done"
        )
    return line
