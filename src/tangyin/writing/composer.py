"""Free writing: poems that keep their form and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.errors import UsageError
from tangyin.model.engine import Engine
from tangyin.model.threads import one_blas_thread
from tangyin.verse import Form, Ids
from tangyin.writing.constraints import Draft
from tangyin.writing.decoding import Composition, Decoder
from tangyin.writing.opening import first_free, laid_out
from tangyin.writing.randomness import poem_uniforms
from tangyin.writing.rules import Argmax, Rule


@dataclass(frozen=True)
class Order:
    """One poem to write.

    Attributes:
        opening: given tokens by place (`opening.read_opening`).
        seed: keys its random stream, together with `number`.
        number: which poem of that seed.
    """

    opening: dict[int, int]
    seed: int
    number: int


@one_blas_thread()
def compose(
    engine: Engine, form: Form, rule: Rule, orders: Sequence[Order], prefix: Ids | None = None
) -> list[Composition]:
    """Write a poem for each order, side by side; each comes out as it would alone.

    A product of the engine takes sixteen rows whether they are used or not (`engine.TILE`), so
    sixteen poems take little longer than one.

    The orders may be those of different callers. All have the form, the rule and the prefix
    (`Vocabulary.prefix`) in common, which is the form alone when None.

    Raises:
        UsageError: the model was not trained on the form; or under argmax, it knows no more
            characters than the number of a poem.
    """
    if not orders:
        return []
    hanzi = engine.vocabulary.hanzi
    check_numbers(rule, max(order.number for order in orders), len(hanzi))
    given, marks = laid_out([order.opening for order in orders], form, engine.vocabulary)
    places = form.lines * (form.characters + 1)
    decoder = Decoder(
        engine,
        rule,
        engine.vocabulary.prefix(form) if prefix is None else prefix,
        Draft(form, hanzi, np.zeros_like(given), given),
        marks,
        numbers=np.array([order.number for order in orders]),
        first_free=np.array([first_free(row) for row in given]),
        uniforms=np.stack([poem_uniforms(o.seed, o.number, places) for o in orders]),
    )
    decoder.run()
    return [decoder.composition(row) for row in range(len(orders))]


def check_numbers(rule: Rule, largest: int, known: int) -> None:
    """Refuse more poems under argmax than there are characters known to begin with."""
    if isinstance(rule, Argmax) and largest >= known:
        raise UsageError("request.argmax_count", known=known)
