"""What a person gives a poem to begin with."""

from tangyin.errors import UsageError, counted
from tangyin.verse import (
    MARKS,
    Form,
    Vocabulary,
    corpus_spelling,
    is_hanzi,
    normalize,
    to_traditional,
    traditional_alternative,
)

BLANK = "□"
"""Stands for a character that is not given and left to the model."""


def read_opening(start: str, form: Form, vocabulary: Vocabulary) -> dict[int, int]:
    """Lay the first characters or lines of a poem out over the places of its form.

    Simplified characters are converted and variants brought to the corpus' spelling. Marks may be
    given at the ends of lines; where they are not, the model chooses them. A □ leaves its place
    open, so that characters further on can be given too.

    Args:
        start: the first characters, or □ in their stead; may be empty.
        form: the form of the poem.
        vocabulary: of the model that goes on.

    Returns:
        Token number by place (0 is the first character; every line has its mark as a place).

    Raises:
        UsageError: something in `start` is no Chinese character, is unknown to the model, is a
            mark inside a line, or there is more than the form has room for.
    """
    forced: dict[int, int] = {}
    text = to_traditional(normalize(start))
    width = form.characters + 1
    place = 0
    count = sum(character not in MARKS for character in text)
    if count > form.hanzi:
        raise UsageError(
            f"the start has {count} characters, and a {form} has room for {form.hanzi}; shorten it"
        )
    for character in text:
        at_end = place % width == form.characters
        if character in MARKS:
            if not at_end:
                raise UsageError(
                    f"the mark {character} stands after {counted(place % width, 'character')}, "
                    f"and lines of a {form} have {form.characters}; take it out or give a whole "
                    "line"
                )
            forced[place] = vocabulary.id(character)
            place += 1
            continue
        if at_end:
            place += 1
        if character != BLANK:
            forced[place] = _known(character, vocabulary)
        place += 1
    return forced


def _known(character: str, vocabulary: Vocabulary) -> int:
    if not is_hanzi(character):
        raise UsageError(
            f"{character!r} (U+{ord(character):04X}) is no Chinese character; "
            "start with characters such as 日 or 明月"
        )
    for spelled in (str, corpus_spelling, traditional_alternative):
        if spelled(character) in vocabulary:
            return vocabulary.id(spelled(character))
    raise UsageError(f"the model does not know the character {character}; start with another one")
