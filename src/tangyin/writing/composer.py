"""Writing poems that keep their form: the search over places, many poems side by side."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tangyin.errors import UsageError
from tangyin.model.engine import Engine
from tangyin.model.threads import one_blas_thread
from tangyin.verse import EOS, MARKS, Form, Ids
from tangyin.writing.randomness import poem_uniforms
from tangyin.writing.rules import Argmax, Choice, RandomK, Rule

END_MARKS = "。？！"
"""What may close an even line."""


@dataclass(frozen=True)
class Composition:
    """One poem as it came out.

    Attributes:
        text: lines and marks.
        log_likelihood: natural logarithm of the text's probability, `<eos>` included, under the
            model without any mask, given the prefix that was read.
    """

    text: str
    log_likelihood: float

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines without marks."""
        return tuple(re.split(f"[{MARKS}]", self.text)[:-1])


@one_blas_thread()
def compose(
    engine: Engine,
    form: Form,
    opening: dict[int, int],
    rule: Rule,
    seed: int,
    numbers: Sequence[int],
    prefix: Ids | None = None,
) -> list[Composition]:
    """Write one poem for each number.

    At each place the rule chooses among what the form admits there: known characters inside a
    line; at its end a mark, an even line closing with 。, ？ or ！. So a poem comes out whole, and
    `<unk>` never does. Under argmax all poems would be one: there poem n opens with the n-th most
    likely first free character.

    Args:
        engine: the model.
        form: the form of the poems.
        opening: places that are given (`opening.read_opening`).
        rule: the sampling rule.
        seed: keys the poems' random streams, with their number.
        numbers: which poems of that seed to write, side by side.
        prefix: what is read before the text (`Vocabulary.prefix`); the form alone when None.

    Raises:
        UsageError: the model was not trained on the form, or knows fewer first characters than
            argmax is asked for.
    """
    if not numbers:
        return []
    vocabulary = engine.vocabulary
    count, width = len(numbers), form.characters + 1
    places = form.lines * width
    marks = [
        np.array([vocabulary.id(mark) for mark in admitted]) for admitted in (MARKS, END_MARKS)
    ]
    ranks = _opening_ranks(rule, numbers, len(vocabulary.hanzi))
    first_free = next(
        (p for p in range(places) if p not in opening and p % width < width - 1), None
    )
    # random-k is uniform among characters; a poem with its marks at random would be no poem.
    mark_rule = Argmax() if isinstance(rule, RandomK) else rule
    uniforms = np.stack([poem_uniforms(seed, number, places) for number in numbers])  # (B, places)
    rows = np.arange(count)
    tokens, state = engine.begin(vocabulary.prefix(form) if prefix is None else prefix, count)
    text = np.empty((count, places), dtype=np.int32)
    likelihood = np.zeros(count)
    for place in range(places):
        log_probs = engine.log_probs(engine.step(tokens, state))  # (B, outputs)
        line, column = divmod(place, width)
        if place in opening:
            tokens = np.full(count, opening[place], dtype=np.int32)
        elif column == form.characters:
            candidates = marks[line % 2]
            chosen = mark_rule.choose(log_probs[:, candidates], uniforms[:, place])
            tokens = candidates[chosen].astype(np.int32)
        else:
            first = int(vocabulary.hanzi_ids[0])
            within = log_probs[:, first:]  # the characters come last, so no copy is made
            if ranks is not None and place == first_free:
                chosen = np.argsort(-within, axis=1, kind="stable")[rows, ranks]
            else:
                chosen = rule.choose(within, uniforms[:, place])
            tokens = (chosen + first).astype(np.int32)
        text[:, place] = tokens
        likelihood += log_probs[rows, tokens]
    likelihood += engine.log_probs(engine.step(tokens, state))[:, vocabulary.id(EOS)]
    return [
        Composition(vocabulary.decode(poem), float(value))
        for poem, value in zip(text, likelihood, strict=True)
    ]


def _opening_ranks(rule: Rule, numbers: Sequence[int], known: int) -> Choice | None:
    """Rank of the first free character of each poem, where the rule itself draws nothing."""
    if not isinstance(rule, Argmax):
        return None
    if max(numbers) >= known:
        raise UsageError(
            f"under argmax poems differ by their first free character, and the model knows {known} "
            "of them; ask for fewer poems or use another rule"
        )
    return np.asarray(numbers, dtype=np.intp)
