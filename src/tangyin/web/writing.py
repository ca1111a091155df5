"""Requests for poems as jobs, through the façade that the command line uses."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tangyin.api import Writer
from tangyin.results import Verse
from tangyin.verse import Form
from tangyin.web.jobs import Alone, Gathered, Job, once
from tangyin.web.library import Library, form_of
from tangyin.web.requests import ReviseBody, WriteBody
from tangyin.writing import (
    Argmax,
    Composition,
    Request,
    Rule,
    new_seed,
    opening_of,
    prefix_for,
    read_title,
    rule_named,
)
from tangyin.writing.gathering import Order, compose_gathered

Json = dict[str, Any]


@dataclass(frozen=True)
class _Piece:
    """One free poem of one request."""

    order: Order
    title: str
    script: str


def writing(library: Library, body: WriteBody) -> Job[Json]:
    """The job that `/api/write` asks for; its results are poems as JSON.

    Free poems of several requests with one model, form and rule are written side by side. A
    regulated poem has sixteen particles and fills the engine's products by itself.

    Raises:
        TangyinError: the options of a free poem cannot be; those of others show in the job.
    """
    seed = new_seed() if body.seed is None else body.seed
    rule = rule_named(body.rule, **body.numbers())
    writer = library.at_hand(body.model)
    # Not by what a client calls it: there would be no end of kinds.
    name = writer.model.name if writer else "other"
    kind = f"{'regulated' if body.regulated else 'free'} {name}"
    if writer is None or body.regulated or isinstance(rule, Argmax):
        return Alone(_written(library, body, rule, seed), body.count, kind)
    _write_many(writer, body, rule, seed)  # which refuses what cannot be, and writes nothing yet
    form = form_of(writer, body.form)
    wish = Request(form, body.start, acrostic=body.acrostic, title=body.title)
    vocabulary = writer.engine.vocabulary
    opening, prefix = opening_of(wish, vocabulary), prefix_for(wish, vocabulary)
    title = read_title(wish)
    pieces = [
        _Piece(Order(opening, seed, number), title, body.script) for number in range(body.count)
    ]

    def work(together: list[_Piece]) -> list[Json]:
        orders = [piece.order for piece in together]
        poems = compose_gathered(writer.engine, form, rule, orders, prefix)
        return [
            _verse(writer, form, rule, piece, poem).to_json()
            for piece, poem in zip(together, poems, strict=True)
        ]

    return Gathered((id(writer), form, rule, prefix.tobytes()), pieces, work, kind)


def revising(library: Library, body: ReviseBody) -> Job[list[Json]]:
    """The job that `/api/revise` asks for; its result are poems as JSON."""

    def revised() -> list[Json]:
        verses = library.writer(body.model).revise(
            body.text,
            body.line,
            character=body.character,
            regulated=body.regulated,
            rule=rule_named(body.rule, **body.numbers()),
            count=body.count,
            seed=body.seed,
            **body.wishes(),
        )
        return [verse.in_script(body.script).to_json() for verse in verses]

    return once(revised, "revise")


def _written(library: Library, body: WriteBody, rule: Rule, seed: int) -> Iterator[Json]:
    for verse in _write_many(library.writer(body.model), body, rule, seed):
        yield verse.to_json()


def _write_many(writer: Writer, body: WriteBody, rule: Rule, seed: int) -> Iterator[Verse]:
    return writer.write_many(
        body.start,
        form=body.form,
        regulated=body.regulated,
        rule=rule,
        count=body.count,
        seed=seed,
        script=body.script,
        particles=body.particles,
        **body.wishes(),
    )


def _verse(writer: Writer, form: Form, rule: Rule, piece: _Piece, poem: Composition) -> Verse:
    """A poem as the façade hands it out."""
    verse = Verse(
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
    )
    return verse.in_script(piece.script)
