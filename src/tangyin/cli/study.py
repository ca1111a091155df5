"""`tangyin study`."""

from pathlib import Path

import click

from tangyin.cli.needs import needs_training
from tangyin.cli.streams import emit_json, note, output_option
from tangyin.errors import UsageError


@click.command()
@click.argument("name")
@click.option("--quick", is_flag=True, help="A small size, to see that it runs.")
@output_option
def study(name: str, quick: bool, output: Path | None) -> None:
    """Run the experiment NAME and write its results as JSON.

    gradients: every Jacobian and gradient against finite differences and autograd, and how
    gradients vanish.

    report-protocol: the course report's own way of measuring perplexity.
    """
    with needs_training("a study"):
        from tangyin.studies import STUDIES

    if name not in STUDIES:
        raise UsageError(f"there is no study {name!r}; there are {', '.join(STUDIES)}")
    emit_json(STUDIES[name](quick=quick, say=note), output)
