"""`tangyin write`."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tangyin.api import Verse, load
from tangyin.cli.streams import emit, format_option, json_line, output_option, read_text
from tangyin.errors import UsageError
from tangyin.writing.options import Option, options


def _parameter(option: Option) -> click.Parameter:
    """An option of a request as one of the command line."""
    if option.name == "start":
        return click.Argument([option.name], default=option.default)
    kinds = {
        int: click.IntRange(option.minimum, option.maximum),
        float: click.FloatRange(option.minimum, option.maximum, min_open=option.above),
    }
    help_, default = option.help["en"], option.default
    if option.name == "count":  # the default depends on what is done
        help_, default = f"{help_}  [default: 1; 5 to revise]", None
    name = f"--{option.name.replace('_', '-')}"
    kind = click.Choice(option.choices) if option.choices else kinds.get(option.kind, option.kind)
    return click.Option(
        ["--regulated/--free" if option.name == "regulated" else name],
        type=kind,
        default=default,
        show_default=bool(default),
        multiple=option.many,
        is_flag=True if option.kind is bool else None,
        help=help_,
    )


@click.command(params=[_parameter(option) for option in options().values()])
@click.option("--first-line", default="", help="A given line or couplet to continue from.")
@click.option("--revise", metavar="FILE", help="Rewrite a line of the poem in FILE (- for input).")
@click.option("--line", type=int, help="Which line to revise, from 1.")
@click.option("--character", type=int, help="Which character of it; the whole line by default.")
@format_option("Poems to read, or a JSON object per line.", "jsonl")
@output_option
def write(
    start: str,
    model: str,
    first_line: str,
    revise: str | None,
    line: int | None,
    character: int | None,
    output_format: str,
    output: Path | None,
    **given: Any,
) -> None:
    """Write poems that begin with START, or revise one.

    START is a first character, first words or first lines, traditional or simplified, with □ for
    each character left open; without it the model chooses the beginning. Poems keep the rules of
    regulated verse unless --free is given.

    \b
        tangyin write 日
        tangyin write 明月 --rhyme 陽 --count 3 --seed 7
        tangyin write --acrostic 春夏秋冬 --rule top-p
        tangyin write --revise poem.txt --line 3
    """
    if first_line and start:
        raise UsageError("request.start_twice")
    given["start"] = start or first_line or None
    chosen = {name: value for name, value in given.items() if value is not None}
    verses: Iterable[Verse]
    if revise is None:
        if line is not None or character is not None:
            raise UsageError("request.line_without_poem")
        verses = load(model).write_many(**chosen)
    elif line is None:
        raise UsageError("request.line_missing")
    else:
        verses = load(model).revise(read_text(revise), line, character=character, **chosen)
    if output_format == "jsonl":
        emit((json_line(asdict(verse)) for verse in verses), output)
    else:
        emit(
            (f"\n{verse}" if number else str(verse) for number, verse in enumerate(verses)), output
        )
