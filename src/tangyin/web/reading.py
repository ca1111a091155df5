"""The API about given verse: checking, scoring, looking into the model."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from fastapi import APIRouter

from tangyin.api import Writer
from tangyin.errors import UsageError
from tangyin.model import inspection
from tangyin.model.inspection import expectation, lay_out
from tangyin.prosody import Report, check_text, level_share, readings_of
from tangyin.prosody.lexicon import Reading
from tangyin.scoring import Score
from tangyin.verse import Form, Ids, read_each, to_simplified, to_traditional
from tangyin.web.answers import AnyWork
from tangyin.web.bodies import PlaceBody, PoemsBody, ScoreBody, ScriptBody, TraceBody
from tangyin.web.limits import POEMS
from tangyin.writing import prefix_for

T = TypeVar("T")

router = APIRouter()


@dataclass(frozen=True, kw_only=True)
class Checked(Report):
    """The report on one of several poems."""

    number: int


@dataclass(frozen=True)
class Candidate:
    """A character that the model might write; `level` is the share of its level readings."""

    character: str
    probability: float
    level: float


@dataclass(frozen=True)
class Place:
    """What is at a place, and what the model expected there (`model.inspection.Expectation`)."""

    character: str
    readings: list[Reading]
    known: bool
    probability: float
    rank: int
    candidates: list[Candidate]


@dataclass(frozen=True)
class Trace:
    """A gate or state: a row for the prefix, and one for each character and mark."""

    model: str
    form: str
    quantity: str
    layer: int
    layers: int
    text: str
    values: list[list[float]]
    nll: list[float]


@dataclass(frozen=True)
class Converted:
    """A text in the requested script."""

    text: str


@router.post("/check", response_model=list[Checked])
async def check(body: PoemsBody, work: AnyWork) -> list[dict[str, Any]]:
    """Check the prosody of poems."""

    def checked() -> list[dict[str, Any]]:
        reports = _read_each(body.text, check_text)
        return [{"number": n, **asdict(report)} for n, report in enumerate(reports, 1)]

    return await work.once(checked, "check")


@router.post("/score")
async def score(body: ScoreBody, work: AnyWork) -> list[Score]:
    """Log-likelihood of given poems."""

    def scored() -> list[Score]:
        writer = work.library.writer(body.model)
        return list(writer.score_many([poem for poem, _ in _read_each(body.text, writer.read)]))

    return await work.once(scored, "score")


@router.post("/place")
async def place(body: PlaceBody, work: AnyWork) -> Place:
    """Readings of a character, and what the model expected in its place."""

    def placed() -> Place:
        writer = work.library.writer(body.model)
        form, text, prefix = _given(writer, body)
        at = (body.line - 1) * (form.characters + 1) + body.character - 1
        if body.character > form.characters or at >= len(text):
            raise UsageError("server.no_character", line=body.line, character=body.character)
        found = expectation(writer.engine, prefix, text[:at], text[at], body.count)
        return Place(
            found.character,
            [replace(way, share=round(way.share, 4)) for way in readings_of(found.character)],
            found.known,
            found.probability,
            found.rank,
            [Candidate(c, p, round(level_share(c), 4)) for c, p in found.candidates],
        )

    return await work.once(placed)


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
        values = inspection.trace(
            writer.model, writer.engine, prefix, text, body.layer - 1, body.quantity
        )
        nll = inspection.surprises(writer.engine, prefix, text)
        rounded = [[round(float(value), 3) for value in row] for row in values]
        costs = [round(float(nats), 4) for nats in nll]
        return Trace(name, form.name, body.quantity, body.layer, layers, text, rounded, costs)

    return await work.once(traced)


@router.post("/script")
async def script(body: ScriptBody, work: AnyWork) -> Converted:
    """A text in traditional or simplified characters."""
    convert = to_simplified if body.script == "simplified" else to_traditional
    return await work.once(lambda: Converted(convert(body.text)))


def _read_each(text: str, read: Callable[[str], T]) -> list[T]:
    """What is read from the poems of a text, if all can be read."""
    found = []
    for number, poem in read_each(text, read):
        if number > POEMS:
            raise UsageError("server.too_many_poems", most=POEMS)
        if isinstance(poem, UsageError):
            raise poem
        found.append(poem)
    if not found:
        raise UsageError("text.none")
    return found


def _given(writer: Writer, body: PlaceBody | TraceBody) -> tuple[Form, str, Ids]:
    """The form and text of a body, and what the model reads before the text."""
    request = writer.request(form=body.form, title=body.title)
    text = lay_out(body.text, request.form)
    return request.form, text, prefix_for(request, writer.engine.vocabulary)
