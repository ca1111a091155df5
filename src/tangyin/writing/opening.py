"""The characters and marks that a poem is given to begin with."""

from collections.abc import Sequence

import numpy as np

from tangyin.errors import UsageError
from tangyin.metre.law import FREE, Columns
from tangyin.verse import (
    Form,
    Ids,
    Vocabulary,
    corpus_spelling,
    read_places,
    traditional_alternative,
)
from tangyin.verse.punctuation import PLACEHOLDER


def read_opening(start: str, form: Form, vocabulary: Vocabulary) -> dict[int, int]:
    """The tokens that `start` gives, by place (`verse.read_places`)."""
    places = read_places(start, form)
    return {place: token_of(character, vocabulary) for place, character in places.items()}


def token_of(character: str, vocabulary: Vocabulary) -> int:
    """The token of a character or mark, in whatever spelling the model knows."""
    token = known_token(character, vocabulary)
    if token is None:
        raise UsageError("text.unknown", character=character)
    return token


def known_token(character: str, vocabulary: Vocabulary) -> int | None:
    """As `token_of`, but None for a character that the model does not know."""
    if character == PLACEHOLDER:
        return None
    # The last of them loads OpenCC, which takes longer than all else here.
    for spell in (str, corpus_spelling, traditional_alternative):
        if (spelled := spell(character)) in vocabulary:
            return vocabulary.id(spelled)
    return None


def laid_out(
    openings: Sequence[dict[int, int]], form: Form, vocabulary: Vocabulary
) -> tuple[Columns, Ids]:
    """Given characters and given marks of some openings.

    Returns:
        (openings, form.hanzi) columns or FREE; (openings, form.lines) token numbers or FREE.
    """
    tokens = np.full((len(openings), form.places), FREE, dtype=np.int32)
    for row, opening in zip(tokens, openings, strict=True):
        row[list(opening)] = list(opening.values())
    marks = np.array(form.starts[1:]) + np.arange(form.lines)
    characters = np.delete(tokens, marks, axis=1)
    first = int(vocabulary.hanzi_ids[0])
    return np.where(characters == FREE, FREE, characters - first), tokens[:, marks]


def first_free(given: Columns) -> int:
    """The first place of (form.hanzi,) columns that is not given, or FREE."""
    free = np.flatnonzero(given == FREE)
    return int(free[0]) if len(free) else FREE
