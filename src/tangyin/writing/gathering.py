"""Free poems of different callers, written side by side.

A product of the engine has sixteen rows whether they are used or not (`engine.TILE`), so that
sixteen poems take little longer than one. What each caller gave and the stream of random numbers
that each poem has are kept apart by row, and a poem comes out as `composer.compose` writes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.model.engine import Engine
from tangyin.model.threads import one_blas_thread
from tangyin.verse import EOS, MARKS, Form, Ids
from tangyin.writing.composer import END_MARKS, Composition
from tangyin.writing.randomness import poem_uniforms
from tangyin.writing.rules import Argmax, RandomK, Rule

FREE = -1
"""Stands for a token that is not given."""


@dataclass(frozen=True)
class Order:
    """One poem that is wanted.

    Attributes:
        opening: places that are given (`opening.read_opening`).
        seed: keys its random stream, with its number.
        number: which poem of that seed.
    """

    opening: dict[int, int]
    seed: int
    number: int


@one_blas_thread()
def compose_gathered(
    engine: Engine, form: Form, rule: Rule, orders: Sequence[Order], prefix: Ids
) -> list[Composition]:
    """Write a poem for each order, in their order.

    Args:
        engine: the model.
        form: the form of all of them.
        rule: the sampling rule of all of them; not argmax, under which a poem depends on its rank.
        orders: what is wanted.
        prefix: what is read before the text of all of them (`Vocabulary.prefix`).

    Raises:
        ValueError: the rule is argmax.
    """
    if isinstance(rule, Argmax):
        raise ValueError("poems under argmax are written by compose, which ranks them")
    if not orders:
        return []
    vocabulary = engine.vocabulary
    count, width = len(orders), form.characters + 1
    places = form.lines * width
    marks = [
        np.array([vocabulary.id(mark) for mark in admitted]) for admitted in (MARKS, END_MARKS)
    ]
    # random-k is uniform among characters; a poem with its marks at random would be no poem.
    mark_rule = Argmax() if isinstance(rule, RandomK) else rule
    given = np.full((count, places), FREE, dtype=np.int32)
    for row, order in enumerate(orders):
        for place, token in order.opening.items():
            given[row, place] = token
    uniforms = np.stack([poem_uniforms(o.seed, o.number, places) for o in orders])  # (B, places)
    rows, first = np.arange(count), int(vocabulary.hanzi_ids[0])
    tokens, state = engine.begin(prefix, count)
    text = np.empty((count, places), dtype=np.int32)
    likelihood = np.zeros(count)
    for place in range(places):
        log_probs = engine.log_probs(engine.step(tokens, state))  # (B, outputs)
        line, column = divmod(place, width)
        if column == form.characters:
            candidates = marks[line % 2]
            written = candidates[mark_rule.choose(log_probs[:, candidates], uniforms[:, place])]
        else:
            written = rule.choose(log_probs[:, first:], uniforms[:, place]) + first
        there = given[:, place]
        tokens = np.where(there == FREE, written, there).astype(np.int32)
        text[:, place] = tokens
        likelihood += log_probs[rows, tokens]
    likelihood += engine.log_probs(engine.step(tokens, state))[:, vocabulary.id(EOS)]
    return [
        Composition(vocabulary.decode(poem), float(value))
        for poem, value in zip(text, likelihood, strict=True)
    ]
