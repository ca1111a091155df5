"""The law of 對聯: what may answer an upper line."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from tangyin.metre.books import PINGSHUI
from tangyin.metre.finding import Finding
from tangyin.metre.law import Columns, Draft, Law, Mask, Place
from tangyin.metre.lexicon import partners, plain_characters
from tangyin.metre.lian import check_couplet, couplet_faults, places_that_count, with_pauses
from tangyin.metre.pattern import line_pattern
from tangyin.metre.table import tables_of
from tangyin.verse import BLANK, Form


@dataclass(frozen=True)
class Lian(Law):
    """A lower line for an upper one in traditional characters, with pauses after so many of them.

    Its drafts have each of the `parts` of the upper line, which is given, above the part that
    answers it. A course keeps to these parts and to the plain patterns of lines of five and seven.
    """

    upper: str
    pauses: tuple[int, ...] = ()
    tones: str = ""  # of the upper line, as they are read
    parts: tuple[int, ...] = ()  # the length of each; one part if there are none

    @property
    def form(self) -> Form:
        """The form of a draft."""
        lengths = tuple(each for part in self.parts or (len(self.upper),) for each in (part, part))
        return Form("聯", "lian", len(lengths), max(lengths), lengths=lengths)

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`: the faults of both lines."""
        lower = with_pauses(self.answered("".join(lines[1::2])), self.pauses)
        return check_couplet(with_pauses(self.upper, self.pauses), lower).faults

    def begin(self, draft: Draft) -> Place:
        """See `Law.begin`."""
        return Answering(draft, self) if draft.course else AnswerPlace(draft, self)

    def answered(self, lower: str) -> str:
        """A lower line in which open places repeat what the upper one repeats."""
        characters = list(lower)
        for a, b in combinations(range(len(self.upper)), 2):
            if self.upper[a] == self.upper[b] and characters[b] == BLANK:
                characters[b] = characters[a]
        return "".join(characters)

    def faults(self, lower: str) -> int:
        """The number of faults with a lower line."""
        return couplet_faults(self.upper, self.answered(lower), self.pauses)


def lower_places(form: Form) -> list[int]:
    """The places of the lower line among all characters of a draft."""
    return [place for place in range(form.hanzi) if form.line_of(place) % 2]


class AnswerPlace(Place):
    """Where rows of lower lines are: exactly what adds no fault may be written."""

    by_row = ("_texts",)

    def __init__(self, draft: Draft, law: Lian) -> None:
        super().__init__(draft)
        self._law, hanzi = law, draft.characters
        self._lower = lower_places(draft.form)
        self._texts = np.array(
            [
                "".join(BLANK if row[c] < 0 else hanzi[row[c]] for c in self._lower)
                for row in draft.given
            ]
        )
        own = [PINGSHUI.costs(character) for character in hanzi]
        self._inside = np.isfinite([[c.oblique for c in own], [c.level for c in own]])
        self._at_end = np.isfinite([[c.end_oblique for c in own], [c.end_level for c in own]])

    def allowed(self) -> Mask | None:
        """See `Place.allowed`."""
        if self.draft.place not in self._lower:
            return None
        found = {text: self._allowed(text) for text in dict.fromkeys(self._texts)}
        return np.stack([found[text] for text in self._texts])

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        hanzi, written = self.draft.characters, zip(self._texts, columns, strict=True)
        if self.draft.place in self._lower:
            self._texts = np.array([self._put(text, hanzi[column]) for text, column in written])

    def _put(self, text: str, character: str) -> str:
        at = self._lower.index(self.draft.place)
        return text[:at] + character + text[at + 1 :]

    def _allowed(self, text: str) -> Mask:
        at, hanzi = self._lower.index(self.draft.place), self.draft.characters
        fewest = self._law.faults(self._put(text, BLANK))
        own = self._at_end if at == len(text) - 1 else self._inside
        oblique, level = (self._judged(text, fewest, level=tone) for tone in (False, True))
        mask: Mask = (own[0] & oblique) | (own[1] & level)
        # Characters of these lines, and those in words with a neighbour, are judged themselves.
        apart = {*self._law.upper, *text, *partners(text[max(at - 1, 0)])[1]}
        apart |= {*partners(text[min(at + 1, len(text) - 1)])[0]}
        for column, character in enumerate(hanzi):
            if character in apart:
                mask[column] = self._law.faults(self._put(text, character)) <= fewest
        return mask

    def _judged(self, text: str, fewest: int, *, level: bool) -> bool:
        """Whether new characters of a tone add no fault."""
        new = next(c for c in plain_characters(level=level) if c not in text + self._law.upper)
        return self._law.faults(self._put(text, new)) <= fewest


