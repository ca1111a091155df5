"""Suggestions that mend a fault: one character, else the line, else all lines at fault."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from tangyin.api import Writer
from tangyin.errors import TangyinError, UsageError
from tangyin.prosody import check_poem
from tangyin.verse import Poem
from tangyin.writing import BLANK
from tangyin.writing.repair import fix_character

Json = dict[str, Any]


def suggestions(writer: Writer, text: str, line: int, kind: str, count: int) -> Iterator[Json]:
    """Poems without a fault that this one has, the least changed first.

    Args:
        writer: a model that knows the poem's form.
        text: the poem.
        line: 1-based number of the line at fault, 0 for the poem as a whole.
        kind: the fault, as the checker calls it.
        count: how many to give at most.

    Yields:
        `text, lines, changed` (lists of line and place, from 1), `regulated, log_likelihood`.

    Raises:
        UsageError: the poem has no such fault, is in no form that the model knows, or no way to
            mend it was found.
    """
    poem, _ = writer.read(text)
    faults = check_poem(poem.lines).faults
    if (line, kind) not in {(fault.line, fault.kind) for fault in faults}:
        raise UsageError(f"there is no fault {kind[:20]} in line {line}; check the poem again")
    found = [
        (mend.poem.text, mend.log_likelihood)
        for mend in fix_character(writer.engine, poem, line, kind, count)
    ]
    if not found and line:
        found = _of_lines(writer, poem, {line}, count)
    if not found:
        found = _of_lines(writer, poem, {fault.line for fault in faults}, count)
    if not found:
        raise UsageError(
            "no way to mend this was found that leaves the other lines as they are; write the "
            "lines at fault anew"
        )
    for mended, log_likelihood in islice(found, count):
        changed = writer.read(mended)[0]
        yield {
            "text": mended,
            "lines": list(changed.lines),
            "changed": [
                [number, place]
                for number, (old, new) in enumerate(zip(poem.lines, changed.lines, strict=True), 1)
                for place, (a, b) in enumerate(zip(old, new, strict=True), 1)
                if a != b
            ],
            "regulated": check_poem(changed.lines).regulated,
            "log_likelihood": log_likelihood,
        }


def _of_lines(writer: Writer, poem: Poem, lines: set[int], count: int) -> list[tuple[str, float]]:
    """Regulated poems in which these lines are written anew; none where the rest is at fault."""
    opened = "".join(
        (BLANK * len(line) if number in lines or 0 in lines else line) + mark
        for number, (line, mark) in enumerate(zip(poem.lines, poem.marks, strict=True), 1)
    )
    try:
        verses = list(writer.write_many(opened, form=poem.form.name, count=count, seed=0))
    except TangyinError:
        return []
    found = [(verse.text, verse.log_likelihood) for verse in verses if verse.text != poem.text]
    return sorted(found, key=lambda way: -way[1])
