"""Writing without a mask: the rule chooses among all tokens, including `<unk>` and `<eos>`."""

from collections.abc import Sequence

import numpy as np

from tangyin.model import Engine
from tangyin.verse import EOS, UNK, Form, Vocabulary, form_of_text
from tangyin.writing import Rule, poem_uniforms

LONGEST = 80
"""Tokens after which an unfinished text is cut; a 七律 has 64."""


def write_unmasked(
    engine: Engine, rule: Rule, seed: int, starts: Sequence[str], form: Form | None
) -> list[list[int]]:
    """Write freely until `<eos>`: the tokens of each text without it, at most `LONGEST`.

    Text n is poem n of the seed on its start. `starts` are the first characters of each, all known
    and equally many; they may be "".
    """
    vocabulary = engine.vocabulary
    given = np.array([vocabulary.encode(start) for start in starts], dtype=np.int32)
    uniforms = np.stack(
        [poem_uniforms(seed, n, LONGEST, start.encode()) for n, start in enumerate(starts)]
    )
    tokens, state = engine.begin(vocabulary.prefix(form), len(starts))
    texts = np.empty((len(starts), LONGEST), dtype=np.int32)
    eos = vocabulary.id(EOS)
    ended = np.zeros(len(starts), dtype=np.bool_)
    for place in range(LONGEST):
        log_probs = engine.log_probs(engine.step(tokens, state))
        if place < given.shape[1]:
            tokens = given[:, place]
        else:
            tokens = rule.choose(log_probs, uniforms[:, place]).astype(np.int32)
        texts[:, place] = tokens
        ended |= tokens == eos
        if ended.all():
            break
    written = texts[:, : place + 1].tolist()
    return [row[: row.index(eos)] if eos in row else row for row in written]


def form_of_tokens(vocabulary: Vocabulary, tokens: Sequence[int]) -> Form | None:
    """The form of a text by its shape, `<unk>` counting as a character; None if it has none."""
    unknown = vocabulary.id(UNK)
    return form_of_text("".join("一" if t == unknown else vocabulary.tokens[t] for t in tokens))
