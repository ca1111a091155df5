"""The open places of a poem at a desk, finished or not, and what the law leaves to them."""

import numpy as np

from tangyin.metre.law import FREE, Columns, Draft, Mask, Place, Rows
from tangyin.metre.law_of_form import law_of
from tangyin.verse import BLANK, Vocabulary
from tangyin.writing.opening import known_token
from tangyin.writing.sheet import Sheet


def draft_of(sheet: Sheet, vocabulary: Vocabulary, line: int, places: tuple[int, ...]) -> Draft:
    """A draft of one row with the characters of a poem, at the first of some places of a line.

    Line and places count from 0. Characters that the model lacks come behind those that it knows.
    """
    form, first = sheet.form, int(vocabulary.hanzi_ids[0])
    text = list("".join(sheet.read_as))
    for place in places:
        text[form.starts[line] + place] = BLANK
    tokens = {character: known_token(character, vocabulary) for character in set(text)}
    lacked = [c for c, token in tokens.items() if token is None and c != BLANK]
    column = {c: token - first for c, token in tokens.items() if token is not None}
    column |= {c: len(vocabulary.hanzi) + number for number, c in enumerate(sorted(lacked))}
    given = [FREE if c == BLANK else column[c] for c in text]
    characters = (*vocabulary.hanzi, *sorted(lacked))
    here = form.starts[line] + places[0]
    return Draft(form, characters, np.array([given], dtype=np.int32), here)


class Fresh(Place):
    """What a law allows at open places, and of it characters that the poem does not have yet.

    A rhyme may have no other character than those of the poem; then these may be repeated.
    """

    def __init__(self, draft: Draft, place: Place, used: frozenset[str]) -> None:
        """`used` are the characters of the poem that are not to be repeated."""
        super().__init__(draft)
        self._place, self._first = place, draft.place
        self._fresh = ~np.isin(draft.characters, list(used))

    def allowed(self) -> Mask:
        """See `Place.allowed`."""
        draft = self.draft
        shape = len(draft.given), len(draft.characters)
        possible = self._place.allowed()
        possible = np.ones(shape, dtype=bool) if possible is None else possible
        mask = possible & self._fresh
        # A character may be doubled, and is not repeated otherwise.
        for before in range(self._first, draft.place - 1):
            mask[np.arange(shape[0]), draft.columns[:, before]] = False
        found: Mask = np.where(mask.any(axis=1, keepdims=True), mask, possible)
        return found

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        self._place.read(columns)

    def keep(self, rows: Rows) -> None:
        """See `Place.keep`."""
        self._place.keep(rows)


def begun(sheet: Sheet, draft: Draft, line: int, places: tuple[int, ...], *, plain: bool) -> Fresh:
    """What may be at the open places of a draft of a sheet; see `law_of` for `plain`."""
    place = law_of(sheet.form, sure=True, plain=plain).begin(draft)
    return Fresh(draft, place, used_elsewhere(sheet, line, places))


def used_elsewhere(sheet: Sheet, line: int, places: tuple[int, ...]) -> frozenset[str]:
    """The characters of the rest of the poem, but for what a doubled one (離離) would stand by.

    In 詞 and 古體, which repeat what they like, those of the line and, at a foot, of other feet.
    """
    row, form = sheet.read_as[line], sheet.form
    strict = form.regulated and not form.variant
    others = [
        character
        for number, other in enumerate(sheet.read_as)
        for at, character in enumerate(other)
        if (number != line or at not in places) and (strict or number == line)
    ]
    if not strict and places[-1] == len(row) - 1 and line in form.rhyming:
        others += [sheet.read_as[number][-1] for number in form.rhyming if number != line]
    beside = [row[at] for at in (places[0] - 1, places[-1] + 1) if 0 <= at < len(row)]
    doubled = {character for character in beside if others.count(character) == 1}
    return frozenset(others) - doubled - {BLANK}
