"""`tangyin report`."""

from pathlib import Path

import click

from tangyin.cli.streams import needs_training, note
from tangyin.errors import UsageError

FOLDER = Path("docs/report")


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=FOLDER,
    show_default=True,
    help="The report's folder.",
)
@click.option(
    "--results",
    "given",
    type=click.Path(path_type=Path),
    help="Build from these gathered results instead of this machine's.",
)
@click.option("--quick", is_flag=True, help="Gather the results of quick sizes.")
def report(output: Path, given: Path | None, quick: bool) -> None:
    """Build the page of all studies that were run.

    The folder gets index.html, which needs nothing beside it; report.md with its figures in
    figures/; and results.json, of which all numbers of the page are. Studies that were not run on
    this machine keep the results that the folder has of them.

    \b
        tangyin report
        tangyin report --results docs/report/results.json -o /tmp/again
    """
    with needs_training():
        from tangyin import studies

    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; name a folder with -o")
    if given is None:
        results = studies.gather(studies.TrainingCache(), quick, output / "results.json")
    else:
        results = studies.read_results(given)
    files = studies.build(results, studies.STUDIES, output)
    missing = [name for name in studies.REPORTED if name not in results["studies"]]
    note(f"{files[0]}: {len(studies.REPORTED) - len(missing)} of {len(studies.REPORTED)} studies")
    if missing:
        note(f"not run yet: tangyin study {' '.join(missing)}")
