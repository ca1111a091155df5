"""`tangyin write`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from tangyin.api import DEFAULT_RULE, MOST, Verse, load, rule_named
from tangyin.cli.streams import emit, json_line, output_option, read_text
from tangyin.errors import UsageError
from tangyin.model import DEFAULT
from tangyin.writing import PARTICLES


@click.command()
@click.argument("start", default="")
@click.option(
    "--form", help="五律 七律 五絕 七絕 (wulv qilv wujue qijue).  [default: 五律, or the model's]"
)
@click.option(
    "--regulated/--free",
    default=True,
    show_default=True,
    help="Keep tones, 粘對 and rhyme, or the form alone.",
)
@click.option("--title", default="", help="What the poem is called, for a model that takes titles.")
@click.option("--pattern", default="", help="平起首句入韻 and the like, or line types (aBbAaBbA).")
@click.option("--rhyme", default="", help="One of the 30 level rhymes, such as 東.")
@click.option("--acrostic", default="", help="Characters for the heads of the lines or couplets.")
@click.option("--include", multiple=True, help="A word that must stand in it (may be repeated).")
@click.option("--avoid", default="", help="Characters that must not stand in it.")
@click.option("--first-line", default="", help="A given line or couplet to go on from.")
@click.option("--strict", is_flag=True, help="Take no licence (拗救, 特定句式 …).")
@click.option("--allow-quotes", is_flag=True, help="Allow lines that stand in the corpus.")
@click.option(
    "--particles", type=int, default=PARTICLES, show_default=True, help="Of each regulated poem."
)
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
@click.option("--count", type=int, help=f"Poems, up to {MOST:,}.  [default: 1; 5 to revise]")
@click.option("--seed", type=int, help="The same seed brings the same poems.  [default: a new one]")
@click.option(
    "--script",
    type=click.Choice(["traditional", "simplified"]),
    default="traditional",
    show_default=True,
    help="Characters of the output.",
)
@click.option("--model", default=DEFAULT, show_default=True, help="A model's name or file.")
@click.option("--revise", metavar="FILE", help="Rewrite a line of the poem in FILE (- for input).")
@click.option("--line", type=int, help="Which line to revise, from 1.")
@click.option("--character", type=int, help="Which character of it; the whole line without.")
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
    regulated: bool,
    first_line: str,
    particles: int,
    rule: str,
    k: int | None,
    certainty: float | None,
    temperature: float | None,
    p: float | None,
    count: int | None,
    seed: int | None,
    script: str,
    model: str,
    revise: str | None,
    line: int | None,
    character: int | None,
    form_of_output: str,
    output: Path | None,
    **wishes: Any,
) -> None:
    """Write poems that begin with START, or revise one.

    START is a first character, first words or first lines, traditional or simplified, with □ for
    what is left open; without it the model begins by itself. Poems keep the rules of regulated
    verse unless --free is given.

    \b
        tangyin write 日
        tangyin write 明月 --rhyme 陽 --count 3 --seed 7
        tangyin write --acrostic 春夏秋冬 --rule top-p
        tangyin write --revise poem.txt --line 3
    """
    if first_line and start:
        raise UsageError("START and --first-line say the same thing; give one of them")
    if revise is None and (line is not None or character is not None):
        raise UsageError("--line and --character go with --revise FILE; name the file")
    chosen = rule_named(rule, k=k, certainty=certainty, temperature=temperature, p=p)
    verses: Iterable[Verse]
    if revise is None:
        verses = load(model).write_many(
            start or first_line,
            form=form,
            regulated=regulated,
            rule=chosen,
            count=1 if count is None else count,
            seed=seed,
            script=script,
            particles=particles,
            **wishes,
        )
    else:
        if line is None:
            raise UsageError("say which line of the poem to revise with --line N")
        if start or first_line or form:
            raise UsageError("a poem that is revised gives its own start and form; leave them out")
        verses = (
            verse.in_script(script)
            for verse in load(model).revise(
                read_text(revise),
                line,
                character=character,
                regulated=regulated,
                rule=chosen,
                count=5 if count is None else count,
                seed=seed or 0,
                **wishes,
            )
        )
    if form_of_output == "jsonl":
        emit((json_line(verse.to_json()) for verse in verses), output)
    else:
        emit(_for_people(verses), output)


def _for_people(verses: Iterable[Verse]) -> Iterator[str]:
    for number, verse in enumerate(verses):
        if number:
            yield ""
        yield str(verse)
