"""A title for a poem of which none is given: one situation, drawn before the first line.

The titles are those that several Tang poets used (`data/titles.txt`). Without an opening each is
as likely as the others. With one, some are drawn, and one of them by how likely the model finds
the opening after it.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tangyin.data.files import data_file
from tangyin.metre.law import Columns
from tangyin.model.engine import Engine
from tangyin.verse import Form, Ids
from tangyin.writing.randomness import poem_uniforms

COMPARED, MOST = 16, 64  # Titles that are compared for each character of an opening, and in all


@lru_cache(maxsize=4)
def known_titles(hanzi: tuple[str, ...]) -> tuple[str, ...]:
    """The titles whose characters a model knows (`Vocabulary.hanzi`), the shortest first."""
    titles, known = data_file("titles.txt").read_text("utf-8").split(), set(hanzi)
    return tuple(sorted(filter(known.issuperset, titles), key=len))


def drawn_title(engine: Engine, form: Form, opening: Columns, seed: int, number: int) -> str:
    """The title of poem `number` of a seed, which begins with the characters of `opening` (T,).

    It is "" if the model knows no title of the list.
    """
    titles = known_titles(engine.vocabulary.hanzi)
    asked = b"".join((b"title", form.name.encode(), opening.astype("<i4").tobytes()))
    which, *others, last = poem_uniforms(seed, number, MOST + 2, asked)
    first = titles[int(which * len(titles))] if titles else ""
    if not (first and len(opening)):
        return first
    # Titles of one length are read side by side.
    same = [title for title in titles if len(title) == len(first)]
    compared = [same[int(u * len(same))] for u in others[: COMPARED * len(opening)]]
    tokens = opening + int(engine.vocabulary.hanzi_ids[0])
    weights, _, totals = engine.arithmetic.weigh(_likelihoods(engine, form, compared, tokens), 1.0)
    # Whole numbers, so that every machine draws the same.
    threshold = min(int(last * totals[0]), int(totals[0]) - 1)
    return compared[int(np.searchsorted(np.cumsum(weights[0]), threshold, side="right"))]


def _likelihoods(
    engine: Engine, form: Form, titles: list[str], opening: Ids
) -> npt.NDArray[np.float32]:
    """Log-probability of the opening after each title, (1, titles); all have one length."""
    prefixes = np.stack([engine.vocabulary.prefix(form, None, title) for title in titles])
    state, found = engine.start(len(titles)), np.zeros(len(titles), np.float32)
    for tokens in prefixes[:, :-1].T:
        engine.step(tokens, state)
    read = prefixes[:, -1]
    for token in opening:
        found += engine.log_probs(engine.step(read, state))[:, token]
        read = np.full(len(titles), token, dtype=np.int32)
    return found[None]
