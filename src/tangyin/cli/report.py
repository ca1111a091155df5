"""`tangyin report`."""

from pathlib import Path

import click

from tangyin.cli.streams import needs_training, note
from tangyin.errors import UsageError

PATH = click.Path(path_type=Path)


@click.command()
@click.option(
    "-o",
    "--output",
    type=PATH,
    help="The report's folder.  [default: report, with --quick report-quick]",
)
@click.option(
    "--results",
    "given",
    type=PATH,
    help="Build from these gathered results instead of this machine's.",
)
@click.option("--quick", is_flag=True, help="Use the results of quick sizes.")
def report(output: Path | None, given: Path | None, quick: bool) -> None:
    """Build the page of all studies that were run.

    The folder gets index.html, which is self-contained; report.md with its figures in figures/;
    and results.json, where all numbers of the page come from. Studies that were not run on this
    machine keep the results that are in the folder. Quick results never replace full ones.

    \b
        tangyin report
        tangyin report --results docs/report/results.json -o again
    """
    with needs_training():
        from tangyin import studies

    output = output or Path("report-quick" if quick else "report")
    if output.exists() and not output.is_dir():
        raise UsageError("study.output_is_file", path=output)
    if given is None:
        results = studies.gather(studies.TrainingCache(), quick, output / "results.json")
    else:
        results = studies.read_results(given)
    known = studies.all_studies()
    files = studies.build(results, known, output)
    reported = [name for name, study in known.items() if study.reported]
    missing = [name for name in reported if name not in results["studies"]]
    note(f"{files[0]}: {len(reported) - len(missing)} of {len(reported)} studies")
    if missing:
        note(f"not run yet: tangyin study {' '.join(missing)}")
