"""What the checker finds in a poem.

`dataclasses.asdict` of a report is the JSON that `tangyin check --format json` prints.
"""

from dataclasses import dataclass, replace
from typing import Self

from tangyin.errors import catalogue

UNRESCUED = "大拗失救"
NO_OPPOSITION = "失對"
NO_ADHESION = "失粘"
OUT_OF_RHYME = "出韻"

NONE = "-"
"""In place of a sequence or a rhyme that the poem does not have."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault or a warning.

    Attributes:
        line: 1-based number of the line; 0 for the poem as a whole.
        kind: the Chinese term, such as 失粘.
        places: 1-based places of the characters in the line, possibly none.
        zh: a sentence about it in Chinese; `en` is the same in English.
        culprit: the line to change: `line` itself, or the line before where that one departs from
            the order of tones that most lines follow.
    """

    line: int
    kind: str
    places: tuple[int, ...]
    zh: str
    en: str
    culprit: int

    @classmethod
    def of(
        cls, kind: str, line: int, places: tuple[int, ...], variant: str = "", **params: str | int
    ) -> Self:
        """A finding with the sentences "finding.KIND" and VARIANT of the catalogue."""
        zh, en = _sentences(f"finding.{kind}{variant}", line=line, **params)
        return cls(line, kind, places, zh, en, line)

    def blaming(self, culprit: int) -> Self:
        """The same finding, with another line to change."""
        if culprit == self.line:
            return self
        zh, en = _sentences("finding.culprit", culprit=culprit)
        return replace(self, zh=self.zh + zh, en=f"{self.en} {en}", culprit=culprit)


def _sentences(code: str, **params: str | int) -> tuple[str, str]:
    """The sentences of a finding in Chinese and English.

    `errors.message` renders the same, and takes a fifth of the time of the whole check.
    """
    sentences = catalogue()[code]
    return sentences["zh"].format(**params), sentences["en"].format(**params)


@dataclass(frozen=True, slots=True)
class Licence(Finding):
    """A liberty that the rules allow; `rescue` is 本句自救, 對句相救 or ""."""

    rescue: str = ""


@dataclass(frozen=True, slots=True)
class ChosenReading:
    """The reading, 平 or 仄, of a character that verse reads in both tones.

    `line` and `place` count from 1; `share` of the character's places in verse have this tone.
    """

    line: int
    place: int
    character: str
    tone: str
    share: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two characters, or words of two, at the same place of a couplet.

    Attributes:
        place: 1-based place of the first character.
        score: how much they are a pair, -1 to 1 (`antithesis.pair_score`); None if it is unknown.
        reason: "opposite" (in meaning), "class" (the same one), "reduplicated" (both of a doubled
            character), "poets" (who set them opposite each other), "same" (one character), or "".
        kind: the class, such as "colour", where that is the reason.
        count: how often poets set them opposite each other, 0 where that is seldom or no more often
            than by chance.
        zh: the reason in Chinese; `en` is the same in English.
    """

    place: int
    upper: str
    lower: str
    score: float | None
    reason: str
    kind: str
    count: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Couplet:
    """The antithesis of two lines.

    Attributes:
        lines: 1-based numbers of the two.
        expected: whether antithesis is expected there (couplets 2 and 3 of 律詩, all but the
            first and the last of 排律).
        score: mean of the scores of its pairs of different characters; None when none is known.
        pairs: a pair a place, then the words of two that poets set opposite each other.
        same: characters set against themselves.
    """

    lines: tuple[int, int]
    expected: bool
    score: float | None
    pairs: tuple[Pair, ...]
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByBook:
    """Whether a poem holds by one book.

    Attributes:
        book: the name of the book.
        rhyme: whether the even lines share a level rhyme, and the first line ends oblique, rhymes,
            or borrows.
        tones: whether some reading of its characters keeps all other rules, licences used.
    """

    book: str
    rhyme: bool
    tones: bool

    @property
    def holds(self) -> bool:
        """Whether the poem is regulated by the book."""
        return self.rhyme and self.tones


@dataclass(frozen=True, slots=True)
class Report:
    """The prosody of a poem.

    Attributes:
        form: the name of the form, 對聯, 聯 (the first two lines of a poem, which rhyme), 排律
            (regulated verse of another length), or 古體.
        regulated: whether it keeps every rule, licences used.
        pattern: name of the sequence such as 仄起首句不入韻, or `-`.
        line_types: one letter per line, `?` where none fits, `-` in verse of oblique rhyme.
        nearest: the same with the type that a line comes nearest to in place of `?`.
        tones: for each line its tones, such as `ZZPPZ`.
        rhyme: the rhyme that more than half of the feet share (`rules.common_rhyme`), or `-`.
        first_line: 不入韻, 入韻 or 鄰韻.
        warnings: what a strict reader would notice.
        lines: the lines as they were given; the findings name their characters.
        read_as: the lines in the traditional characters that they were read in.
        book: the rhyme book that the poem was judged by.
        books: by which books it holds, if its tones follow rules.
        pauses: of each line of a 對聯, after how many characters it pauses.
    """

    form: str
    regulated: bool
    pattern: str
    line_types: str
    nearest: str
    tones: tuple[str, ...]
    rhyme: str
    first_line: str
    licences: tuple[Licence, ...]
    faults: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    couplets: tuple[Couplet, ...]
    readings: tuple[ChosenReading, ...]
    lines: tuple[str, ...]
    read_as: tuple[str, ...]
    book: str = "平水韻"
    books: tuple[ByBook, ...] = ()
    pauses: tuple[tuple[int, ...], ...] = ()
