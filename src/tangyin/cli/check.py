"""`tangyin check`."""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from tangyin.cli.batch import Batch, Item
from tangyin.cli.streams import emit, format_option, one_line, output_option
from tangyin.errors import TangyinError
from tangyin.metre import AnyReport, CiReport, Convention, Pair, Report, book_named, check_any
from tangyin.metre.antithesis import POETS
from tangyin.metre.ci import MISSING
from tangyin.metre.lian import FORM as COUPLET
from tangyin.verse import Poem
from tangyin.verse.tune import tunes_named

LEGEND = "○ 平 level  ● 仄 oblique  ◎ ◉ the same, chosen among two readings"

Read = tuple[Poem, AnyReport]
Items = Iterable[Item[Read]]


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
@format_option("Readable text, a JSON array, or one JSON object per line.", "json", "jsonl")
@click.option("--fail", is_flag=True, help="Exit with 1 when a poem is not regulated.")
@click.option("--strict", "convention", flag_value="strict", help="Allow no licences.")
@click.option(
    "--loose",
    "convention",
    flag_value="loose",
    help="Allow neighbouring rhymes (通押), and 特定句式 with an oblique first character.",
)
@click.option("--tune", metavar="NAME", default="", help="Check against this tune (詞牌).")
@click.option(
    "--book",
    metavar="NAME",
    default="",
    help="平水韻, 詞林正韻, 中華新韻 or 中華通韻; by default the first for 詩, the second for 詞.",
)
@output_option
def check(
    files: tuple[str, ...],
    output_format: str,
    fail: bool,
    convention: Convention | None,
    tune: str,
    book: str,
    output: Path | None,
) -> None:
    """Check the prosody of the poems in each FILE, or in standard input (-).

    The input is text with one poem per line, or with blank lines between poems. Punctuation is
    optional, and characters may be traditional or simplified. A poem may be a 詩, a 對聯 or a 詞;
    the tune of a 詞 is recognized, or named in the heading or by --tune. The input may also be
    JSON lines with the poem in `text`, or in a list `lines` or `paragraphs`, and optionally `title`
    and `author`. A poem that cannot be read is reported in its place, and the exit code is 1.

    \b
        echo 白日依山盡，黃河入海流。欲窮千里目，更上一層樓。 | tangyin check
    """
    if tune:
        tunes_named(tune)  # or it is refused before the first poem
    read = partial(
        check_any,
        convention=convention or "usual",
        tune=tune,
        book=book_named(book) if book else None,
    )
    batch = Batch(files, read, output, text=output_format == "text")
    verdicts: set[bool] = set()
    items = _noted(batch, verdicts)
    if output_format == "text":
        emit(_as_text(items, batch.on_terminal and not os.environ.get("NO_COLOR")), output)
    else:
        emit(_as_array(items) if output_format == "json" else map(_as_json, items), output)
    batch.finish()
    if fail and False in verdicts:
        sys.exit(1)


def _noted(batch: Batch[Read], verdicts: set[bool]) -> Iterator[Item[Read]]:
    """The items; what was done to their texts is said, and their verdicts are kept."""
    for item in batch:
        if not isinstance(item.value, TangyinError):
            poem, report = item.value
            verdicts.add(report.regulated)
            batch.note_heading(item.number, poem)
            if report.read_as != report.lines:
                batch.remark("text.simplified", number=item.number, first=report.read_as[0])
        yield item


def _as_json(item: Item[Read]) -> str:
    if isinstance(item.value, TangyinError):
        return item.refusal(item.value)
    poem, report = item.value
    return item.record({"number": item.number, **asdict(report)}, poem)


def _as_array(items: Items) -> Iterator[str]:
    """The objects as one array, each as soon as it is there."""
    for number, line in enumerate(map(_as_json, items)):
        yield ("," if number else "[") + line
    yield "]"


