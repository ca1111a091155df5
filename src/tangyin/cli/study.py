"""`tangyin study`."""

import time
import traceback
from pathlib import Path
from typing import Any

import click

from tangyin.cli.streams import emit_json, needs_training, note, output_option
from tangyin.errors import TangyinError, UsageError

EVERY = "all"


@click.command()
@click.argument("names", nargs=-1, metavar="NAME…")
@click.option("--quick", is_flag=True, help="A small size, to see that it runs.")
@click.option("--list", "listing", is_flag=True, help="List the studies and what they take.")
@output_option
def study(names: tuple[str, ...], quick: bool, listing: bool, output: Path | None) -> None:
    """Run experiments: those named, or the first ten (all).

    Results are kept in the user's cache folder, trainings by their recipe: what was stopped goes
    on, nothing is trained twice, and `tangyin report` builds the page of what there is. -o writes
    the results too: of one study as they are, of several by name.

    \b
        tangyin study --list
        tangyin study optimizers --quick
        tangyin study all
    """
    with needs_training():
        from tangyin import studies

    known = studies.STUDIES
    if listing:
        total = sum(known[name].minutes for name in studies.TOGETHER)
        for one in known.values():
            click.echo(f"{one.name:<16}{one.minutes:>5g} min  {one.sizes}")
            click.echo(f"{'':<16}{one.question}")
        click.echo(f"{EVERY:<16}{total:>5g} min  the first ten; on two quiet cores")
        return
    if not names:
        raise UsageError(f"name a study, or {EVERY}; there are {', '.join(known)}")
    for name in names:
        if name != EVERY and name not in known:
            raise UsageError(f"there is no study {name!r}; there are {', '.join(known)}")
    chosen = list(dict.fromkeys(n for name in names for n in _meant(name, studies.TOGETHER)))
    found_results: dict[str, Any] = {}
    failed: list[str] = []
    for number, name in enumerate(chosen, 1):
        head = name if len(chosen) == 1 else f"{number}/{len(chosen)} {name}"
        with _progress(studies, head) as progress:
            workshop = studies.TrainingCache(progress=progress)
            try:
                found = studies.run_study(known[name], workshop, quick)
            except TangyinError as error:
                # One study that fails must not keep an unattended night from the others.
                if error.exit_code == 130 or len(chosen) == 1:
                    raise
                failed.append(name)
                progress.say(f"tangyin: {name} failed: {error}")
                continue
            except Exception:
                if len(chosen) == 1:
                    raise
                failed.append(name)
                progress.say(f"tangyin: {name} failed:\n{traceback.format_exc()}")
                continue
        found_results[name] = found["results"]
        note(f"{name}: done in {found['made']['seconds'] / 60:.1f} min")
    if output is not None:
        emit_json(next(iter(found_results.values())) if len(chosen) == 1 else found_results, output)
    if failed:
        raise TangyinError(
            f"{', '.join(failed)} failed; mend what is said above and run them again"
        )


def _meant(name: str, every: tuple[str, ...]) -> tuple[str, ...]:
    return every if name == EVERY else (name,)


def _progress(studies: Any, head: str) -> Any:
    """A bar over a whole study; where nobody watches, a line for each piece of work."""
    from tqdm import tqdm

    class Bar(studies.Progress):  # type: ignore[misc]
        def __init__(self) -> None:
            self.bar = tqdm(
                total=0,
                desc=head,
                leave=False,
                disable=None,  # only where a person watches
                bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
            )
            self.done, self.total, self.began = 0.0, 0.0, time.monotonic()

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            self.bar.close()

        def plan(self, work: float) -> None:
            self.total += work
            self.bar.total = self._size()
            self.bar.refresh()

        def advance(self, work: float) -> None:
            self.done += work
            self.bar.update(min(work, self._size() - self.bar.n))

        def doing(self, what: str) -> None:
            if not self.bar.disable:
                self.bar.set_postfix_str(what)
                return
            spent = time.monotonic() - self.began
            left = f", {self._left(spent):.0f} min left" if self.done > 1 else ""
            note(f"{head}: {what} ({self.done:.0f} of {self.total:.0f} epochs' work{left})")

        def say(self, sentence: str) -> None:
            self.bar.clear()
            note(sentence)

        def _size(self) -> float:
            return max(self.total, self.done, 0.01)

        def _left(self, spent: float) -> float:
            return spent / self.done * max(self.total - self.done, 0) / 60

    return Bar()
