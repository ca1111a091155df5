"""The checker of a text of any form, which is recognised by shape, heading and tones."""

from functools import cache

from tangyin.errors import UsageError
from tangyin.metre.books import CILIN, PINGSHUI, Book
from tangyin.metre.ci import MOST_HANZI, CiReport, check_ci, song_of
from tangyin.metre.ci_match import LONGEST_LINE, nearest
from tangyin.metre.convention import Convention, by_convention
from tangyin.metre.finding import NONE, Report
from tangyin.metre.gu import check_ancient
from tangyin.metre.lian import check_couplet, couplet_in
from tangyin.metre.shi import check_poem
from tangyin.verse import Poem, normalize, read_verse
from tangyin.verse.couplet import couplet_lines
from tangyin.verse.lyric import is_headed, read_lyric, tunes_in
from tangyin.verse.reader import has_marks
from tangyin.verse.tune import RHYMES, Tune, tunes

AnyReport = Report | CiReport

UNLIKE = 0.6
"""Excess a character from which on a text is sung to no tune. Of Song 詞 beside the tune that they
are named after 95 % have less than 0.25; most other Tang verse of unequal lines has more than 0.75
(`scripts/measure_tunes.py`)."""

CLOSE = 0.15
"""The same for a text whose lines are not to be seen, or may be those of a 對聯."""

DEFECTIVE = 0.75
"""A poem of lines of 5 or 7 characters with so large a part of them is meant as one of equal lines,
and the others are too long or too short."""

ALIKE, QUATRAIN = 0.3, 28
"""The same for a text that may be equal lines, if these have no rhyme or more than twice the faults
of the 詞, and if it is longer than a quatrain. Typed without marks, two of 400 詩 that break the
rules of 近體詩 come so near to a tune, and 379 of 400 Song 詞 that make equal lines. A tenth of the
quatrains do so by chance."""


def check_any(
    text: str, convention: Convention = "usual", tune: str = "", book: Book | None = None
) -> tuple[Poem, AnyReport]:
    """Check a text as typed: with or without marks, traditional or simplified.

    Args:
        text: one poem, possibly below its title, which may name a tune.
        convention: how strictly 近體詩 is judged (`by_convention`).
        tune: the name of a tune that the text is to be checked against; "" to find it.
        book: the rhyme book; None is 平水韻 for 詩 and 詞林正韻 for 詞.

    Returns:
        The poem as it was read, and the report on it.

    Raises:
        UsageError: tune.unknown; tune.none, for lines of unequal length that fit no tune; or the
            text is not verse.
    """
    if tune:
        return check_ci(text, tune, book or CILIN)
    if pair := couplet_in(text):
        couplet = _as_couplet(pair, text, convention)
        as_ci = check_ci(text, book=book or CILIN) if len(pair[0]) > LONGEST_LINE else None
        return as_ci if as_ci and _is_sung(as_ci[1], couplet[1]) else couplet
    try:
        poem = read_verse(text, blanks=True)
    except UsageError as refusal:
        try:
            return _other_lines(text, refusal, book)
        except UsageError:
            if pair := couplet_lines(text) or couplet_lines(text.partition("\n")[2]):
                return _as_couplet(pair, text, convention)
            raise
    report = by_convention(check_poem(poem.lines, book=book), convention)
    named = is_headed(text) or bool(tunes_in(poem.title))
    unmarked = not has_marks(normalize(text))
    faulty = len(poem.lines) > 2 and not report.regulated
    if faulty and (named or unmarked or _may_be_ci(poem, book or CILIN)):
        as_ci = check_ci(text, book=book or CILIN)
        if _is_better(as_ci[1], report, named=named):
            return as_ci
    return poem, report


def _as_couplet(pair: tuple[str, str], text: str, convention: Convention) -> tuple[Poem, AnyReport]:
    """A 對聯, possibly below its title."""
    first = text.strip().splitlines()[0].strip()
    title = "" if pair[0].partition("，")[0] in normalize(first) else first
    return Poem(pair, "；。", title), by_convention(check_couplet(*pair), convention)


def _is_sung(as_ci: CiReport, couplet: AnyReport) -> bool:
    """Whether two halves of one shape are the stanzas of a 詞."""
    limit = ALIKE if 2 * len(as_ci.faults) < len(couplet.faults) else CLOSE
    return as_ci.excess <= limit * sum(map(len, as_ci.lines))


def _may_be_ci(poem: Poem, book: Book) -> bool:
    """Whether equal lines without the name of a tune come near one with lines just as equal."""
    shape = len(poem.lines), len(poem.lines[0])
    alike = _tunes_of_equal_lines().get(shape, ())
    size = shape[0] * shape[1]
    found = nearest(song_of(poem, book), alike) if alike and size > QUATRAIN else []
    return any(match.excess <= ALIKE * size for match in found)


@cache
def _tunes_of_equal_lines() -> dict[tuple[int, int], list[Tune]]:
    """Tunes by number of lines and of characters a line, with the variants that are so alone."""
    found: dict[tuple[int, int], list[Tune]] = {}
    for tune in tunes():
        for variant in tune.variants:
            widths = {len(line.tones) for line in variant.lines}
            if len(widths) == 1:
                of_shape = found.setdefault((len(variant.lines), widths.pop()), [])
                of_shape.append(Tune(tune.names, (variant,)))
    return found


def _other_lines(text: str, refusal: UsageError, book: Book | None) -> tuple[Poem, AnyReport]:
    """Lines that are not all of 5 or all of 7 characters."""
    poem = read_lyric(text)[0]
    lengths = [len(line) for line in poem.lines]
    if len(set(lengths)) == 1 and len(lengths) > 1 and not tunes_in(poem.title):
        return poem, check_ancient(poem.lines, book or PINGSHUI)
    if sum(lengths) > MOST_HANZI:
        raise refusal
    poem, report = check_ci(text, book=book or CILIN)
    if tunes_in(poem.title):
        return poem, report
    common = max(lengths.count(5), lengths.count(7))
    defective = len(lengths) == 1 or common >= DEFECTIVE * len(lengths)
    limit = ALIKE if common == DEFECTIVE * len(lengths) else CLOSE if defective else UNLIKE
    if report.excess > limit * sum(lengths) or (defective and _is_like_lvshi(report)):
        if defective:
            raise refusal
        raise UsageError("tune.none", nearest=report.tune, count=len(report.faults))
    return poem, report


def _is_better(as_ci: CiReport, report: Report, *, named: bool) -> bool:
    """Whether equal lines are a 詞 rather than 古體 or a faulty 近體詩."""
    count = sum(map(len, as_ci.lines))
    if named:
        return as_ci.excess <= UNLIKE * count
    faulty = report.rhyme == NONE or 2 * len(as_ci.faults) < len(report.faults)
    near = as_ci.excess <= ALIKE * count
    return faulty and near and count > QUATRAIN and not _is_like_lvshi(as_ci)


def _is_like_lvshi(report: CiReport) -> bool:
    """Whether the tune has the lines and rhymes of a 律詩: 瑞鷓鴣 is a 七律, 怨回紇 a 五律."""
    level = [
        p[-1] == "平" for p, end in zip(report.patterns, report.ends, strict=True) if end in RHYMES
    ]
    return len(report.patterns) == 8 and len(set(map(len, report.patterns))) == 1 and all(level)
