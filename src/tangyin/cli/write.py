"""`tangyin write` and `tangyin couplet`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tangyin.api import MOST_ANSWERS, Verse, load
from tangyin.cli.streams import default_option, emit, format_option, output_option
from tangyin.errors import UsageError
from tangyin.files import json_text
from tangyin.metre.option import Option
from tangyin.writing.options import options


def _parameter(option: Option) -> click.Parameter:
    """An option of a request as one of the command line."""
    if option.name == "start":
        return click.Argument([option.name], default=option.default)
    kinds = {
        int: click.IntRange(option.minimum, option.maximum),
        float: click.FloatRange(option.minimum, option.maximum, min_open=option.above),
    }
    name = f"--{option.name.replace('_', '-')}"
    kind = click.Choice(option.choices) if option.choices else kinds.get(option.kind, option.kind)
    return click.Option(
        ["--regulated/--free" if option.name == "regulated" else name],
        type=kind,
        default=option.default,
        show_default=bool(option.default),
        multiple=option.many,
        is_flag=True if option.kind is bool else None,
        help=option.help["en"],
    )


@click.command(params=[_parameter(option) for option in options().values()])
@click.option(
    "--first-line", default="", help="First line or couplet, from which the poem continues."
)
@format_option("Readable poems, or one JSON object per line.", "jsonl")
@output_option
def write(
    start: str,
    model: str,
    first_line: str,
    output_format: str,
    output: Path | None,
    **given: Any,
) -> None:
    """Write poems that begin with START.

    START is the first character, words or lines, traditional or simplified, with □ for each
    character left open. Without START, the model chooses the beginning. Poems keep the rules of
    regulated verse unless --free is given.

    \b
        tangyin write 日
        tangyin write 明月 --rhyme 陽 --count 3 --seed 7
        tangyin write --acrostic 春夏秋冬 --rule top-p
        tangyin write 白日依山盡，□□□□□。 --form 五絕
    """
    if first_line and start:
        raise UsageError("request.start_twice")
    given["start"] = start or first_line or None
    chosen = {name: value for name, value in given.items() if value is not None}
    verses = load(model).write_many(**chosen)
    if output_format == "jsonl":
        emit((json_text(asdict(verse)) for verse in verses), output)
    else:
        emit(("\n" * bool(n) + _shown(verse) for n, verse in enumerate(verses)), output)


def _shown(verse: Verse) -> str:
    """A poem below its title."""
    return f"{verse.title}\n{verse}" if verse.title else str(verse)


@click.command()
@click.argument("upper")
@default_option(
    "--count", type=click.IntRange(1, MOST_ANSWERS), default=3, help="Number of answers."
)
@default_option(
    "--seed", type=click.IntRange(0), default=0, help="The same seed gives the same answers."
)
@default_option("--model", default=options()["model"].default, help="A model's name or file.")
@default_option(
    "--script",
    type=click.Choice(options()["script"].choices),
    default="traditional",
    help="Characters of the output.",
)
@format_option("Readable couplets, or one JSON object per line.", "jsonl")
@output_option
def couplet(
    upper: str,
    count: int,
    seed: int,
    model: str,
    script: str,
    output_format: str,
    output: Path | None,
) -> None:
    """Answer UPPER, the first line of a 對聯: write second lines, the best first.

    UPPER has 4 to 20 characters with any pauses and ends on an oblique tone. An answer has the same
    pauses, opposite tones, and no character of UPPER; `tangyin check` finds no fault in it.

    \b
        tangyin couplet 一徑竹陰雲滿地
        tangyin couplet 爽氣西來，雲霧掃開天地憾 --count 5 --seed 7
    """
    answers = load(model).answer(upper, count=count, seed=seed, script=script)
    if output_format == "jsonl":
        emit((json_text(asdict(answer)) for answer in answers), output)
    else:
        # Rows of one upper line without a blank line between them would be read as one poem.
        emit(("\n" * bool(n) + str(answer) for n, answer in enumerate(answers)), output)
