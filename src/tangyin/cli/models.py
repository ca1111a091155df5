"""`tangyin models` and `tangyin eval`."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tangyin.api import PROTOCOLS, load
from tangyin.cli.streams import (
    as_json,
    default_option,
    emit,
    format_option,
    output_option,
    warn,
)
from tangyin.errors import TangyinError
from tangyin.model import DEFAULT, ModelSummary, find_model, model_card, shipped_or_own


@click.command()
@click.option("--card", metavar="MODEL", help="Print the card of one model, in Markdown.")
@format_option("A table, or a JSON array.")
@output_option
def models(card: str | None, output_format: str, output: Path | None) -> None:
    """List the shipped models and your own, with their figures.

    Your own models are the files NAME.safetensors in $TANGYIN_HOME/models or, if that variable is
    not set, in `models` in tangyin's user data folder. --model also takes the path of any file.
    """
    if card is not None:
        emit([model_card(find_model(card))], output)
        return
    rows = []
    for origin, model in shipped_or_own():
        if isinstance(model, TangyinError):
            warn("model.left_out", origin=origin, error=model)
        else:
            name = model.name if origin == "shipped" else Path(origin).stem
            rows.append(ModelSummary.of(name, origin, model))
    emit(as_json(list(map(asdict, rows))) if output_format == "json" else _table(rows), output)


def _table(rows: list[ModelSummary]) -> Iterator[str]:
    head = f"{'model':<12} {'parameters':>10} {'weights':>7}  {'dev per_token':>13} {'closed':>8}"
    yield f"{head}  forms"
    for row in rows:
        open_, closed = (_dev(row, figure) for figure in ("per_token", "per_token_closed"))
        numbers = f"{row.parameters:>10,} {row.precision:>7}  {open_:>13} {closed:>8}"
        origin = "" if row.origin == "shipped" else f"  ({row.origin})"
        yield f"{row.name:<12} {numbers}  {' '.join(row.forms)}{origin}"


def _dev(row: ModelSummary, figure: str) -> str:
    """A dev figure of a model, or "-" where its file has none."""
    try:
        return f"{row.figures['dev']['all'][figure]:.2f}"
    except (KeyError, TypeError, ValueError):
        return "-"


@click.command("eval")
@default_option("--model", default=DEFAULT, help="A model's name or file.")
@default_option(
    "--split", type=click.Choice(["dev", "test"]), default="dev", help="Which held-out poems."
)
@click.option("--form", help="One form only.  [default: all that the model knows]")
@default_option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default=PROTOCOLS[0],
    help="How perplexity is counted (docs/protocol.md); dynasty gives the dynasty too, and "
    "tangshi-gpt has its own test poems.",
)
@format_option("A table, or a JSON object.")
@output_option
def evaluate(
    model: str,
    split: str,
    form: str | None,
    protocol: str,
    output_format: str,
    output: Path | None,
) -> None:
    """Perplexity of a model on the held-out poems, by the protocol."""
    result = asdict(load(model).evaluate(split, form, protocol))
    emit(as_json(result) if output_format == "json" else _figures(result), output)


def _figures(result: dict[str, Any]) -> list[str]:
    head = (
        f"{result['model']}, {result['split']}, {result['form']}, protocol {result['protocol']}, "
        f"prefix {result['prefix']}"
    )
    counts = "poems {poems:,}   targets {targets:,}   hanzi {hanzi:,}   unknown {unknown:,}"
    return [
        head,
        counts.format(**result),
        "perplexity     open     closed",
        *(
            f"per {what} {_figure(result[f'per_{what}'])}  {_figure(result[f'per_{what}_closed'])}"
            for what in ("token", "hanzi")
        ),
    ]


def _figure(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:9.2f}"
