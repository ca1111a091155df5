"""The API about given verse: checking, fixing, scoring, looking into the model."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from fastapi import APIRouter

from tangyin.api import SheetReport, Writer, check_sheet
from tangyin.errors import TangyinError, UsageError
from tangyin.model import inspection
from tangyin.model.inspection import lay_out
from tangyin.model.threads import go_on
from tangyin.prosody import Convention, Report, by_convention, check_poem, readings_of
from tangyin.prosody.lexicon import Reading
from tangyin.scoring import Score
from tangyin.verse import (
    Form,
    Found,
    Ids,
    Poem,
    find_poems,
    read_verse,
    to_simplified,
    to_traditional,
)
from tangyin.web import bodies
from tangyin.web.answers import AnyWork, Refusal, without_paths
from tangyin.web.bodies import (
    CheckBody,
    FixBody,
    PatternBody,
    ScoreBody,
    ScriptBody,
    TraceBody,
)
from tangyin.web.limits import NEXT, POEMS
from tangyin.writing import BLANK, prefix_for
from tangyin.writing.repair import fix_character

T = TypeVar("T")

router = APIRouter()


@dataclass(frozen=True, kw_only=True)
class Checked(Report):
    """The report on a poem.

    `number` counts the poems of the text from 1, `line` is the one on which it begins; `ways` are
    the readings of the characters in `readings`.
    """

    number: int
    line: int
    title: str
    author: str
    ways: dict[str, tuple[Reading, ...]]


@dataclass(frozen=True)
class Refused:
    """What is in the place of a poem that cannot be read.

    `text` is the poem, and `line` the line of the whole text where it begins.
    """

    number: int
    line: int
    text: str
    error: Refusal


@dataclass(frozen=True)
class Fix:
    """A poem without a fault that the given one has; `changed` has lines and places, from 1."""

    text: str
    lines: tuple[str, ...]
    changed: tuple[tuple[int, int], ...]
    regulated: bool
    log_likelihood: float


@dataclass(frozen=True)
class Expected:
    """A character or mark that the model might write next."""

    character: str
    probability: float


@dataclass(frozen=True)
class Trace:
    """A gate or state: a row for the prefix, and one for each character and mark.

    With a `unit`, `cell` holds all gates and states of it at each of them (none but c and h where
    the model's cell is not the plain LSTM), and `expected` the likeliest next characters.
    """

    model: str
    form: str
    quantity: str
    layer: int
    layers: int
    text: str
    values: list[list[float]]
    nll: list[float]
    unit: int | None
    cell: dict[str, list[float]]
    expected: list[list[Expected]]


@dataclass(frozen=True)
class Converted:
    """A text in the requested script."""

    text: str


@router.post("/check", response_model=list[Checked | Refused])
async def check(body: CheckBody, work: AnyWork) -> list[dict[str, Any]]:
    """Check the prosody of poems; one that cannot be read has its error in its place."""

    def checked() -> list[dict[str, Any]]:
        return [
            _refused(number, found, value, work.language)
            if isinstance(value, TangyinError)
            else {"number": number, "line": found.line, **_checked(value, body.convention)}
            for number, found, value in _read_each(body.text, read_verse)
        ]

    return await work.once(checked, "check", quick=True)


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
                typed = read_verse(body.text).lines
                return [_fix(writer, poem, typed, *way) for way in found[: body.count]]
        raise UsageError("server.no_fix")

    return await work.once(fixed, "fix")


@router.post("/score", response_model=list[Score | Refused])
async def score(body: ScoreBody, work: AnyWork) -> list[dict[str, Any]]:
    """Log-likelihood of given poems; one that cannot be read has its error in its place."""

    def scored() -> list[dict[str, Any]]:
        writer = work.library.writer(body.model)
        read = list(_read_each(body.text, writer.read))
        poems = [value[0] for _, _, value in read if not isinstance(value, TangyinError)]
        scores = writer.score_many(poems)
        return [
            _refused(number, found, value, work.language)
            if isinstance(value, TangyinError)
            else asdict(next(scores))
            for number, found, value in read
        ]

    return await work.once(scored, "score", quick=True)


@router.post("/sheet")
async def sheet(body: PatternBody, work: AnyWork) -> SheetReport:
    """Check a poem while it is written, and say what the rules ask of its open places."""
    return await work.once(lambda: check_sheet(**bodies.given(body)), "check", quick=True)


@router.post("/trace")
async def trace(body: TraceBody, work: AnyWork) -> Trace:
    """A gate or state of the network while it reads a text."""

    def traced() -> Trace:
        writer = work.library.writer(body.model)
        name, layers = writer.model.name, writer.model.architecture.layers
        form, text, prefix = _given(writer, body)
        if body.layer > layers:
            raise UsageError("server.no_layer", layer=body.layer, model=name, layers=layers)
        if not text:
            raise UsageError("text.empty")
        engine, size = writer.engine, writer.model.architecture.hidden_size
        if body.unit and body.unit > size:
            raise UsageError("server.no_unit", unit=body.unit, model=name, units=size)
        rows = inspection.trace(engine, prefix, text, body.layer - 1, body.quantity)
        nll = [round(float(nats), 4) for nats in inspection.surprises(engine, prefix, text)]
        return Trace(
            model=name,
            form=form.name,
            quantity=body.quantity,
            layer=body.layer,
            layers=layers,
            text=text,
            values=[_rounded(row) for row in rows],
            nll=nll,
            unit=body.unit,
            **(_closely(writer, prefix, text, body) if body.unit else {"cell": {}, "expected": []}),
        )

    return await work.once(traced, quick=True)


@router.post("/script")
async def script(body: ScriptBody, work: AnyWork) -> Converted:
    """A text in traditional or simplified characters."""
    convert = to_simplified if body.script == "simplified" else to_traditional
    return await work.once(lambda: Converted(convert(body.text)), quick=True)


def _closely(writer: Writer, prefix: Ids, text: str, body: TraceBody) -> dict[str, Any]:
    """One unit at every step, and what the model expects next there."""
    watched = inspection.watch(writer.engine, prefix, text, body.layer - 1)
    expected = inspection.continuations(writer.engine, prefix, text, NEXT)
    return {
        "cell": {name: _rounded(rows[:, (body.unit or 1) - 1]) for name, rows in watched.items()},
        "expected": [[Expected(c, round(p, 4)) for c, p in step] for step in expected],
    }


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(float(value), 3) for value in values]


def _read_each(
    text: str, read: Callable[[str], T]
) -> Iterator[tuple[int, Found, T | TangyinError]]:
    """The poems of a text: number, where it is, and what is read or why it cannot be."""
    number = 0
    for number, found in enumerate(find_poems(text.splitlines()), 1):
        go_on()
        if number > POEMS:
            raise UsageError("server.too_many_poems", most=POEMS)
        yield number, found, found.read(read)
    if not number:
        raise UsageError("text.none")


def _refused(number: int, found: Found, error: TangyinError, language: str) -> dict[str, Any]:
    place = {"number": number, "line": found.line, "text": found.text}
    return {**place, "error": without_paths(error).to_json(language)}


def _checked(poem: Poem, convention: Convention) -> dict[str, Any]:
    report = by_convention(check_poem(poem.lines), convention)
    read = {chosen.character for chosen in report.readings}
    ways = {
        character: [asdict(replace(way, share=round(way.share, 4))) for way in readings_of(c)]
        for line, known in zip(report.lines, report.read_as, strict=True)
        for character, c in zip(line, known, strict=True)
        if character in read
    }
    return {**asdict(report), "title": poem.title, "author": poem.author, "ways": ways}


def _given(writer: Writer, body: TraceBody) -> tuple[Form, str, Ids]:
    """The form and text of a body, and what the model reads before the text."""
    request = writer.request(form=body.form, title=body.title)
    text = lay_out(body.text, request.form)
    return request.form, text, prefix_for(request, writer.engine.vocabulary)


def _attempts(
    writer: Writer, poem: Poem, body: FixBody, faulty: set[int]
) -> Iterator[list[tuple[str, float]]]:
    """Texts and their log-likelihoods, from the smallest change to the largest."""
    ways = fix_character(writer.engine, poem, body.line, body.kind, body.count)
    yield [(changed.text, likelihood) for changed, likelihood in ways]
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


def _fix(
    writer: Writer, poem: Poem, typed: tuple[str, ...], text: str, log_likelihood: float
) -> Fix:
    """A fix of a poem, in the script in which it was `typed`."""
    lines = writer.read(text)[0].lines
    changed = tuple(
        (number, place)
        for number, (old, new) in enumerate(zip(poem.lines, lines, strict=True), 1)
        for place, (a, b) in enumerate(zip(old, new, strict=True), 1)
        if a != b
    )
    shown = lines
    if typed != poem.lines:
        new = dict(zip(lines, map(to_simplified, lines), strict=True))
        shown = tuple(
            "".join(
                new[line][at] if (number, at + 1) in changed else typed[number - 1][at]
                for at in range(len(line))
            )
            for number, line in enumerate(lines, 1)
        )
    text = "".join(map("".join, zip(shown, poem.marks, strict=True)))
    return Fix(text, shown, changed, check_poem(lines).regulated, log_likelihood)
