"""`tangyin score`."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from tangyin.api import Writer, load
from tangyin.cli.batch import Batch
from tangyin.cli.streams import default_option, emit, output_option
from tangyin.errors import TangyinError
from tangyin.model import DEFAULT
from tangyin.verse import Poem


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
@default_option("--model", default=DEFAULT, help="A model's name or file.")
@output_option
def score(files: tuple[str, ...], model: str, output: Path | None) -> None:
    """Score the poems of each FILE, or of standard input (-).

    The input is text with one poem per line, or with blank lines between poems; or JSON lines with
    the poem in `text`, or in a list `lines` or `paragraphs`, and optionally `title` and `author`.
    Each poem gives a JSON line with its negative log-likelihood in nats, open and closed. A poem
    that cannot be read gives a JSON line with the `error`, and the exit code is 1.

    \b
        echo 白日依山盡，黃河入海流。欲窮千里目，更上一層樓。 | tangyin score --model MODEL
    """
    writer = load(model)
    batch = Batch(files, writer.read, output, text=False)
    emit(_scored(writer, batch), output)
    batch.finish()


def _scored(writer: Writer, batch: Batch[tuple[Poem, tuple[str, ...]]]) -> Iterator[str]:
    for group in batch.together():
        read = [item.value for item in group if not isinstance(item.value, TangyinError)]
        scores = writer.score_many(poem for poem, _ in read)
        for item in group:
            if isinstance(item.value, TangyinError):
                yield item.refusal(item.value)
                continue
            poem, notes = item.value
            batch.note_heading(item.number, poem)
            for code in notes:
                batch.remark(code, number=item.number)
            yield item.record(asdict(next(scores)), poem)
