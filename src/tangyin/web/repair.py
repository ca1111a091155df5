"""The API that fixes a fault: one character changed, or the line, or all faulty lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter

from tangyin.api import Writer
from tangyin.errors import TangyinError, UsageError
from tangyin.prosody import check_poem
from tangyin.verse import Poem
from tangyin.web.answers import AnyWork
from tangyin.web.bodies import FixBody
from tangyin.writing import BLANK
from tangyin.writing.repair import fix_character

router = APIRouter()


@dataclass(frozen=True)
class Fix:
    """A poem without a fault that the given one has; `changed` has lines and places, from 1."""

    text: str
    lines: tuple[str, ...]
    changed: tuple[tuple[int, int], ...]
    regulated: bool
    log_likelihood: float


@router.post("/fix")
async def fix(body: FixBody, work: AnyWork) -> list[Fix]:
    """Poems without a fault that the given one has, those with the fewest changes first."""

    def fixed() -> list[Fix]:
        writer = work.library.writer(body.model)
        poem, _ = writer.read(body.text)
        faults = {(fault.line, fault.kind) for fault in check_poem(poem.lines).faults}
        if (body.line, body.kind) not in faults:
            raise UsageError("server.no_fault", kind=body.kind[:20], line=body.line)
        for found in _attempts(writer, poem, body, {line for line, _ in faults}):
            if found:
                return [_fix(writer, poem, *way) for way in found[: body.count]]
        raise UsageError("server.no_fix")

    return await work.once(fixed, "fix")


def _attempts(
    writer: Writer, poem: Poem, body: FixBody, faulty: set[int]
) -> Iterator[list[tuple[str, float]]]:
    """Texts and their log-likelihoods, from the smallest change to the largest."""
    ways = fix_character(writer.engine, poem, body.line, body.kind, body.count)
    yield [(way.poem.text, way.log_likelihood) for way in ways]
    if body.line:
        yield _rewritten(writer, poem, {body.line}, body.count)
    yield _rewritten(writer, poem, faulty, body.count)


def _rewritten(
    writer: Writer, poem: Poem, lines: Iterable[int], count: int
) -> list[tuple[str, float]]:
    """Regulated poems in which these lines are new; none where the rest is faulty."""
    open_text = "".join(
        (BLANK * len(line) if number in lines or 0 in lines else line) + mark
        for number, (line, mark) in enumerate(zip(poem.lines, poem.marks, strict=True), 1)
    )
    try:
        verses = list(writer.write_many(open_text, form=poem.form.name, count=count, seed=0))
    except TangyinError:
        return []
    found = [(verse.text, verse.log_likelihood) for verse in verses if verse.text != poem.text]
    return sorted(found, key=lambda way: -way[1])


def _fix(writer: Writer, poem: Poem, text: str, log_likelihood: float) -> Fix:
    lines = writer.read(text)[0].lines
    changed = tuple(
        (number, place)
        for number, (old, new) in enumerate(zip(poem.lines, lines, strict=True), 1)
        for place, (a, b) in enumerate(zip(old, new, strict=True), 1)
        if a != b
    )
    return Fix(text, tuple(lines), changed, check_poem(lines).regulated, log_likelihood)
