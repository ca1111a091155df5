"""詞: the tones of a tune's pattern, its rhymes by 詞林正韻, and what it repeats."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from tangyin.errors import UsageError
from tangyin.metre.books import CILIN, PINGSHUI
from tangyin.metre.ci import NOT_REPEATED, check_variant, song_of, wrong_tones
from tangyin.metre.ci_match import feet_of, parts_in, shared_rhyme
from tangyin.metre.finding import Finding
from tangyin.metre.law import FREE, OPEN, Columns, Draft, Law, Mask, Place, TextPlace, Wish
from tangyin.metre.lexicon import STRANGER, SURE
from tangyin.metre.option import Option
from tangyin.metre.table import Readings, tables_of
from tangyin.verse import BLANK, Form, Poem
from tangyin.verse.tune import Variant

OPTIONS = (
    Option("variant", int, None, minimum=1).texts(
        en=("Variant", "Variant of a tune, by its number in 欽定詞譜; the usual one by default."),
        zh=("詞體", "詞牌的第幾體（依《欽定詞譜》）；預設用宋人最常用的一體。"),
    ),
)

ROOM = 3
"""A part is begun only if it has so many characters for each rhyme of its group."""


def build(wish: Wish) -> "Ci | None":
    """The law of the tune of a 詞."""
    if not wish.form.variant:
        return None
    asked, avoided = part_named(wish.options["rhyme"]), frozenset(wish.options["avoid"])
    return Ci(wish.form, wish.form.variant, asked, avoided)


@dataclass(frozen=True)
class Ci(Law):
    """A variant of a tune; `asked` is the part of its first group of rhymes, or OPEN.

    With `sure` characters are written by the readings by which one writes, in this variant's tones.
    """

    is_metre = True

    form: Form
    variant: Variant
    asked: int = OPEN
    avoided: frozenset[str] = frozenset()
    sure: bool = False

    def check(self, lines: Sequence[str]) -> tuple[Finding, ...]:
        """See `Law.check`; a line that is not repeated as the tune has it is a fault here."""
        report = check_variant(split(filled("".join(lines), self.form), self.form), self.variant)
        repeats = [finding for finding in report.warnings if finding.kind == NOT_REPEATED]
        return (*report.faults, *repeats)

    def begin(self, draft: Draft) -> Place:
        """See `Law.begin`."""
        if draft.course is None:
            return TunePlace(draft, self.variant, sure=self.sure)
        _, readings, _ = tables_of(draft.characters)
        writable = ~np.isin(draft.characters, list(self.avoided))
        return Pattern(draft, readings, writable, self.asked)


def part_named(name: str) -> int:
    """The number of the part of 詞林正韻 of this name, or that has this character; OPEN for "".

    Raises:
        UsageError: request.unknown_part.
    """
    if not name:
        return OPEN
    found = [name] if name in CILIN.parts else [place.part for place in CILIN.places(name)]
    if not found:
        raise UsageError("request.unknown_part", name=name, parts=CILIN.parts)
    return CILIN.parts.index(found[0])


@lru_cache(maxsize=4)
def rhymes_of_parts(characters: tuple[str, ...]) -> Mask:
    """(2, parts, V): what rhymes in each part, oblique and level, by readings that are common."""
    found = np.zeros((2, len(CILIN.parts), len(characters)), dtype=bool)
    for column, character in enumerate(characters):
        for place in CILIN.places(character):
            if place.share >= SURE:
                found[int(place.level), CILIN.parts.index(place.part), column] = True
    return found


SAMPLES = "東", "月"
"""A character that is level, and one that is oblique, by every book of old tones."""


def filled(text: str, form: Form) -> str:
    """The characters of a 詞 with what its tune repeats at places that are open."""
    characters = list(text)
    for place, earlier in form.repeats.items():
        if characters[place] == BLANK:
            characters[place] = characters[earlier]
    return "".join(characters)


def split(text: str, form: Form) -> list[str]:
    """The lines of the characters of a poem."""
    return [text[form.characters_of(line)] for line in range(form.lines)]


class TunePlace(TextPlace):
    """Where rows of a 詞 are: exactly what adds no fault may be written."""

    def __init__(self, draft: Draft, variant: Variant, *, sure: bool = False) -> None:
        super().__init__(draft)
        self._variant, self._sure, hanzi = variant, sure, draft.characters
        _, readings, _ = tables_of(hanzi)
        # Unless only sure readings count, the rarest one does.
        tones = [{r.level for r in CILIN.readings(c)} or {True, False} for c in hanzi]
        self._level, self._oblique = (
            own if sure else np.array([level in each for each in tones])
            for own, level in ((readings.level, True), (readings.oblique, False))
        )

    def put(self, text: str, character: str) -> str:
        """See `TextPlace.put`; what the tune repeats is put there too."""
        return filled(super().put(text, character), self.draft.form)

    def _wrong(self, text: str) -> int:
        return wrong_tones(split(text, self.draft.form), self._variant)

    def allowed_in(self, text: str) -> Mask:
        """See `TextPlace.allowed_in`."""
        place, repeats = self.draft.place, self.draft.form.repeats
        twins = [text[b] for a, b in repeats.items() if a == place]
        twins += [text[a] for a, b in repeats.items() if b == place]
        if again := [character for character in twins if character != BLANK]:
            return np.array([character == again[0] for character in self.draft.characters])
        fewest, level, oblique = (self._wrong(self.put(text, c)) for c in (BLANK, *SAMPLES))
        # One does not write by what only other variants have.
        own = self._variant.tones[place] if self._sure else "中"
        mask: Mask = self._level & (level <= fewest and own != "仄")
        mask = mask | self._oblique & (oblique <= fewest and own != "平")
        if self.draft.at_line_end and self._variant.lines[self.draft.line].rhyme >= 0:
            mask &= self._rhyming(text)
        return mask

    def _rhyming(self, text: str) -> Mask:
        """(V,) which characters make no other foot stray, and do not stray themselves."""
        lines, song = self._variant.lines, song_of(Poem((text,), ""))
        here, ends = lines[self.draft.line], [end - 1 for end in self.draft.form.starts[1:]]
        marked = self.put(text, STRANGER)  # and where the tune repeats it
        same = [n for n, line in enumerate(lines) if line.rhyme == here.rhyme]
        feet = {n: feet_of(text[ends[n]], CILIN) for n in same if marked[ends[n]] != STRANGER}
        group = {n: parts_in(own, lines[n].tones[-1]) for n, own in feet.items() if own}
        mine = [n for n in same if marked[ends[n]] == STRANGER]
        fewest = len(shared_rhyme(group, song)[1])
        own = self._feet[here.tones[-1]]
        good: dict[frozenset[str] | None, bool] = {None: not self._sure}  # in no book
        for parts in filter(None, set(own)):
            both = dict(sorted({**group, **dict.fromkeys(mine, parts)}.items()))
            good[parts] = len(shared_rhyme(both, song)[1]) <= fewest
        return np.array([good.get(parts, False) for parts in own])

    @cached_property
    def _feet(self) -> dict[str, list[frozenset[str] | None]]:
        """By tone, what each character can rhyme in; None for one that no book has."""
        if not self._sure:
            feet = [feet_of(character, CILIN) for character in self.draft.characters]
        else:
            feet = [
                frozenset(
                    (place.part, place.level)
                    for book in (CILIN, PINGSHUI)
                    for place in book.places(character)
                    if place.share >= SURE
                )
                for character in self.draft.characters
            ]
        return {tone: [parts_in(own, tone) if own else None for own in feet] for tone in "平仄"}


class Pattern(Place):
    """Keeps every row on a variant of a tune.

    Each group of rhymes takes the part of the first character that rhymes in it; an oblique one is
    in 上去 or in 入, which have different parts. No character rhymes with itself, except where the
    pattern repeats it.
    """

    by_row = ("_part", "_used")

    def __init__(self, draft: Draft, readings: Readings, writable: Mask, asked: int) -> None:
        """`writable` is (V,); `asked` is the part of the first group, or OPEN."""
        super().__init__(draft)
        form = draft.form
        assert form.variant  # noqa: S101 # the caller's check
        self._tones, self._lines = form.variant.tones, form.variant.lines
        self._repeats = form.repeats
        self._by_tone = {
            tone: mask & writable
            for tone, mask in (
                ("平", readings.level),
                ("仄", readings.oblique),
                ("中", readings.level | readings.oblique),
            )
        }
        self._rhymes = rhymes_of_parts(draft.characters) & writable
        self._likeliest = self._rhymes.argmax(axis=1)  # (2, V)
        rows, groups = len(draft.given), 1 + max(line.rhyme for line in self._lines)
        self._part = np.full((rows, groups), OPEN)
        self._used = np.zeros((rows, len(writable)), dtype=bool)
        self._part[:, 0] = asked
        for line in form.rhyming:
            self._note(line, draft.given[:, form.starts[line + 1] - 1])
        wanted = [[line.rhyme for line in self._lines].count(group) for group in range(groups)]
        sizes = self._rhymes.sum(axis=2)  # (2, parts)
        self._roomy = [sizes >= ROOM * count for count in wanted]

    def allowed(self) -> Mask:
        """See `Place.allowed`."""
        draft = self.draft
        place, line = draft.place, self._lines[draft.line]
        shape = len(draft.columns), len(draft.characters)
        if place in self._repeats:
            mask: Mask = np.zeros(shape, dtype=bool)
            mask[np.arange(len(mask)), draft.columns[:, self._repeats[place]]] = True
            return mask
        tone = self._tones[place]
        if not draft.at_line_end or line.rhyme < 0:
            return np.broadcast_to(self._by_tone[tone], shape)
        level = int(tone == "平")
        rhymes, part = self._rhymes[level], self._part[:, line.rhyme]
        begins = (rhymes & self._roomy[line.rhyme][level][:, None]).any(axis=0)
        mask = np.where((part == OPEN)[:, None], begins, rhymes[part])
        mask &= ~self._used
        return mask

    def read(self, columns: Columns) -> None:
        """See `Place.read`."""
        if self.draft.at_line_end and self._lines[self.draft.line].rhyme >= 0:
            self._note(self.draft.line, columns)

    def _note(self, line: int, chosen: Columns) -> None:
        """Take note of the rhymes (rows,) at the end of a line, some of them FREE."""
        rows = np.flatnonzero(chosen != FREE)
        group = self._lines[line].rhyme
        parts = self._likeliest[int(self._lines[line].tones[-1] == "平"), chosen[rows]]
        settled = self._part[rows, group]
        self._part[rows, group] = np.where(settled == OPEN, parts, settled)
        self._used[rows, chosen[rows]] = True
