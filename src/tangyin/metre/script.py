"""Simplified verse in the traditional characters that its tones and rhymes call for."""

import math
from collections.abc import Iterator

from tangyin.metre.books import PINGSHUI, Book
from tangyin.metre.reading import assign
from tangyin.verse.script import is_simplified, likeliest, traditional_costs

UNLIKELY = 4.0
"""ln of how much less likely than the likeliest a form may be that removes a fault."""

LONGEST, MOST_FAULTS = 16, 6
"""Words and frequency alone choose in longer or worse poems, where a search would take long."""


def traditional_lines(lines: tuple[str, ...], book: Book = PINGSHUI) -> tuple[str, ...]:
    """The lines of a poem in traditional script.

    Words and frequency choose among the forms of a character (`verse.to_traditional`). Where lines
    of five or seven characters have a fault, forms with other readings are taken if one fault at
    most is then left: 凭 is 凭 or 憑 by its tone. Traditional lines are returned as they are.
    """
    return from_simplified(lines, book) if is_simplified("\n".join(lines)) else lines


def from_simplified(lines: tuple[str, ...], book: Book = PINGSHUI) -> tuple[str, ...]:
    """The lines as `traditional_lines` gives them, of a poem that is known to be simplified."""
    text = "\n".join(lines)
    costs = traditional_costs(text)
    found = by_words = likeliest(costs)
    has_rules = 1 < len(lines) <= LONGEST and {len(line) for line in lines} in ({5}, {7})
    faults = _faults(found, book) if has_rules else 0
    while 0 < faults <= MOST_FAULTS:
        fewest, _, better = min(_others(found, costs, book), default=(faults, 0.0, found))
        if fewest >= faults:
            break
        faults, found = fewest, better
    # Verse that breaks the rules anyway says nothing of its characters.
    return tuple((found if faults <= 1 else by_words).split("\n"))


def _others(
    text: str, costs: list[dict[str, float]], book: Book
) -> Iterator[tuple[float, float, str]]:
    """Texts with another form of one character: their faults and what they lose in likelihood."""
    for at, (character, forms) in enumerate(zip(text, costs, strict=True)):
        for form, cost in forms.items():
            loss = cost - forms[character]
            if loss <= UNLIKELY and _readings(form, book) != _readings(character, book):
                other = text[:at] + form + text[at + 1 :]
                yield _faults(other, book), loss, other


def _readings(character: str, book: Book) -> set[tuple[str, str]]:
    return {(reading.tone, reading.rhyme) for reading in book.readings(character)}


def _faults(text: str, book: Book) -> float:
    reading = assign(tuple(text.split("\n")), book)
    return math.inf if reading.oblique else reading.faults
