"""`tangyin models`."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tangyin.cli.streams import emit, emit_json, format_option, note, output_option
from tangyin.errors import TangyinError
from tangyin.model import find_model, model_card, shipped_or_own
from tangyin.model.file import ModelFile
from tangyin.model.shelf import ModelRow


@click.command()
@click.option("--card", metavar="MODEL", help="Print the card of one model, in Markdown.")
@format_option("A table, or a JSON array.")
@output_option
def models(card: str | None, output_format: str, output: Path | None) -> None:
    """List the shipped models and your own, with their figures.

    Your own are the files NAME.safetensors in $TANGYIN_HOME/models, or without that variable in
    the folder models of tangyin's user data; any other file can be given to --model by its path.
    """
    if card is not None:
        emit([model_card(find_model(card))], output)
        return
    found = shipped_or_own()
    for origin, model in found:
        if isinstance(model, TangyinError):
            note(f"tangyin: left out {origin}: {model}")
    rows = [
        asdict(ModelRow.of(origin, model))
        for origin, model in found
        if isinstance(model, ModelFile)
    ]
    if output_format == "json":
        emit_json(rows, output)
        return
    head = f"{'model':<12} {'parameters':>10} {'weights':>7}  {'dev per_token':>13} {'closed':>8}"
    lines = [f"{head}  forms"]
    for row in rows:
        lines.append(
            f"{row['name']:<12} {row['parameters']:>10,} {row['precision']:>7}"
            f"  {_dev(row, 'per_token'):>13}"
            f" {_dev(row, 'per_token_closed'):>8}  {' '.join(row['forms'])}"
            + ("" if row["origin"] == "shipped" else f"  ({row['origin']})")
        )
    emit(lines, output)


def _dev(row: dict[str, Any], figure: str) -> str:
    """A dev figure of a model, or "-" where its file names none."""
    try:
        return f"{row['figures']['dev']['all'][figure]:.2f}"
    except (KeyError, TypeError, ValueError):
        return "-"
