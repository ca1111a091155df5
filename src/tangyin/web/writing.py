"""The API that writes poems, through the façade that the command line uses."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from tangyin.api import DEFAULT_RULE, Writer
from tangyin.results import Verse
from tangyin.web import bodies
from tangyin.web.answers import Event, Work
from tangyin.web.jobs import Job, one_by_one
from tangyin.web.library import Library, form_of
from tangyin.writing import (
    Argmax,
    Request,
    new_seed,
    opening_of,
    prefix_for,
    read_title,
    rule_named,
)
from tangyin.writing.gathering import Order, compose_gathered

Given = dict[str, Any]
AnyWork = Annotated[Work, Depends()]

EVENTS = (
    'event: line\ndata: {"number": 0, "line": 1, "text": "日落三邊別，"}\n\n'
    "event: poem\ndata: {… as in the JSON array …}\n\n"
    'event: end\ndata: {"poems": 1}\n\n'
)
"""An example, for the OpenAPI description."""


@dataclass(frozen=True)
class _Piece:
    """One free poem of one request."""

    order: Order
    title: str
    script: str


def router() -> APIRouter:
    """The routes; made anew for each application, from the options that there are then."""
    made = APIRouter()
    WriteBody, ReviseBody = bodies.write_body(), bodies.revise_body()
    streamed = {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": EVENTS}}}

    @made.post("/write", response_model=list[Verse], responses={200: streamed})
    async def write(body: WriteBody, work: AnyWork) -> Any:  # type: ignore[valid-type]
        """Write poems: a JSON array, or server-sent events for `Accept: text/event-stream`."""
        job = _job(work.library, bodies.given(body))
        return await (work.stream(job, _events) if work.wants_events else work.all(job))

    @made.post("/revise")
    async def revise(body: ReviseBody, work: AnyWork) -> list[Verse]:  # type: ignore[valid-type]
        """Other ways to write a line or a character of a poem, the likeliest first."""

        def revised() -> list[Verse]:
            model, options = _split(bodies.given(body))
            script = options.pop("script", "traditional")
            text, line = options.pop("text"), options.pop("line")
            verses = work.library.writer(model).revise(text, line, **options)
            return [verse.in_script(script) for verse in verses]

        return await work.once(revised, "revise")

    return made


def _job(library: Library, given: Given) -> Job[Verse]:
    """A job that writes poems; the errors of a free poem's options are raised here.

    Free poems of several requests with one model, form and rule are written side by side. A
    regulated poem has sixteen particles and fills the engine's products alone.
    """
    model, options = _split(given)
    writer = library.loaded(model)
    regulated, count = options.get("regulated", True), options.get("count", 1)
    # Not the name that a client gives: there would be no end of kinds.
    kind = f"{'regulated' if regulated else 'free'} {writer.model.name if writer else 'other'}"
    options.setdefault("seed", new_seed())
    if writer is None or regulated or isinstance(options["rule"], Argmax):
        return one_by_one(_written(library, model, options), count, kind)
    writer.write_many(**options)  # raises errors of the options, and writes nothing yet
    return _gathered(writer, options, kind)


def _events(poem: Verse) -> Iterator[Event]:
    """The lines of a poem with their marks, then the poem."""
    rest = poem.text
    for number, line in enumerate(poem.lines, 1):
        text, rest = rest[: len(line) + 1], rest[len(line) + 1 :]
        yield "line", {"number": poem.number, "line": number, "text": text}
    yield "poem", asdict(poem)


def _split(given: Given) -> tuple[str | None, Given]:
    """The model's name, and the options as a `Writer` takes them."""
    options = dict(given)
    numbers = {name: options.pop(name, None) for name in ("k", "certainty", "temperature", "p")}
    options["rule"] = rule_named(options.get("rule", DEFAULT_RULE), **numbers)
    if "include" in options:
        options["include"] = tuple(options["include"])
    return options.pop("model", None), options


def _written(library: Library, model: str | None, options: Given) -> Iterator[Verse]:
    yield from library.writer(model).write_many(**options)


def _gathered(writer: Writer, options: Given, kind: str) -> Job[Verse]:
    form, rule, vocabulary = (
        form_of(writer, options.get("form")),
        options["rule"],
        writer.engine.vocabulary,
    )
    wanted = {name: options.get(name, "") for name in ("acrostic", "title")}
    request = Request(form, options.get("start", ""), **wanted)
    opening, prefix = opening_of(request, vocabulary), prefix_for(request, vocabulary)
    title, script = read_title(request), options.get("script", "traditional")
    pieces = [
        _Piece(Order(opening, options["seed"], number), title, script)
        for number in range(options.get("count", 1))
    ]

    def work(together: list[_Piece]) -> list[Verse]:
        poems = compose_gathered(
            writer.engine, form, rule, [piece.order for piece in together], prefix
        )
        return [
            Verse(
                text=poem.text,
                lines=poem.lines,
                form=form.name,
                title=piece.title,
                model=writer.model.name,
                rule=rule.name,
                seed=piece.order.seed,
                number=piece.order.number,
                log_likelihood=poem.log_likelihood,
                traditional=poem.lines,
            ).in_script(piece.script)
            for piece, poem in zip(together, poems, strict=True)
        ]

    return Job(pieces, work, kind, key=(id(writer), form, rule, prefix.tobytes()))
