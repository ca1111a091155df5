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
from tangyin.prosody import Convention, Report, by_convention, check_poem
from tangyin.verse import Poem, read_verse

LEGEND = "○ 平 level  ● 仄 oblique  ◎ ◉ the same, chosen among two readings"


Read = tuple[Poem, Report]
Items = Iterable[Item[Read]]


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
@format_option("For people, a JSON array, or a JSON object per line.", "json", "jsonl")
@click.option("--fail", is_flag=True, help="Exit with 1 when a poem is not regulated.")
@click.option("--strict", "convention", flag_value="strict", help="Allow no licence.")
@click.option(
    "--loose",
    "convention",
    flag_value="loose",
    help="Allow rhymes of neighbouring groups (通押), and 特定句式 that begins oblique.",
)
@output_option
def check(
    files: tuple[str, ...],
    output_format: str,
    fail: bool,
    convention: Convention | None,
    output: Path | None,
) -> None:
    """Check the prosody of the poems of each FILE, or of standard input (-).

    Text: one poem a line, or poems separated by blank lines; two or more lines of five or seven
    characters each, with or without marks, traditional or simplified. Or JSON lines: `text`, or a
    list in `lines` or `paragraphs`; `title` and `author`. What cannot be read is reported in its
    place, and the exit code is 1.

    \b
        echo 白日依山盡，黃河入海流。欲窮千里目，更上一層樓。 | tangyin check
    """
    read = partial(_checked, convention=convention or "usual")
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


def _checked(text: str, convention: Convention) -> Read:
    poem = read_verse(text)
    return poem, by_convention(check_poem(poem.lines), convention)


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


def described(report: Report) -> Iterator[str]:
    """A report for people, line by line, with colours."""
    verdict = ("合律 regulated", "green") if report.regulated else ("不合律 not regulated", "red")
    rhyme = f"{report.rhyme}韻" if report.rhyme != "-" else "無共同之韻 no rhyme in common"
    sequence = [report.pattern] if report.pattern != "-" else [report.first_line]
    yield " · ".join([report.form, *sequence, rhyme, click.style(verdict[0], fg=verdict[1])])
    faulty = {(f.line, place) for f in report.faults for place in f.places}
    licensed = {(f.line, place) for f in report.licences for place in f.places}
    chosen = {(r.line, r.place) for r in report.readings}
    for number, (line, tones) in enumerate(zip(report.lines, report.tones, strict=True), 1):
        words, marks = "", ""
        for place, (character, tone) in enumerate(zip(line, tones, strict=True), 1):
            at = (number, place)
            colour = "red" if at in faulty else "yellow" if at in licensed else None
            words += click.style(character, fg=colour, bold=colour == "red")
            mark = {"P": "○◎", "Z": "●◉"}[tone][at in chosen]
            marks += click.style(mark, fg=colour or ("cyan" if tone == "P" else None))
        yield f"  {words}  {marks}  {report.line_types[number - 1]}"
    for title, findings, colour in (
        ("病 fault", report.faults, "red"),
        ("拗救 licence", report.licences, "yellow"),
        ("注意 warning", report.warnings, "magenta"),
    ):
        for finding in findings:
            yield f"  {click.style(title, fg=colour)}: {finding.zh} {finding.en}"
    for couplet in report.couplets:
        if couplet.expected and couplet.score is not None:
            pairs = " ".join(f"{p.upper}/{p.lower} {p.score:.2f}" for p in couplet.pairs)
            first, second = couplet.lines
            yield f"  對仗 antithesis {first}-{second}: {couplet.score:.2f}  {pairs}".rstrip()
    if report.readings:
        read = " ".join(
            f"{r.line}.{r.place} {r.character} {r.tone} {r.share:.0%}" for r in report.readings
        )
        yield f"  讀音 readings: {read}"
