"""The start of a poem that a person gives."""

from tangyin.errors import UsageError
from tangyin.verse import (
    BLANK,
    MARKS,
    Form,
    Vocabulary,
    corpus_spelling,
    read_places,
    traditional_alternative,
)

__all__ = ["BLANK", "read_opening"]


def read_opening(start: str, form: Form, vocabulary: Vocabulary) -> dict[int, int]:
    """The tokens of the places that are given.

    Variants are replaced by the spelling of the corpus. A missing mark is left to the model.

    Args:
        start: the first characters or lines, or `BLANK` for a character to be written; may be
            empty.
        form: the form of the poem.
        vocabulary: the vocabulary of the model that continues.

    Returns:
        Token number by place (`verse.read_places`).

    Raises:
        UsageError: see `verse.read_places`; or the model does not know a character.
    """
    return {
        place: _known(character, vocabulary)
        for place, character in read_places(start, form).items()
    }


def _known(character: str, vocabulary: Vocabulary) -> int:
    if character in MARKS:
        return vocabulary.id(character)
    for spelled in (str, corpus_spelling, traditional_alternative):
        if spelled(character) in vocabulary:
            return vocabulary.id(spelled(character))
    raise UsageError("text.unknown", character=character)
