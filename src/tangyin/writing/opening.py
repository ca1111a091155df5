"""The characters and marks that a poem is given to begin with."""

from collections.abc import Sequence

import numpy as np

from tangyin.errors import UsageError
from tangyin.verse import (
    MARKS,
    Form,
    Ids,
    Vocabulary,
    corpus_spelling,
    is_hanzi,
    normalize,
    to_traditional,
    traditional_alternative,
)
from tangyin.writing.constraints import FREE, Columns

BLANK = "□"
"""Takes the place of a character that is left to the model."""


def read_opening(start: str, form: Form, vocabulary: Vocabulary) -> dict[int, int]:
    """Lay the first characters or lines of a poem out over the places of its form.

    Simplified characters are converted and variants brought to the corpus' spelling. Marks may be
    given at the ends of lines; where they are not, the model chooses them. A □ leaves its place
    open, so that characters further on can be given too.

    Args:
        start: the first characters, with □ for those left open; may be empty.
        form: the form of the poem.
        vocabulary: of the model that goes on.

    Returns:
        Token number by place (0 is the first character; every line has its mark as a place).

    Raises:
        UsageError: something in `start` is not a Chinese character, is unknown to the model, is a
            mark inside a line, or there is more than the form has room for.
    """
    forced: dict[int, int] = {}
    text = to_traditional(normalize(start))
    width = form.characters + 1
    place = 0
    count = sum(character not in MARKS for character in text)
    if count > form.hanzi:
        raise UsageError("request.start_long", count=count, form=form.name, room=form.hanzi)
    for character in text:
        at_end = place % width == form.characters
        if character in MARKS:
            if not at_end:
                raise UsageError(
                    "request.mark_inside",
                    mark=character,
                    count=place % width,
                    form=form.name,
                    width=form.characters,
                )
            forced[place] = vocabulary.id(character)
        else:
            place += at_end
            if character != BLANK:
                forced[place] = token_of(character, vocabulary)
        place += 1
    return forced


def token_of(character: str, vocabulary: Vocabulary) -> int:
    """The token of a character that a person typed, in whatever spelling the model knows.

    Raises:
        UsageError: it is not a Chinese character, or the model does not know it.
    """
    if not is_hanzi(character):
        code_point = f"U+{ord(character):04X}"
        raise UsageError("request.not_hanzi", character=character, code_point=code_point)
    token = known_token(character, vocabulary)
    if token is None:
        raise UsageError("request.unknown_character", character=character)
    return token


def known_token(character: str, vocabulary: Vocabulary) -> int | None:
    """The token of a character in whatever spelling the model knows, or None."""
    for spelled in (character, corpus_spelling(character), traditional_alternative(character)):
        if spelled in vocabulary:
            return vocabulary.id(spelled)
    return None


def laid_out(
    openings: Sequence[dict[int, int]], form: Form, vocabulary: Vocabulary
) -> tuple[Columns, Ids]:
    """Given characters and given marks of some openings.

    Returns:
        (openings, form.hanzi) columns or FREE; (openings, form.lines) token numbers or FREE.
    """
    tokens = np.full((len(openings), form.lines, form.characters + 1), FREE, dtype=np.int32)
    for row, opening in zip(tokens.reshape(len(openings), -1), openings, strict=True):
        row[list(opening)] = list(opening.values())
    characters = tokens[:, :, :-1].reshape(len(openings), -1)
    first = int(vocabulary.hanzi_ids[0])
    return np.where(characters == FREE, FREE, characters - first), tokens[:, :, -1].copy()


def first_free(given: Columns) -> int:
    """The first place of (form.hanzi,) columns that is not given, or FREE."""
    free = np.flatnonzero(given == FREE)
    return int(free[0]) if len(free) else FREE
