"""The API that writes poems, through the façade that the command line uses."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from tangyin.api import Candidates, LineWay, Writer
from tangyin.web import bodies
from tangyin.web.answers import AnyWork, Event
from tangyin.web.bodies import CandidatesBody, LinesBody
from tangyin.web.library import Library
from tangyin.web.pool import Job, one_by_one
from tangyin.writing import (
    Order,
    Request,
    Verse,
    compose,
    guide_for,
    new_seed,
    opening_of,
    prefix_for,
)
from tangyin.writing.options import PARTICLES

EVENTS = (
    'event: line\ndata: {"number": 0, "line": 1, "text": "日落三邊別，"}\n\n'
    "event: poem\ndata: {… as in the JSON array …}\n\n"
    'event: end\ndata: {"poems": 1}\n\n'
)


def router() -> APIRouter:
    """The routes, made from the options that there are when an application is created."""
    made = APIRouter()
    WriteBody, ReviseBody = bodies.write_body(), bodies.revise_body()
    streamed = {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": EVENTS}}}

    @made.post("/write", response_model=list[Verse], responses={200: streamed})
    async def write(body: WriteBody, work: AnyWork) -> Any:  # type: ignore[valid-type]
        """Write poems: a JSON array, or server-sent events for `Accept: text/event-stream`."""
        job = _job(work.library, **bodies.given(body))
        return await (work.stream(job, _events) if work.wants_events else work.all(job))

    @made.post("/revise")
    async def revise(body: ReviseBody, work: AnyWork) -> list[Verse]:  # type: ignore[valid-type]
        """Other ways to write a line or a character of a poem, the likeliest first."""
        given = bodies.given(body)
        model = given.pop("model", None)
        return await work.once(lambda: work.library.writer(model).revise(**given), "revise")

    @made.post("/candidates")
    async def candidates(body: CandidatesBody, work: AnyWork) -> Candidates:
        """What fits a place of a poem, finished or not, by all that is before and after it."""
        given = bodies.given(body)
        model = given.pop("model", None)

        def found() -> Candidates:
            return work.library.writer(model).candidates(**given)

        return await work.once(found, "candidates", quick=True)

    @made.post("/lines")
    async def lines(body: LinesBody, work: AnyWork) -> list[LineWay]:
        """Different ways to write a line of a poem, finished or not, the best first."""
        given = bodies.given(body)
        model = given.pop("model", None)
        return await work.once(lambda: work.library.writer(model).lines(**given), "lines")

    return made


def _job(library: Library, *, model: str | None = None, **given: Any) -> Job[Verse]:
    """A job that writes poems; the errors of a free poem's options are raised here.

    Free poems of several requests with one model, form and rule are written side by side. A
    regulated poem has its particles side by side.
    """
    writer = library.loaded(model)
    # Not the name that a client gives: there would be no end of kinds.
    kind = writer.model.name if writer else "other"
    given.setdefault("seed", new_seed())
    if writer is not None and given.get("regulated") is False:
        writer.write_many(**given)  # checks the options, and writes nothing yet
        return _gathered(writer, writer.request(**given), f"free {kind}")

    def poems() -> Iterator[Verse]:
        yield from library.writer(model).write_many(**given)

    # How long a poem takes depends on its particles, and on the words that they place.
    size = given.get("particles", PARTICLES) // 16, len(given.get("include", ()))
    return one_by_one(poems(), given.get("count", 1), f"regulated {kind} {size}")


def _gathered(writer: Writer, request: Request, kind: str) -> Job[Verse]:
    form, rule, vocabulary = request.form, request.rule, writer.engine.vocabulary
    opening, prefix = opening_of(request, vocabulary), prefix_for(request, vocabulary)
    guide = guide_for(request, vocabulary)
    orders = [Order(opening, request.seed or 0, number) for number in range(request.count)]

    def work(together: list[tuple[Order, Request]]) -> list[Verse]:
        poems = compose(writer.engine, form, rule, [order for order, _ in together], prefix, guide)
        return [
            writer.verse(poem, of, order.seed, order.number).in_script(of.script)
            for poem, (order, of) in zip(poems, together, strict=True)
        ]

    pieces = [(order, request) for order in orders]
    strength = guide.strength if guide else 0.0
    return Job(pieces, work, kind, key=(id(writer), form, rule, prefix.tobytes(), strength))


def _events(poem: Verse) -> Iterator[Event]:
    """The lines of a poem with their marks, then the poem."""
    rest = poem.text
    for number, line in enumerate(poem.lines, 1):
        text, rest = rest[: len(line) + 1], rest[len(line) + 1 :]
        yield "line", {"number": poem.number, "line": number, "text": text}
    yield "poem", asdict(poem)
