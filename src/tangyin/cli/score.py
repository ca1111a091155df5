"""`tangyin score`."""

from dataclasses import asdict
from pathlib import Path

import click

from tangyin.api import load
from tangyin.cli.streams import emit, json_line, note_heading, output_option, read_text, remark
from tangyin.errors import UsageError
from tangyin.model import DEFAULT
from tangyin.verse import read_each


@click.command()
@click.argument("file", default="-")
@click.option("--model", default=DEFAULT, show_default=True, help="A model's name or file.")
@output_option
def score(file: str, model: str, output: Path | None) -> None:
    """Score the poems of FILE, or of standard input.

    One poem a line, or poems separated by blank lines. Each gives a JSON line with the negative
    log-likelihood of its targets in nats, in the open and in the closed figure.

    \b
        echo 白日依山盡，黃河入海流。欲窮千里目，更上一層樓。 | tangyin score --model MODEL
    """
    text, writer = read_text(file), load(model)
    poems = []
    for number, read in read_each(text, writer.read):
        if isinstance(read, UsageError):
            raise read
        poem, notes = read
        poems.append(poem)
        note_heading(number, poem)
        for code in notes:
            remark(code, number=number)
    if not poems:
        raise UsageError("text.none")
    emit((json_line(asdict(score)) for score in writer.score_many(poems)), output)
