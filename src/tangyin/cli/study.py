"""`tangyin study` and `tangyin report`."""

import traceback
from pathlib import Path
from typing import Any

import click

from tangyin.cli.streams import PATH, as_json, emit, needs_training, note, output_option
from tangyin.errors import TangyinError, UsageError

EVERY = "all"


@click.command()
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--quick", is_flag=True, help="A small size, to check that everything runs.")
@click.option("--list", "listing", is_flag=True, help="List the studies and how long they take.")
@output_option
def study(names: tuple[str, ...], quick: bool, listing: bool, output: Path | None) -> None:
    """Run the experiments named; `all` omits those that must be run by name.

    Results are kept in the user's cache folder, and trainings are cached by recipe: a stopped study
    resumes, nothing is trained twice, and `tangyin report` builds the page of all results. -o also
    writes the results to a file; those of several studies are keyed by name.

    \b
        tangyin study --list
        tangyin study optimizers --quick
        tangyin study all
    """
    with needs_training():
        from tangyin import studies

    known = studies.all_studies()
    together = [one for one in known.values() if one.reported and not one.apart]
    if listing:
        for one in known.values():
            click.echo(f"{one.name:<16}{one.minutes:>5g} min  {one.sizes}")
            click.echo(f"{'':<16}{one.question}")
        minutes = sum(one.minutes for one in together)
        click.echo(f"{EVERY:<16}{minutes:>5g} min  the first {len(together)}; on two quiet cores")
        return
    if not names:
        raise UsageError("study.none_named", names=list(known))
    chosen: dict[str, Any] = {}
    for name in names:
        if name != EVERY and name not in known:
            raise UsageError("study.unknown", name=name, names=list(known))
        chosen |= {one.name: one for one in (together if name == EVERY else [known[name]])}
    results = {name: _run(one, quick, list(chosen)) for name, one in chosen.items()}
    failed = [name for name, found in results.items() if found is None]
    if output is not None:
        done = {name: found for name, found in results.items() if found is not None}
        emit(as_json(next(iter(done.values())) if len(chosen) == 1 else done), output)
    if failed:
        raise TangyinError("study.failed", names=failed)


@click.command()
@click.option(
    "-o",
    "--output",
    type=PATH,
    default=Path("report"),
    show_default=True,
    help="The report's folder.",
)
@click.option(
    "--results",
    "given",
    type=PATH,
    help="Build from this file of results instead of this machine's results.",
)
def report(output: Path, given: Path | None) -> None:
    """Build the page of all studies that were run.

    The folder will contain index.html, which is self-contained; report.md, with its figures in
    figures/; and results.json, the source of all numbers on the page. Studies that were not run on
    this machine keep the results that are in the folder. Quick results are never reported.

    \b
        tangyin report
        tangyin report --results docs/report/results.json -o again
    """
    with needs_training():
        from tangyin import studies

    if output.exists() and not output.is_dir():
        raise UsageError("study.output_is_file", path=output)
    if given is None:
        results = studies.gather(studies.TrainingCache(), output / "results.json")
    else:
        results = studies.read_results(given)
    known = studies.all_studies()
    files = studies.build(results, known, output)
    reported = [name for name, study in known.items() if study.reported]
    missing = [name for name in reported if name not in results["studies"]]
    note(f"{files[0]}: {len(reported) - len(missing)} of {len(reported)} studies")
    if missing:
        note(f"not run yet: tangyin study {' '.join(missing)}")


def _run(one: Any, quick: bool, names: list[str]) -> dict[str, Any] | None:
    """Run one of these studies; None where it failed and others remain."""
    from tangyin.studies import TrainingCache, run_study
    from tangyin.training import InterruptedRun

    place = f"{names.index(one.name) + 1}/{len(names)} " if len(names) > 1 else ""
    try:
        cache = TrainingCache(say=lambda what: note(f"{place}{one.name}: {what}"))
        found = run_study(one, cache, quick)
    except Exception as error:
        # In an unattended run, one failing study must not stop the others.
        if len(names) == 1 or isinstance(error, InterruptedRun):
            raise
        expected = isinstance(error, TangyinError)
        why = f" {error}" if expected else f"\n{traceback.format_exc()}"
        note(f"tangyin: {one.name} failed:{why}")
        return None
    note(f"{one.name}: done in {found['made']['seconds'] / 60:.1f} min")
    return dict(found["results"])
