"""Free writing: the decode loop without a law, one row per poem."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.errors import UsageError
from tangyin.metre.law import Draft
from tangyin.model.engine import Engine
from tangyin.model.threads import shared_out
from tangyin.verse import Form, Ids
from tangyin.writing.decoding import Composition, Decoder, Guide, Watch
from tangyin.writing.opening import first_free, laid_out
from tangyin.writing.randomness import poem_uniforms, what_is_asked
from tangyin.writing.rules import Argmax, Rule


@dataclass(frozen=True)
class Order:
    """One poem to write."""

    opening: dict[int, int]  # given tokens by place (`opening.read_opening`)
    seed: int
    number: int  # which poem of that seed
    watch: Watch | None = None


def compose(
    engine: Engine,
    form: Form,
    rule: Rule,
    orders: Sequence[Order],
    prefix: Ids | None = None,
    guide: Guide | None = None,
) -> list[Composition]:
    """Write a poem for each order, side by side; each comes out as it would alone.

    The prefix (`Vocabulary.prefix`) is the form alone when None.
    """
    if not orders:
        return []
    check_numbers(rule, max(order.number for order in orders), len(engine.vocabulary.hanzi))
    read = engine.vocabulary.prefix(form) if prefix is None else prefix
    return shared_out(
        lambda part: _composed(engine, form, rule, part, read, guide),
        orders,
        engine.rows_of_thread,
    )


def _composed(
    engine: Engine,
    form: Form,
    rule: Rule,
    orders: Sequence[Order],
    prefix: Ids,
    guide: Guide | None,
) -> list[Composition]:
    hanzi = engine.vocabulary.hanzi
    given, marks = laid_out([order.opening for order in orders], form, engine.vocabulary)
    asked = (what_is_asked(form, *row, prefix) for row in zip(given, marks, strict=True))
    uniforms = [
        poem_uniforms(order.seed, order.number, form.places, poem)
        for order, poem in zip(orders, asked, strict=True)
    ]
    decoder = Decoder(
        engine,
        rule,
        [prefix],
        Draft(form, hanzi, given),
        marks,
        numbers=np.array([order.number for order in orders]),
        first_free=np.array([first_free(row) for row in given]),
        uniforms=np.stack(uniforms),
        guide=guide,
    )
    watched = [(row, order.watch) for row, order in enumerate(orders) if order.watch]

    def tell() -> None:
        for row, watch in watched:
            watch(decoder.text(row), len(decoder.written))

    decoder.watch = tell if watched else None
    decoder.run()
    return decoder.compositions(np.arange(len(orders)))


def check_numbers(rule: Rule, largest: int, known: int) -> None:
    """Refuse more poems under argmax than there are characters known to begin with."""
    if isinstance(rule, Argmax) and largest >= known:
        raise UsageError("request.argmax_count", known=known)
