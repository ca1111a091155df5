"""What the page asks for: verse written, checked, fixed, scored and traced.

The routes of the server (`routes.py`) and the worker of a page without a server
(`alone.py`) call the same methods. They take the fields of the bodies (`bodies.py`) by name.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tangyin.api import Answer, Candidates, LineWay, SheetReport, Verse, Writer, check_sheet
from tangyin.errors import TangyinError, UsageError
from tangyin.metre import (
    AnyReport,
    CiReport,
    Convention,
    Report,
    book_named,
    check_any,
    check_poem,
)
from tangyin.metre.lexicon import Reading
from tangyin.model import inspection
from tangyin.model.threads import go_on
from tangyin.verse import (
    Found,
    Poem,
    find_poems,
    read_verse,
    to_simplified,
    to_traditional,
)
from tangyin.web.library import Library
from tangyin.web.limits import NEXT, POEMS
from tangyin.web.pasted import Pasted, read_pasted
from tangyin.writing import BLANK, prefix_for
from tangyin.writing.decoding import Watch
from tangyin.writing.repair import fix_character

T = TypeVar("T")


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


@dataclass(frozen=True, kw_only=True)
class CheckedCi(CiReport):
    """The report on a 詞; for the fields see `Checked`."""

    number: int
    line: int
    title: str
    author: str


@dataclass(frozen=True)
class Refusal:
    """An error: its code, the values in its message, and the message."""

    code: str
    params: dict[str, Any]
    message: str


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


@dataclass(frozen=True)
class Begun:
    """The beginning of the first poem; its characters after the first `settled` may change."""

    number: int
    text: str
    settled: int


@dataclass(frozen=True)
class Desk:
    """Answers in a language, by the models of a library.

    Every method may raise `UsageError` or `TangyinError`.
    """

    library: Library
    language: str

    def check(
        self, text: str, convention: Convention = "usual", tune: str = "", book: str = ""
    ) -> list[dict[str, Any]]:
        """Check the prosody of poems; one that cannot be read has its error in its place."""
        named = book_named(book) if book else None
        read = partial(check_any, convention=convention, tune=tune, book=named)
        return [
            self._refused(number, found, value)
            if isinstance(value, TangyinError)
            else {"number": number, "line": found.line, **_checked(*value)}
            for number, found, value in _read_each(text, read)
        ]

    def fix(
        self, text: str, line: int, kind: str, count: int = 5, model: str | None = None
    ) -> list[Fix]:
        """Poems without a fault that the given one has, those with the fewest changes first."""
        writer = self.library.writer(model)
        poem, _ = writer.read(text)
        faults = {(fault.line, fault.kind) for fault in check_poem(poem.lines).faults}
        if (line, kind) not in faults:
            raise UsageError("server.no_fault", kind=kind[:20], line=line)
        faulty = {number for number, _ in faults}
        for found in _attempts(writer, poem, (line, kind), faulty, count):
            if found:
                typed = read_verse(text).lines
                return [_fix(writer, poem, typed, *way) for way in found[:count]]
        raise UsageError("server.no_fix")

    def score(self, text: str, model: str | None = None) -> list[dict[str, Any]]:
        """Log-likelihood of given poems; one that cannot be read has its error in its place."""
        writer = self.library.writer(model)
        read = list(_read_each(text, writer.read))
        poems = [value[0] for _, _, value in read if not isinstance(value, TangyinError)]
        scores = writer.score_many(poems)
        return [
            self._refused(number, found, value)
            if isinstance(value, TangyinError)
            else asdict(next(scores))
            for number, found, value in read
        ]

    def sheet(self, rows: list[str], form: str, pattern: str = "") -> SheetReport:
        """Check a poem while it is written, and say what the rules ask of its open places."""
        return check_sheet(rows, form, pattern)

    def trace(
        self,
        text: str,
        *,
        form: str | None = None,
        title: str = "",
        quantity: str = "c",
        layer: int = 1,
        unit: int | None = None,
        model: str | None = None,
    ) -> Trace:
        """A gate or state of the network while it reads a text."""
        writer = self.library.writer(model)
        name, layers = writer.model.name, writer.model.architecture.layers
        request = writer.request(form=form, title=title)
        text = inspection.lay_out(text, request.form)
        if layer > layers:
            raise UsageError("server.no_layer", layer=layer, model=name, layers=layers)
        if not text:
            raise UsageError("text.empty")
        engine, size = writer.engine, writer.model.architecture.hidden_size
        prefix = prefix_for(request, engine.vocabulary)
        if unit and unit > size:
            raise UsageError("server.no_unit", unit=unit, model=name, units=size)
        values = inspection.trace(engine, prefix, text, layer - 1, quantity)
        nll = [round(float(nats), 4) for nats in inspection.surprises(engine, prefix, text)]
        cell: dict[str, list[float]] = {}
        expected: list[list[Expected]] = []
        if unit:
            watched = inspection.watch(engine, prefix, text, layer - 1)
            cell = {name: _rounded(rows[:, unit - 1]) for name, rows in watched.items()}
            likeliest = inspection.continuations(engine, prefix, text, NEXT)
            expected = [[Expected(c, round(p, 4)) for c, p in step] for step in likeliest]
        return Trace(
            model=name,
            form=request.form.name,
            quantity=quantity,
            layer=layer,
            layers=layers,
            text=text,
            values=[_rounded(row) for row in values],
            nll=nll,
            unit=unit,
            cell=cell,
            expected=expected,
        )

    def script(self, text: str, script: str) -> Converted:
        """A text in traditional or simplified characters."""
        return Converted((to_simplified if script == "simplified" else to_traditional)(text))

    def paste(self, text: str, form: str = "", widths: tuple[int, ...] = ()) -> list[Pasted]:
        """The poems of a text, finished or not, for a sheet of a form with these lines."""
        return read_pasted(text, form, widths)

    def write(self, watch: Watch, model: str | None = None, **given: Any) -> Iterator[Verse]:
        """Write poems, each as soon as it is requested (`Writer.write_many`)."""
        return self.library.writer(model).write_many(watch=watch, **given)

    def candidates(self, model: str | None = None, **given: Any) -> Candidates:
        """What fits a place of a poem, finished or not, by all that is before and after it."""
        return self.library.writer(model).candidates(**given)

    def lines(self, model: str | None = None, **given: Any) -> list[LineWay]:
        """Different ways to write a line of a poem, finished or not, the best first."""
        return self.library.writer(model).lines(**given)

    def couplet(self, model: str | None = None, **given: Any) -> list[Answer]:
        """Lower lines that answer the upper line of a 對聯, the best first."""
        return self.library.writer(model).answer(**given)

    def _refused(self, number: int, found: Found, error: TangyinError) -> dict[str, Any]:
        place = {"number": number, "line": found.line, "text": found.text}
        return {**place, "error": without_paths(error).to_json(self.language)}


def without_paths(error: TangyinError) -> TangyinError:
    """The error as a client may see it: of the path of a file on this machine, the name alone."""
    paths = [str(error.params[name]) for name in ("path", "folder") if name in error.params]

    def seen(value: Any) -> Any:
        if isinstance(value, TangyinError):
            return without_paths(value)
        for path in paths if isinstance(value, str | Path) else ():
            value = str(value).replace(path, Path(path).name)
        return value

    return TangyinError(error.code, **{name: seen(value) for name, value in error.params.items()})


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


def _checked(poem: Poem, report: AnyReport) -> dict[str, Any]:
    names = {"title": poem.title, "author": poem.author}
    if isinstance(report, CiReport):
        return {**asdict(report), **names}
    book = book_named(report.book)
    read = {chosen.character for chosen in report.readings}
    ways = {
        character: [asdict(replace(way, share=round(way.share, 4))) for way in book.readings(c)]
        for line, known in zip(report.lines, report.read_as, strict=True)
        for character, c in zip(line, known, strict=True)
        if character in read
    }
    return {**asdict(report), **names, "ways": ways}


def _attempts(
    writer: Writer, poem: Poem, fault: tuple[int, str], faulty: set[int], count: int
) -> Iterator[list[tuple[str, float]]]:
    """Texts and their log-likelihoods, from the smallest change to the largest."""
    line, kind = fault
    ways = fix_character(writer.engine, poem, line, kind, count)
    yield [(changed.text, likelihood) for changed, likelihood in ways]
    if line:
        yield _rewritten(writer, poem, {line}, count)
    yield _rewritten(writer, poem, faulty, count)


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
    in_script = str if typed == poem.lines else to_simplified
    shown = tuple(
        "".join(
            given if a == b else written
            for given, written, a, b in zip(own, in_script(new), old, new, strict=True)
        )
        for own, old, new in zip(typed, poem.lines, lines, strict=True)
    )
    text = "".join(map("".join, zip(shown, poem.marks, strict=True)))
    return Fix(text, shown, changed, check_poem(lines).regulated, log_likelihood)
