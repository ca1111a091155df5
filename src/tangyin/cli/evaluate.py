"""`tangyin eval`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tangyin.api import PROTOCOLS, load
from tangyin.cli.streams import as_json, emit, format_option, output_option
from tangyin.model import DEFAULT


@click.command("eval")
@click.option("--model", default=DEFAULT, show_default=True, help="A model's name or file.")
@click.option(
    "--split",
    type=click.Choice(["dev", "test"]),
    default="dev",
    show_default=True,
    help="Which held-out poems.",
)
@click.option("--form", help="One form only.  [default: all that the model knows]")
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default=PROTOCOLS[0],
    show_default=True,
    help="How perplexity is counted (docs/protocol.md); tangshi-gpt has its own test poems.",
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
    emit(as_json(result) if output_format == "json" else _table(result), output)


def _table(result: dict[str, Any]) -> list[str]:
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
