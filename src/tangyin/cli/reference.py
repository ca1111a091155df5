"""`tangyin rhyme|character|find|parallel`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import click

from tangyin import reference
from tangyin.cli.streams import (
    F,
    as_json,
    default_option,
    emit,
    format_option,
    language,
    output_option,
    remark,
)
from tangyin.errors import UsageError
from tangyin.reference import Line, Opposite, WordCount
from tangyin.reference.character import Fit

COUNT = click.IntRange(1, 1000)

TONES = str.maketrans("PZE", "○●◎")


def _options(count: int, help_: str) -> Callable[[F], F]:
    """The options of every look-up; `count` is the default of --count and `help_` its help."""
    scripts = click.Choice(reference.SCRIPTS)
    shown = (
        default_option("--count", type=COUNT, default=count, help=help_),
        default_option(
            "--script", type=scripts, default="traditional", help="Characters of the output."
        ),
        format_option("For people, or a JSON object."),
        output_option,
    )

    def decorate(command: F) -> F:
        for option in reversed(shown):
            command = option(command)
        return command

    return decorate


@click.command()
@click.argument("word")
@_options(30, "At most this many characters per rhyme.")
def rhyme(word: str, count: int, **shown: Any) -> None:
    """Characters of a rhyme, commonest first, with words that poets end lines on.

    WORD is the name of a rhyme of 平水韻, or any character; then each of its readings is looked
    up. Without the corpus (`tangyin corpus fetch`) there are no words.

    \b
        tangyin rhyme 東
    """
    _look_up(partial(reference.rhymes, word, count), _rhymes, **shown)


@click.command()
@click.argument("word", metavar="CHARACTER")
@_options(3, "At most this many example lines per reading.")
def character(word: str, count: int, **shown: Any) -> None:
    """Readings of a character: shares, rhymes, words and examples; where in a line it fits.

    In the patterns, + is a place that it fits, ~ one that needs a licence, - one that it does not
    fit. Without the corpus (`tangyin corpus fetch`) there are no examples and no words.

    \b
        tangyin character 看
    """
    _look_up(partial(reference.characters, word, count), _characters, **shown)


@click.command()
@click.argument("word", required=False)
@_options(20, "At most this many lines.")
@click.option("--first", type=click.IntRange(1), default=1, help="Begin with this line, from 1.")
@click.option("--id", "id_", help="Print the poem with this id instead.")
def find(word: str | None, count: int, first: int, id_: str | None, **shown: Any) -> None:
    """Lines of the corpus with a WORD of one to seven characters, Tang poems first.

    Each line is followed by poet, title, form, line and place in the line, and the id of its poem.

    \b
        tangyin find 明月
        tangyin find --id 3cc12092-e338-458d-a730-5ee07b08d888
    """
    if (word is None) == (id_ is None):
        raise UsageError("reference.word_or_id")
    if id_ is not None:
        _look_up(partial(reference.poem, id_), _poem, **shown)
    else:
        _look_up(partial(reference.find, word or "", count, first), _lines, **shown)


@click.command()
@click.argument("word")
@_options(12, "At most this many words per list.")
def parallel(word: str, count: int, **shown: Any) -> None:
    """What poets set opposite a WORD in couplets 2 and 3 of eight-line poems.

    Three lists: the most frequent words; those most characteristic of this word, by the
    log-likelihood ratio; and the common words that the antithesis model finds most parallel.

    \b
        tangyin parallel 青山
    """
    _look_up(partial(reference.parallel, word, count), _opposites, **shown)


def _look_up(
    ask: Callable[[], Any],
    lines: Callable[[Any], Iterator[str]],
    *,
    script: str,
    output_format: str,
    output: Path | None,
) -> None:
    """Print an answer for people, by `lines`, or as JSON."""
    with reference.announcing(lambda: remark("reference.indexing")):
        found = ask()
    if output_format == "json":
        emit(as_json(reference.in_script(asdict(found), script)), output)
    else:
        shown = chain(lines(found), _ending(found))
        emit((reference.in_script(line, script) for line in shown), output)


def _ending(found: Any) -> Iterator[str]:
    """What an answer ends with, if it has that: other words for the one asked, and its sources."""
    if others := getattr(found, "others", ()):
        yield f"又 also: {_words(others)}"
    if sources := getattr(found, "source", ()):
        yield ""
        for source in sources:
            yield f"來源 source: {source.en if language() == 'en' else source.zh}"


def _rhymes(found: reference.Rhymes) -> Iterator[str]:
    for one in found.rhymes:
        parts = [f"{one.name}韻 {one.number}", f"廣韻 {one.rimes}"]
        if one.neighbours:
            parts.append(f"鄰韻 {one.neighbours}")
        yield " · ".join([*parts, f"{one.total}字"])
        for foot in one.characters:
            yield f"  {foot.character} {foot.count:>6,}  {_words(foot.words)}".rstrip()


def _characters(found: reference.Characters) -> Iterator[str]:
    for one in found.characters:
        yield "  ".join([one.character, *(f"{v.character} {v.kind}" for v in one.variants)])
        for reading in one.readings:
            parts = [f"{reading.rhyme}韻 {reading.number}", f"{reading.count:,} 句末 line ends"]
            if reading.neighbours:
                parts.insert(1, f"鄰韻 {reading.neighbours}")
            yield f"  {reading.tone} {reading.share:.0%}  {' · '.join(parts)}"
            if reading.words:
                yield f"    {_words(reading.words)}"
            for line in reading.examples:
                yield f"    {_line(line)}"
        if one.words:
            words = " ".join(f"{word.word} {word.level:.0%}" for word in one.words)
            yield f"  平 in words: {words}"
        for width in (5, 7):
            fits = [_pattern(fit) for fit in one.fits if fit.characters == width]
            yield f"  {'  '.join(fits)}"


def _pattern(fit: Fit) -> str:
    """The places of a line that a character fits, and the type of the line."""
    places = range(1, fit.characters + 1)
    signs = ("+" if at in fit.places else "~" if at in fit.licensed else "-" for at in places)
    return f"{''.join(signs)} {fit.type}"


def _lines(found: reference.Lines) -> Iterator[str]:
    yield f"{found.word}  {found.count:,} 次 times · {found.poems:,} 首 poems"
    for line in found.lines:
        yield f"  {_line(line)}  {line.form} {line.line}.{line.place}  {line.id}"


def _line(line: Line) -> str:
    return f"{line.text}  {line.author}《{line.title}》"


def _poem(found: reference.Record) -> Iterator[str]:
    yield f"{found.title}  {found.author}"
    yield from found.couplets


def _opposites(found: reference.Opposites) -> Iterator[str]:
    yield f"{found.word} {found.tones.translate(TONES)}  {found.count:,} 次 times"
    for title, opposites in (
        ("多 often", found.often),
        ("切 telling", found.telling),
        ("對 candidates", found.candidates),
    ):
        if opposites:
            yield f"  {title}"
            yield from map(_opposite, opposites)


def _opposite(one: Opposite) -> str:
    score = "" if one.score is None else f"{one.score:.2f}"
    tones = one.tones.translate(TONES)
    return f"    {one.word} {tones} {one.count:>6,} {one.association:>9,.1f} {score:>6}".rstrip()


def _words(words: Sequence[WordCount]) -> str:
    return " ".join(f"{word.word} {word.count}" for word in words)
