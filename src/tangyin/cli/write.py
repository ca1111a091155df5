"""`tangyin write`."""

from collections.abc import Iterator
from pathlib import Path

import click

from tangyin.api import DEFAULT_RULE, MOST, Verse, load, rule_named
from tangyin.cli.streams import emit, json_line, output_option
from tangyin.writing import DEFAULT


@click.command()
@click.argument("start", default="")
@click.option("--form", help="五律 七律 五絕 七絕 (wulv qilv wujue qijue).  [default: 五律]")
@click.option(
    "--rule",
    type=click.Choice(["argmax", "random-k", "top-p", "temperature"]),
    default=DEFAULT_RULE,
    show_default=True,
    help="How each character is chosen.",
)
@click.option("--k", type=int, help="random-k: choose among so many.  [default: 5]")
@click.option(
    "--certainty", type=float, help="random-k: take what is so probable as it is.  [default: 0.9]"
)
@click.option(
    "--temperature",
    type=float,
    help="temperature, top-p: below 1 is bolder on the likely.  [default: 1]",
)
@click.option(
    "--p", type=float, help="top-p: share of the probability to choose from.  [default: 0.9]"
)
@click.option("--count", type=int, default=1, show_default=True, help=f"Poems, up to {MOST:,}.")
@click.option("--seed", type=int, help="The same seed brings the same poems.  [default: a new one]")
@click.option(
    "--script",
    type=click.Choice(["traditional", "simplified"]),
    default="traditional",
    show_default=True,
    help="Characters of the output.",
)
@click.option("--model", default=DEFAULT, show_default=True, help="A model's name or file.")
@click.option(
    "--format",
    "form_of_output",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="Poems to read, or a JSON object a line.",
)
@output_option
def write(
    start: str,
    form: str | None,
    rule: str,
    k: int | None,
    certainty: float | None,
    temperature: float | None,
    p: float | None,
    count: int,
    seed: int | None,
    script: str,
    model: str,
    form_of_output: str,
    output: Path | None,
) -> None:
    """Write poems that begin with START.

    START is a first character, first words or first lines, traditional or simplified; without it
    the model begins by itself.

    \b
        tangyin write 日
        tangyin write 明月 --rule random-k --count 3 --seed 7
    """
    chosen = rule_named(rule, k=k, certainty=certainty, temperature=temperature, p=p)
    verses = load(model).write_many(
        start, form=form, rule=chosen, count=count, seed=seed, script=script
    )
    if form_of_output == "jsonl":
        emit((json_line(verse.to_json()) for verse in verses), output)
    else:
        emit(_for_people(verses), output)


def _for_people(verses: Iterator[Verse]) -> Iterator[str]:
    for number, verse in enumerate(verses):
        if number:
            yield ""
        yield str(verse)