class Answering(Place):
    """Lower lines written side by side, within the parts of the upper one."""

    by_row = ("_alive", "_written")

    def __init__(self, draft: Draft, law: Lian) -> None:
        super().__init__(draft)
        self._law, hanzi, rows = law, draft.characters, len(draft.given)
        _, self._readings, _ = tables_of(hanzi)
        self._fresh = ~np.isin(hanzi, list(law.upper))
        self._lower = lower_places(draft.form)
        self._starts = np.cumsum([0, *law.parts]).tolist()
        self._written = np.zeros((rows, 0), dtype=np.int32)
        self._ways: Mask = np.zeros((0, 0), dtype=bool)
        self._alive: Mask = np.zeros((rows, 0), dtype=bool)
        self._first = 0

    def allowed(self) -> Mask | None:
        """See `Place.allowed`: what the upper line repeats, or else a new character."""
        if self.draft.place not in self._lower:
            return None
        at, rows, upper = self._written.shape[1], np.arange(len(self._alive)), self._law.upper
        if at in self._starts:
            self._begin_part(at)
        mask = self._in_tone(at - self._first)
        before = upper.find(upper[at])
        if before < at:
            again = np.zeros_like(mask)
            again[rows, self._written[:, before]] = True
            return mask & again
        mask &= self._fresh
        for columns in self._written.T:
            mask[rows, columns] = False
        return mask

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        if self.draft.place not in self._lower:
            return
        tones, readings = self._ways[:, self._written.shape[1] - self._first], self._readings
        both = readings.level[columns] & readings.oblique[columns]
        is_level = np.where(both, readings.mostly_level[columns], readings.level[columns])
        can = (self._alive & (tones == is_level[:, None])).any(axis=1)
        self._alive = self._alive & (tones == np.where(can, is_level, ~is_level)[:, None])
        self._written = np.column_stack((self._written, columns))

    def _begin_part(self, at: int) -> None:
        self._first = at
        end = self._starts[self._starts.index(at) + 1]
        ways = answering_tones(self._law.tones[at:end])
        self._ways = np.array([[tone == "P" for tone in way] for way in ways])
        self._alive = np.ones((len(self._alive), len(ways)), dtype=bool)

    def _in_tone(self, at: int) -> Mask:
        tones = self._ways[:, at]
        level, oblique = (np.asarray((self._alive & own).any(axis=1)) for own in (tones, ~tones))
        mask: Mask = level[:, None] & self._readings.level
        return mask | oblique[:, None] & self._readings.oblique


def answering_tones(tones: str) -> list[str]:
    """The tones in which a part may be answered that has these.

    Opposite where that counts; in lines of five and seven without licence where that is possible.
    """
    counted = places_that_count(len(tones))
    opposite = ["PZ" if at not in counted else "PZ"[tone == "P"] for at, tone in enumerate(tones)]
    found = ["".join(way) for way in product(*opposite)]
    if len(tones) in (5, 7):
        patterns = map(line_pattern, found)
        plain = [p.tones for p in patterns if not (p.faults or p.licence or p.warning)]
        found = plain or found
    return found
