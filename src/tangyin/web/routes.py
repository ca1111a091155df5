"""The routes of the API: each asks the desk, or the references, by its own name."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tangyin import reference
from tangyin.api import Answer, Candidates, LineWay, SheetReport, Verse, Writer
from tangyin.scoring import Score
from tangyin.web import bodies
from tangyin.web.answers import AnyWork, Event
from tangyin.web.desk import Begun, Checked, CheckedCi, Converted, Desk, Fix, Refused, Trace
from tangyin.web.library import Library
from tangyin.web.pasted import Pasted
from tangyin.web.pool import Job, one_by_one
from tangyin.writing import (
    Order,
    Request,
    compose,
    guide_for,
    new_seed,
    opening_of,
    prefix_for,
)
from tangyin.writing.decoding import Watch
from tangyin.writing.options import PARTICLES

Handler = Callable[..., Awaitable[Any]]

QUESTIONS: dict[str, tuple[type[BaseModel], Any, bool]] = {
    "candidates": (bodies.CandidatesBody, Candidates, True),
    "lines": (bodies.LinesBody, list[LineWay], False),
    "couplet": (bodies.CoupletBody, list[Answer], False),
    "check": (bodies.CheckBody, list[Checked | CheckedCi | Refused], True),
    "fix": (bodies.FixBody, list[Fix], False),
    "score": (bodies.ScoreBody, list[Score | Refused], True),
    "sheet": (bodies.PatternBody, SheetReport, True),
    "trace": (bodies.TraceBody, Trace, True),
    "script": (bodies.ScriptBody, Converted, True),
    "paste": (bodies.PasteBody, list[Pasted], True),
}
"""By the name of a method of the desk: its body, its answer, and whether it writes no verse."""

LOOK_UPS: tuple[tuple[type[BaseModel], Any, Callable[..., Any], str, str], ...] = (
    (bodies.WordQuery, reference.Rhymes, reference.rhymes, "rhyme",
     "The rhyme with a name, or those of a character, commonest characters first."),
    (bodies.WordQuery, reference.Characters, reference.characters, "character",
     "Readings of a character with `count` examples each, and the places of a line it fits."),
    (bodies.FindQuery, reference.Lines, reference.find, "find",
     "The lines of the corpus with a word."),
    (bodies.PoemQuery, reference.Record, reference.poem, "poem",
     "A poem of the corpus by its id."),
    (bodies.WordQuery, reference.Opposites, reference.parallel, "parallel",
     "What poets set opposite a word, and candidates of the antithesis model."),
)  # fmt: skip
"""Query, answer, the function that takes the query's fields in order, name and description."""

EVENTS = (
    'event: draft\ndata: {"number": 0, "text": "日落三", "settled": 2}\n\n'
    "event: poem\ndata: {… as in the JSON array …}\n\n"
    'event: end\ndata: {"poems": 1}\n\n'
)


def router() -> APIRouter:
    """The routes, made from the options that there are when an application is created."""
    made = APIRouter()
    WriteBody = bodies.write_body()
    streamed = {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": EVENTS}}}

    @made.post("/write", response_model=list[Verse], responses={200: streamed})
    async def write(body: WriteBody, work: AnyWork) -> Any:  # type: ignore[valid-type]
        """Write poems: a JSON array, or server-sent events for `Accept: text/event-stream`.

        Events: `draft` after each character of the first poem, `poem` for each that is done, and
        `end`, or `error`. Of a draft the characters after the first `settled` may still change.
        """
        job = _job(work.library, streamed=work.wants_events, **bodies.given(body))
        return await (work.stream(job, _event) if work.wants_events else work.all(job))

    for name, (body, answer, quick) in QUESTIONS.items():
        route = made.post(
            f"/{name}", name=name, response_model=answer, description=getattr(Desk, name).__doc__
        )
        route(_question(name, body, quick))
    for query, answer, ask, name, description in LOOK_UPS:
        route = made.get(f"/{name}", name=name, response_model=answer, description=description)
        route(_look_up(query, ask))
    return made


def _question(name: str, Body: type[BaseModel], quick: bool) -> Handler:
    """What answers with the method of the desk of a name."""

    async def asked(body: Body, work: AnyWork) -> Any:  # type: ignore[valid-type]
        given = bodies.given(body)
        return await work.once(lambda: getattr(work.desk, name)(**given), name, quick=quick)

    return asked


def _look_up(Asked: type[BaseModel], ask: Callable[..., Any]) -> Handler:
    """What answers with a function of the references, in the requested script."""

    async def looked_up(query: Annotated[Asked, Query()], work: AnyWork) -> Any:  # type: ignore[valid-type]
        given = query.model_dump()  # type: ignore[attr-defined]
        script = given.pop("script")

        def found() -> Any:
            return reference.in_script(asdict(ask(*given.values())), script)

        return await work.once(found, "reference", quick=True)

    return looked_up


def _job(library: Library, *, streamed: bool, model: str | None = None, **given: Any) -> Job[Verse]:
    """A job that writes poems; the errors of a free poem's options are raised here.

    Free poems of several requests with one model, form and rule are written side by side. A
    regulated poem has its particles side by side. When `streamed`, it gives the beginnings of its
    first poem too.
    """
    writer = library.loaded(model)
    # Not the name that a client gives: there would be no end of kinds.
    kind = writer.model.name if writer else "other"
    given.setdefault("seed", new_seed())

    def tell(text: str, settled: int) -> None:
        job.tell(Begun(0, text, settled))

    watch = tell if streamed else None
    if writer is not None and given.get("regulated") is False:
        writer.write_many(**given)  # checks the options, and writes nothing yet
        job = _gathered(writer, writer.request(**given), f"free {kind}", watch)
        return job

    def poems() -> Iterator[Verse]:
        yield from library.writer(model).write_many(watch=watch, **given)

    # How long a poem takes depends on its particles, and on the words that they place.
    size = given.get("particles", PARTICLES) // 16, len(given.get("include", ()))
    job = one_by_one(poems(), given.get("count", 1), f"regulated {kind} {size}")
    return job


def _gathered(writer: Writer, request: Request, kind: str, watch: Watch | None) -> Job[Verse]:
    form, rule, vocabulary = request.form, request.rule, writer.engine.vocabulary
    opening, prefix = opening_of(request, vocabulary), prefix_for(request, vocabulary)
    guide = guide_for(request, vocabulary)
    passed_on, seed = watch and writer.watch_for(request, watch), request.seed or 0
    orders = [Order(opening, seed, n, None if n else passed_on) for n in range(request.count)]

    def work(together: list[tuple[Order, Request]]) -> list[Verse]:
        poems = compose(writer.engine, form, rule, [order for order, _ in together], prefix, guide)
        return [
            writer.verse(poem, of, order.seed, order.number).in_script(of.script)
            for poem, (order, of) in zip(poems, together, strict=True)
        ]

    pieces = [(order, request) for order in orders]
    strength = guide.strength if guide else 0.0
    return Job(pieces, work, kind, key=(id(writer), form, rule, prefix.tobytes(), strength))


def _event(given: Verse | Begun) -> Event:
    return ("draft" if isinstance(given, Begun) else "poem"), asdict(given)
