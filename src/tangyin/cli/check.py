"""`tangyin check`."""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from tangyin.cli.streams import (
    emit,
    format_option,
    json_line,
    note,
    note_heading,
    output_option,
    read_text,
    remark,
)
from tangyin.errors import UsageError
from tangyin.prosody import Report, check_poem
from tangyin.verse import read_each, read_verse

LEGEND = "○ 平 level  ● 仄 oblique  ◎ ◉ the same, chosen among two readings"


@click.command()
@click.argument("file", default="-")
@format_option("For people, or a JSON array.")
@click.option("--fail", is_flag=True, help="Exit with 1 when a poem is not regulated.")
@output_option
def check(file: str, output_format: str, fail: bool, output: Path | None) -> None:
    """Check the prosody of the poems of FILE, or of standard input.

    One poem a line, or poems separated by blank lines; two or more lines of five or seven
    characters each, with or without marks, traditional or simplified.

    \b
        echo 白日依山盡，黃河入海流。欲窮千里目，更上一層樓。 | tangyin check
    """
    refused: list[UsageError] = []
    reports: list[tuple[int, Report]] = []
    for number, poem in read_each(read_text(file), read_verse):
        if isinstance(poem, UsageError):
            refused.append(poem)
            continue
        report = check_poem(poem.lines)
        reports.append((number, report))
        note_heading(number, poem)
        if report.read_as != report.lines:
            remark("text.simplified", number=number, first=report.read_as[0])
    if not (reports or refused):
        raise UsageError("text.none")
    if reports:
        rows = [json_line({"number": number, **asdict(report)}) for number, report in reports]
        as_json = ["[" + ",\n ".join(rows) + "]"]
        emit(as_json if output_format == "json" else _as_text(reports, output), output)
    for refusal in refused[:-1]:
        note(f"tangyin: {refusal}")
    if refused:
        raise refused[-1]
    if fail and not all(report.regulated for _, report in reports):
        sys.exit(1)


def _as_text(reports: list[tuple[int, Report]], output: Path | None) -> Iterator[str]:
    coloured = output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for at, (_, report) in enumerate(reports):
        if at:
            yield ""
        for line in described(report):
            yield line if coloured else click.unstyle(line)
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
