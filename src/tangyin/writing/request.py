"""What a person wants of a regulated poem, and whether it can be."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from tangyin.errors import UsageError, counted
from tangyin.prosody import LEVEL_RHYMES, SEQUENCES, Sequence, ToneTable, tone_table
from tangyin.verse import (
    MARKS,
    Form,
    Ids,
    Vocabulary,
    corpus_spelling,
    normalize,
    rhyme_token,
    title_characters,
    to_traditional,
    traditional_alternative,
)
from tangyin.writing.constraints import (
    FREE,
    OPEN,
    Columns,
    Draft,
    Mask,
    Rates,
    Readings,
    RhymeBook,
    rates_of,
)
from tangyin.writing.fitting import Fitting, Word
from tangyin.writing.opening import read_opening

LONGEST_TITLE = 40
"""Chinese characters that a title may have."""


@dataclass(frozen=True)
class Request:
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
        title: what the poem is called, for a model that was trained on titles.
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
    title: str = ""

    def __post_init__(self) -> None:
        include: object = self.include
        if isinstance(include, str):  # one word is taken for what it is, not for its characters
            object.__setattr__(self, "include", (include,))


@dataclass(frozen=True, eq=False)
class Plan:
    """A wish that can be granted.

    Attributes:
        wish: the wish.
        fitting: the rules, for what is given.
        given: (form.hanzi,) int32 columns that stand in every poem, or FREE.
        marks: given marks: token number by line.
        asked: number of the rhyme that the wish names (`LEVEL_RHYMES`), or OPEN.
        sequences: those that fit, each with its weight: the share of Tang poems that follow it,
            times that of the reading it needs of a given end of the first line.
        words: the columns of each word of `include`, the longest first.
        prefix: what the model reads before the text.
    """

    wish: Request
    fitting: Fitting
    given: Columns
    marks: dict[int, int]
    asked: int
    sequences: tuple[tuple[Sequence, float], ...]
    words: tuple[Word, ...]
    prefix: Ids

    @property
    def readings(self) -> Readings:
        """What may be written on which tone."""
        return self.fitting.readings

    @property
    def rates(self) -> Rates:
        """The rates of licences."""
        return self.fitting.rates

    @property
    def forbidden(self) -> Mask:
        """(characters,) what must not be written."""
        return self.fitting.forbidden

    def draft(self, given: Columns) -> Draft:
        """Empty poems with what is given, (rows, form.hanzi), in its places."""
        return Draft(self.wish.form, self.fitting.characters, np.zeros_like(given), given)


def opening_of(wish: Request, vocabulary: Vocabulary) -> dict[int, int]:
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


def read_title(wish: Request) -> str:
    """The title as it stands above the poem: in traditional characters, or "".

    Raises:
        UsageError: it has no Chinese character, or too many.
    """
    title = to_traditional(normalize(wish.title))
    count = len(title_characters(title))
    if wish.title and not count:
        raise UsageError(
            f"the title {wish.title!r} has no Chinese character; give one such as 送友人"
        )
    if count > LONGEST_TITLE:
        raise UsageError(f"the title has {count} Chinese characters; give at most {LONGEST_TITLE}")
    return title


def prefix_for(wish: Request, vocabulary: Vocabulary) -> Ids:
    """What a model reads before a poem: form, title, and the rhyme where it can be told.

    Raises:
        UsageError: see `read_title`; or the model was trained on other forms, or without titles.
    """
    title = "".join(
        character
        if (column := _column(character, vocabulary)) is None
        else vocabulary.hanzi[column]
        for character in title_characters(read_title(wish))
    )
    asked = _rhyme(wish.rhyme)
    rhyme = "" if asked == OPEN else LEVEL_RHYMES[asked]
    return vocabulary.prefix(wish.form, rhyme if rhyme_token(rhyme) in vocabulary else None, title)


def plan(wish: Request, vocabulary: Vocabulary) -> Plan:
    """See whether a wish can be granted, and how.

    Raises:
        UsageError: it cannot; the sentence says why, and at which line.
    """
    form = wish.form
    if not form.regulated:
        raise UsageError("form.not_regulated", form=form.name)
    if wish.most < 1:
        raise UsageError(f"most is {wish.most}; give 1 or more")
    given, marks = given_characters(wish, vocabulary)
    words = [tuple(_columns(word, vocabulary)) for word in wish.include]
    forbidden = _forbidden(wish.avoid, vocabulary)
    for column in {*given[given != FREE].tolist(), *(c for word in words for c in word)}:
        if forbidden[column]:
            raise UsageError(
                f"{vocabulary.hanzi[column]} is to be avoided and is given as well; take it out of "
                "one of them"
            )
    table, readings, book = _tables(vocabulary.hanzi)
    rates = rates_of(form).strict if wish.strict else rates_of(form)
    fitting = Fitting(form, vocabulary.hanzi, table, readings, book, rates, forbidden)
    candidates = [s for s in rates.sequences if not wish.pattern or _named(s, wish.pattern, form)]
    if not candidates:
        known = ", ".join(s.name(form.characters) for s in SEQUENCES)
        raise UsageError(f"there is no pattern {wish.pattern!r} of a {form}; there are {known}")
    longest_first = tuple(sorted(filter(None, words), key=len, reverse=True))
    prefix = prefix_for(wish, vocabulary)
    result = Plan(wish, fitting, given, marks, _rhyme(wish.rhyme), (), longest_first, prefix)
    faults = {sequence: _faults(result, sequence) for sequence in candidates}
    fitting_ones = tuple(
        (s, rates.sequences[s] * fitting.first_end(s, given))
        for s, found in faults.items()
        if not found
    )
    if not fitting_ones:
        nearest = min(candidates, key=lambda sequence: len(faults[sequence]))
        raise UsageError(faults[nearest][0])
    return replace(result, sequences=fitting_ones)


def given_characters(wish: Request, vocabulary: Vocabulary) -> tuple[Columns, dict[int, int]]:
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
    lines = next((lines for lines in form.heads if len(lines) == len(heads)), ())
    if heads and not lines:
        raise UsageError(
            f"the acrostic has {counted(len(heads), 'character')}, and a {form} has {form.lines} "
            f"lines; give {form.lines} of them, or {form.lines // 2} for the couplets"
        )
    for line, head in zip(lines, heads, strict=False):
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
    columns = []
    for character in to_traditional(normalize(text)):
        if character in MARKS:
            continue
        column = _column(character, vocabulary)
        if column is None:
            raise UsageError(f"the model does not know {character}; choose another character")
        columns.append(column)
    return columns


def _column(character: str, vocabulary: Vocabulary) -> int | None:
    for spelling in (character, corpus_spelling(character), traditional_alternative(character)):
        if spelling in vocabulary:
            return vocabulary.id(spelling) - int(vocabulary.hanzi_ids[0])
    return None


def _forbidden(avoid: str, vocabulary: Vocabulary) -> Mask:
    """(characters,) what must not be written; a model avoids what it does not know anyway."""
    forbidden = np.zeros(len(vocabulary.hanzi), dtype=bool)
    for character in to_traditional(normalize(avoid)):
        column = None if character in MARKS else _column(character, vocabulary)
        if column is not None:
            forbidden[column] = True
    return forbidden


@lru_cache(maxsize=4)
def _tables(hanzi: tuple[str, ...]) -> tuple[ToneTable, Readings, RhymeBook]:
    table = tone_table(hanzi)
    return table, Readings.of(table), RhymeBook.of(table, hanzi)


def _rhyme(name: str) -> int:
    if not name:
        return OPEN
    # 肴 is asked for by its own name, which OpenCC would change.
    spelled = name if name in LEVEL_RHYMES else to_traditional(name)
    spelled = {"眞": "真", "靑": "青"}.get(spelled, spelled)
    if len(spelled) != 1 or spelled not in LEVEL_RHYMES:
        raise UsageError(f"there is no level rhyme {name!r}; the rhymes are {LEVEL_RHYMES}")
    return LEVEL_RHYMES.index(spelled)


def _named(sequence: Sequence, pattern: str, form: Form) -> bool:
    name = to_traditional(pattern).replace("韵", "韻")
    return name in (sequence.name(form.characters), sequence.for_lines(form.lines))


def _faults(plan: Plan, sequence: Sequence) -> list[str]:
    """Why a sequence cannot be, a sentence for each line at fault; empty when it can."""
    fitting, given, form = plan.fitting, plan.given, plan.wish.form
    hanzi, name = fitting.characters, sequence.name(form.characters)
    bad = np.flatnonzero(fitting.bad_lines(sequence, given[None])[0])
    if len(bad):
        return [_misfit(plan, sequence, int(line)) for line in bad]
    rhyme, stray = fitting.rhyme(sequence, given, plan.asked)
    if stray is not None:
        end = hanzi[given[(stray + 1) * form.characters - 1]]
        with_ = f"in {LEVEL_RHYMES[plan.asked]}" if plan.asked != OPEN else "with the others given"
        return [
            f"line {stray + 1} ends on {end}, which does not rhyme {with_}; change that character "
            "or the rhyme"
        ]
    left, places = fitting.rhymes_short(sequence, given, rhyme)
    if left < places:
        where = f"in {LEVEL_RHYMES[rhyme]}" if rhyme != OPEN else "with each other"
        return [
            f"of the characters that the model may write only {left} rhyme {where}, and there are "
            f"{places} lines to rhyme; choose another rhyme or avoid fewer characters"
        ]
    for words in (*((word,) for word in plan.words), plan.words):
        if fitting.place(sequence, given, words, plan.asked, np.zeros(len(words))) is None:
            shown = ", ".join("".join(hanzi[column] for column in word) for word in words)
            return [
                f"there is no room for {shown} in {name}, with its tones and rhymes and what else "
                "is given; leave something out or change the pattern"
            ]
    return []


def _misfit(plan: Plan, sequence: Sequence, line: int) -> str:
    form, given = plan.wish.form, plan.given
    there = given[line * form.characters : (line + 1) * form.characters]
    shown = "".join("□" if c == FREE else plan.fitting.characters[c] for c in there)
    wanted = _TONES[sequence.for_lines(form.lines)[line]]
    # What stands in front of the core is opposite to the core's second character.
    front = "" if form.characters == 5 else "仄仄" if wanted[1] == "平" else "平平"
    return (
        f"line {line + 1}, {shown}, cannot stand in {sequence.name(form.characters)}, which wants "
        f"{front}{wanted} there{' without licences' if plan.wish.strict else ''}"
        f"{'' if plan.wish.pattern else ', and the other patterns suit no better'}"
        "; change those characters or the pattern"
    )


_TONES = {"a": "仄仄平平仄", "A": "仄仄仄平平", "b": "平平平仄仄", "B": "平平仄仄平"}