def _as_text(items: Items, coloured: bool) -> Iterator[str]:
    legend = False
    for number, item in enumerate(items):
        if number:
            yield ""
        if isinstance(item.value, TangyinError):
            yield item.sentence(item.value)
            continue
        legend = True
        poem, report = item.value
        fields = item.found.fields
        heading = [fields.get(name) or getattr(poem, name) for name in ("title", "author")]
        if any(heading):
            yield one_line("  ".join(filter(None, heading)))
        for line in described(report):
            yield line if coloured else click.unstyle(line)
    if legend:
        yield ""
        yield LEGEND


def described(report: AnyReport) -> Iterator[str]:
    """A report for people, line by line, with colours."""
    named, ends = _of_ci(report) if isinstance(report, CiReport) else _of_lines(report)
    verdict, colour = (
        ("合律 regulated", "green") if report.regulated else ("不合律 not regulated", "red")
    )
    yield " · ".join([*named, click.style(verdict, fg=colour)])
    # A report on a 詞 has none of these.
    licences, readings, pauses, couplets = (
        getattr(report, name, ()) for name in ("licences", "readings", "pauses", "couplets")
    )
    faulty = {(f.line, place) for f in report.faults if f.kind != MISSING for place in f.places}
    licensed = {(f.line, place) for f in licences for place in f.places}
    chosen = {(r.line, r.place) for r in readings}
    rows = zip(report.lines, report.tones, ends, strict=True)
    for number, (line, tones, end) in enumerate(rows, 1):
        words, marks = "", ""
        for place, (character, tone) in enumerate(zip(line, tones, strict=True), 1):
            at = (number, place)
            colour = "red" if at in faulty else "yellow" if at in licensed else ""
            words += click.style(character, fg=colour or None, bold=colour == "red")
            mark = {"P": "○◎", "Z": "●◉"}[tone][at in chosen]
            marks += click.style(mark, fg=colour or ("cyan" if tone == "P" else None))
            if pauses and place in pauses[number - 1]:
                words, marks = f"{words}，", f"{marks} "
        yield f"  {words}  {marks}  {end}"
    held = [verdict.book for verdict in report.books if verdict.holds]
    rhymed = [verdict.book for verdict in report.books if verdict.rhyme and not verdict.tones]
    by_books = (("合於 holds by", held), ("僅韻合 in rhyme alone by", rhymed))
    if said := [f"{words}: {' '.join(books)}" for words, books in by_books if books]:
        yield "  " + " · ".join(said)
    for title, findings, colour in (
        ("病 fault", report.faults, "red"),
        ("拗救 licence", licences, "yellow"),
        ("注意 warning", report.warnings, "magenta"),
    ):
        for finding in findings:
            yield f"  {click.style(title, fg=colour)}: {finding.zh} {finding.en}"
    for couplet in couplets:
        if couplet.expected and couplet.score is not None:
            first, second = couplet.lines
            pairs = "".join(f"  {_reason(pair)}" for pair in couplet.pairs if pair.reason)
            yield f"  對仗 antithesis {first}-{second}: {couplet.score:.2f}{pairs}"
    if readings:
        read = " ".join(
            f"{r.line}.{r.place} {r.character} {r.tone} {r.share:.0%}" for r in readings
        )
        yield f"  讀音 readings: {read}"


def _of_ci(report: CiReport) -> tuple[list[str], list[str]]:
    """The heading of a report on a 詞, and what is said at the end of each line."""
    tune = f"{report.tune} {report.variant}/{report.variants}"
    ends = zip(report.patterns, report.ends, strict=True)
    return [report.form, tune, " ".join(report.rhyme)], list(map("".join, ends))


def _of_lines(report: Report) -> tuple[list[str], list[str]]:
    """The same for a report on lines of equal length."""
    types = list(report.line_types)
    if report.form == COUPLET:
        return [report.form], types
    rhyme = f"{report.rhyme}韻" if report.rhyme != "-" else "無共同之韻 no rhyme in common"
    sequence = report.pattern if report.pattern != "-" else report.first_line
    return [report.form, sequence, rhyme], types


def _reason(pair: Pair) -> str:
    reason = f"×{pair.count}" if pair.reason == POETS else f"{pair.zh} {pair.en}"
    return f"{pair.upper}/{pair.lower} {reason}"
