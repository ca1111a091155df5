"""What a person wants of a regulated poem, and whether it can be."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tangyin.errors import UsageError
from tangyin.prosody import LEVEL_RHYMES, SEQUENCES, Sequence, ToneTable, tone_table
from tangyin.verse import MARKS, Form, Vocabulary, corpus_spelling, normalize, to_traditional
from tangyin.writing.constraints import (
    FREE,
    OPEN,
    Columns,
    Draft,
    Mask,
    Rates,
    Readings,
    Tones,
    rates_of,
)
from tangyin.writing.opening import read_opening


@dataclass(frozen=True)
class Wish:
    """The options of regulated writing.

    Attributes:
        form: the form.
        start: first characters or lines that are given.
        pattern: name of a sequence (平起首句入韻 …, or its line types such as aBbAaBbA), or "".
        rhyme: one of the 30 level rhymes, or "".
        acrostic: a character for the head of each line, or of each couplet.
        include: words that must stand in the poem.
        avoid: characters that must not.
        strict: no licence is taken.
        allow_quotes: lines that stand in the corpus are allowed.
        most: how often one character may stand in a poem.
    """

    form: Form
    start: str = ""
    pattern: str = ""
    rhyme: str = ""
    acrostic: str = ""
    include: tuple[str, ...] = ()
    avoid: str = ""
    strict: bool = False
    allow_quotes: bool = False
    most: int = 2


@dataclass(frozen=True)
class Plan:
    """A wish that can be granted.

    Attributes:
        wish: the wish.
        table: tones and rhymes of the known characters.
        readings: what may be written on which tone.
        rates: of licences.
        given: (form.hanzi,) int32 columns that stand in every poem, or FREE.
        marks: given marks: token number by line.
        sequences: those that fit, each with its share and the rhyme that the given characters
            (or the wish) ask for, as a number or OPEN.
        words: the columns of each word of `include`.
        forbidden: (characters,) bool.
    """

    wish: Wish
    table: ToneTable
    readings: Readings
    rates: Rates
    given: Columns
    marks: dict[int, int]
    sequences: tuple[tuple[Sequence, float, int], ...]
    words: tuple[tuple[int, ...], ...]
    forbidden: Mask

    def draft(self, rows: int, characters: tuple[str, ...]) -> Draft:
        """Empty poems with what is given in its places."""
        given = np.repeat(self.given[None], rows, axis=0)
        return Draft(self.wish.form, characters, np.zeros_like(given), given)

    def fits(self, sequence: Sequence, given: Columns, line: int) -> bool:
        """Whether a line of a sequence can hold the characters given for it."""
        draft = Draft(self.wish.form, (), given[None], given[None])
        tones = Tones(
            self.wish.form,
            self.readings,
            (sequence,),
            self.rates,
            np.zeros((1, self.wish.form.lines)),
        )
        return bool(tones.fitting(draft, line).any())


def opening_of(wish: Wish, vocabulary: Vocabulary) -> dict[int, int]:
    """What a wish gives, as token number by place, for writing without rules (`compose`).

    Raises:
        UsageError: see `given_characters`.
    """
    given, marks = given_characters(wish, vocabulary)
    first, width = int(vocabulary.hanzi_ids[0]), wish.form.characters
    opening = {
        place + place // width: int(column) + first
        for place, column in enumerate(given)
        if column != FREE
    }
    return opening | {line * (width + 1) + width: token for line, token in marks.items()}


def plan(wish: Wish, vocabulary: Vocabulary) -> Plan:
    """See whether a wish can be granted, and how.

    Raises:
        UsageError: it cannot; the sentence says why, and at which line.
    """
    form = wish.form
    table = tone_table(vocabulary.hanzi)
    rates = rates_of(form).strict if wish.strict else rates_of(form)
    given, marks = given_characters(wish, vocabulary)
    asked = _rhyme(wish.rhyme)
    forbidden = np.zeros(len(vocabulary.hanzi), dtype=bool)
    for column in _columns(wish.avoid, vocabulary):
        forbidden[column] = True
    result = Plan(
        wish,
        table,
        Readings.of(table),
        rates,
        given,
        marks,
        (),
        tuple(tuple(_columns(word, vocabulary)) for word in wish.include),
        forbidden,
    )
    candidates = [s for s in SEQUENCES if not wish.pattern or _named(s, wish.pattern, form)]
    if not candidates:
        known = ", ".join(s.name(form.characters) for s in SEQUENCES)
        raise UsageError(f"there is no pattern {wish.pattern!r} of a {form}; there are {known}")
    fitting, reasons = [], []
    for sequence in candidates:
        rhyme, reason = _fit(result, sequence, asked, vocabulary)
        if reason:
            reasons.append(reason)
        else:
            fitting.append((sequence, rates.sequences[sequence], rhyme))
    if not fitting:
        raise UsageError(reasons[0])
    return Plan(**{**vars(result), "sequences": tuple(fitting)})


def given_characters(wish: Wish, vocabulary: Vocabulary) -> tuple[Columns, dict[int, int]]:
    """Lay out the characters and marks that a person gave, acrostic included.

    Returns:
        (form.hanzi,) columns or FREE, and the given marks: token number by line.

    Raises:
        UsageError: one is unknown, too many, or in the place of another.
    """
    form, width = wish.form, wish.form.characters + 1
    first = int(vocabulary.hanzi_ids[0])
    given = np.full(form.hanzi, FREE, dtype=np.int32)
    marks: dict[int, int] = {}
    for place, token in read_opening(wish.start, form, vocabulary).items():
        line, column = divmod(place, width)
        if column == form.characters:
            marks[line] = token
        else:
            given[line * form.characters + column] = token - first
    heads = _columns(wish.acrostic, vocabulary)
    if heads and len(heads) not in (form.lines, form.lines // 2):
        raise UsageError(
            f"the acrostic has {len(heads)} characters, and a {form} has {form.lines} lines; give "
            f"{form.lines} of them, or {form.lines // 2} for the couplets"
        )
    for number, head in enumerate(heads):
        line = number * (form.lines // len(heads))
        place = line * form.characters
        if given[place] not in (FREE, head):
            raise UsageError(
                f"the acrostic wants {vocabulary.hanzi[head]} at the head of line {line + 1}, and "
                f"the start has {vocabulary.hanzi[given[place]]} there; change one of them"
            )
        given[place] = head
    for word in wish.include:
        if len(_columns(word, vocabulary)) > form.characters:
            raise UsageError(
                f"{word} is longer than a line of a {form}; include at most {form.characters} "
                "characters"
            )
    return given, marks


def _columns(text: str, vocabulary: Vocabulary) -> list[int]:
    """The columns of characters that a person named."""
    first = int(vocabulary.hanzi_ids[0])
    columns = []
    for character in to_traditional(normalize(text)):
        if character in MARKS:
            continue
        known = next((c for c in (character, corpus_spelling(character)) if c in vocabulary), "")
        if not known:
            raise UsageError(f"the model does not know {character}; choose another character")
        columns.append(vocabulary.id(known) - first)
    return columns


def _rhyme(name: str) -> int:
    if not name:
        return OPEN
    spelled = {"眞": "真", "靑": "青"}.get(name, to_traditional(name))
    if len(spelled) != 1 or spelled not in LEVEL_RHYMES:
        raise UsageError(f"there is no level rhyme {name!r}; the rhymes are {LEVEL_RHYMES}")
    return LEVEL_RHYMES.index(spelled)


def _named(sequence: Sequence, pattern: str, form: Form) -> bool:
    name = to_traditional(pattern).replace("韵", "韻")
    return name in (sequence.name(form.characters), sequence.for_lines(form.lines))


def _fit(plan: Plan, sequence: Sequence, asked: int, vocabulary: Vocabulary) -> tuple[int, str]:
    """The rhyme a sequence asks for, and why it cannot be if it cannot."""
    form, name = plan.wish.form, sequence.name(plan.wish.form.characters)
    width = form.characters
    for line in range(form.lines):
        if not plan.fits(sequence, plan.given, line):
            there = plan.given[line * width : (line + 1) * width]
            shown = "".join("□" if c == FREE else vocabulary.hanzi[c] for c in there)
            return OPEN, (
                f"line {line + 1}, {shown}, cannot stand in {name}, which wants "
                f"{_TONES[sequence.for_lines(form.lines)[line]]} there"
                + (" without licences" if plan.wish.strict else "")
                + "; change those characters or the pattern"
            )
    possible = np.ones(len(LEVEL_RHYMES), dtype=bool)
    if asked != OPEN:
        possible[:] = False
        possible[asked] = True
    weight = np.zeros(len(LEVEL_RHYMES))
    for line, end in _given_ends(plan.given, form, sequence):
        possible &= plan.table.rhymes[end]
        weight += plan.table.log_rhymes[end]
        if not possible.any():
            return OPEN, (
                f"line {line + 1} ends on {vocabulary.hanzi[end]}, which does not rhyme "
                + (f"in {LEVEL_RHYMES[asked]}" if asked != OPEN else "with the other given lines")
                + "; change that character or the rhyme"
            )
        asked = int(np.where(possible, weight, -np.inf).argmax())
    return asked, ""


_TONES = {"a": "仄仄平平仄", "A": "仄仄仄平平", "b": "平平平仄仄", "B": "平平仄仄平"}


def _given_ends(given: Columns, form: Form, sequence: Sequence) -> Iterator[tuple[int, int]]:
    """Lines that rhyme and whose last character is given, with that character's column."""
    for line in range(form.lines):
        end = int(given[(line + 1) * form.characters - 1])
        if end != FREE and (line % 2 == 1 or (line == 0 and sequence.rhymed_start)):
            yield line, end
