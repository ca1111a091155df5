"""One table: what writing, scoring, serving and training take, beside peers in the same run.

    python benchmarks/speed.py [--base CHECKOUT] [--rounds N] [--only NAME;…] [--record]

Prints each row as it is measured. Ours and the peer of a row take turns, each in a process of its
own; the table has the medians of the rounds. A row's peer is what it names, or the package of
another checkout, which need not be installed: `git worktree add ../base f99de06`, then `--base
../base`. The end says so when the machine was not quiet. Poems are 五律; figures of training are
for the report's size.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jobs import CLIENTS
from measuring import CAPS, heading, machine, parser, run, table
from tangyin.model.arithmetic import arithmetic

ROUNDS = 5
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: is measured, and its unit.
        bounds: must and goal, of the figure or of the ratio.
        peers: job (`jobs.JOBS`) of each peer by name; a name with = is set in the environment.
        rate: whether more is better.
        of_ratio: whether the bounds are those of how many times as good ours is.
        environment: of our process, as the command line sets it.
    """

    what: str
    bounds: tuple[float, float] | None = None
    peers: Mapping[str, str] = field(default_factory=dict)
    rate: bool = False
    of_ratio: bool = False
    environment: str = ""

    def times_better(self, ours: float, peer: float) -> float:
        """How many times as good ours is."""
        return ours / peer if self.rate else peer / ours

    def verdict(self, ours: float, ratio: float | None) -> str:
        """Which of the bounds are met."""
        figure = ratio if self.of_ratio else ours
        if self.bounds is None or figure is None:
            return ""
        more = self.rate or self.of_ratio
        met = [figure >= bound if more else figure <= bound for bound in self.bounds]
        return "goal met" if met[1] else "must met" if met[0] else "missed"

    def shown_bounds(self) -> list[str]:
        """Must and goal as they are shown."""
        sign, unit = ("≥ " if self.rate or self.of_ratio else "≤ "), "×" if self.of_ratio else ""
        return [f"{sign}{bound:.3g}{unit}" for bound in self.bounds] if self.bounds else ["", ""]


def _step(precision: str, must: float, goal: float) -> Row:
    return Row(
        f"a training step beside its products, {precision}, s",
        (1 / must, 1 / goal),
        {"products": f"products {precision}"},
        of_ratio=True,
    )


ROWS = {
    "regulated": Row("a regulated poem of strong, 16 particles, CPU s", (0.2, 0.1)),
    "titled": Row("a default poem on a title, CPU s", (0.3, 0.12)),
    "titled, fp32": Row(
        "the same beside its products in float32",
        (1 / 0.6, 1 / 0.3),
        {"products": "products of a poem"},
        of_ratio=True,
    ),
    "particles": Row("one from 64 particles, s", (1, 0.3)),
    "best": Row("24 poems of 16 particles each, s", (3, 1.5)),
    "free": Row("free poems of strong a second", (150, 400), rate=True),
    "random-k": Row(
        "free poems of report a second, random-k, 64 side by side",
        (1.5, 3),
        {"nn.LSTM": "nn.LSTM"},
        rate=True,
        of_ratio=True,
    ),
    "score": Row("poems of all forms scored a second, strong", (150, 400), rate=True),
    "shell": Row("shell to one regulated poem, s", (0.8, 0.4)),
    "memory": Row("memory of that process, MiB", (160, 100)),
    "served": Row(f"regulated poems served to {CLIENTS} clients a second", (8, 15), rate=True),
    "step bf16": _step("bf16", 1.5, 1.3),
    "step fp32": _step("fp32", 1.15, 1.1),
    "busy": Row(
        "training steps beside a busy process a second",
        (0.9, 0.9),
        {"OMP_NUM_THREADS=1": "busy"},
        rate=True,
        of_ratio=True,
        environment="OMP_WAIT_POLICY=PASSIVE",
    ),
}


class Workers:
    """Processes that do jobs (`jobs.py`), one for each name and environment."""

    def __init__(self) -> None:
        self._processes: dict[tuple[str, ...], subprocess.Popen[str]] = {}

    def figure(self, job: str, *key: str, source: Path) -> float:
        """What the process of a key finds with the package of a source folder."""
        if key not in self._processes:
            settings = dict(name.split("=") for name in key if "=" in name)
            paths = os.pathsep.join(map(str, (source.resolve(), HERE)))
            self._processes[key] = subprocess.Popen(
                [sys.executable, str(HERE / "jobs.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": paths, **settings},
            )
        process = self._processes[key]
        assert process.stdin
        assert process.stdout
        print(job, file=process.stdin, flush=True)
        return float(process.stdout.readline() or "nan")

    def close(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            process.communicate()


def measure(
    names: Iterable[str], rounds: int, base: Path | None, show: Callable[[str], None]
) -> dict[str, Any]:
    """Everything, as the JSON holds it; `show` gets each line of the table when it is there."""
    workers, rows = Workers(), {}
    facts = machine()
    units = ", ".join(facts.pop("units"))
    show(f"{facts.pop('processor')} ({units}); " + ", ".join(f"{k} {v}" for k, v in facts.items()))
    head = table(HEAD, [[row.what, *[" " * 16] * 7] for row in ROWS.values()]).splitlines()[:2]
    show("\n" + "\n".join(head))
    try:
        for name in names:
            rows[name] = _row(workers, name, rounds, base)
            cells = zip(_cells(name, rows[name]), map(len, head[0].split("|")[1:-1]), strict=True)
            show("| " + " | ".join(cell.ljust(width - 2) for cell, width in cells) + " |")
    finally:
        workers.close()
    return {"rounds": rounds, "rows": rows}


def _row(workers: Workers, name: str, rounds: int, base: Path | None) -> dict[str, Any]:
    """One row: the figures of each side, which take turns; a first round does not count."""
    row, source = ROWS[name], HERE.parent / "src"
    sides = {"ours": (name.split(",")[0], row.environment, source)}
    sides |= {peer: (job, peer, source) for peer, job in row.peers.items()}
    if base is not None and not row.peers:
        sides["base"] = (name, "base", base / "src")
    found: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds + 1):
        for side, (job, key, path) in sides.items():
            found[side].append(workers.figure(job, key, source=path))
    figures = {side: statistics.median(values[1:]) for side, values in found.items()}
    ours, peer = figures["ours"], next((s for s in figures if s != "ours"), None)
    ratio = None if peer is None else row.times_better(ours, figures[peer])
    return {
        "ours": ours,
        "peer": peer,
        "of_peer": figures.get(peer or ""),
        "ratio": ratio,
        "spread": {side: [min(values[1:]), max(values[1:])] for side, values in found.items()},
        "verdict": row.verdict(ours, ratio),
    }


HEAD = ("", "ours", "spread", "peer", "times as good", "must", "goal", "verdict")


def _cells(name: str, found: Mapping[str, Any]) -> list[str]:
    """A row of the table."""
    row, peer = ROWS[name], ""
    if found["peer"] is not None:
        peer = f"{found['of_peer']:.3g} ({found['peer']})"
    low, high = found["spread"]["ours"]
    ratio = "" if found["ratio"] is None else f"{found['ratio']:.2f}"
    figures = [f"{found['ours']:.3g}", f"{low:.3g} to {high:.3g}", peer, ratio]
    return [row.what, *figures, *row.shown_bounds(), found["verdict"]]


def by_processor(results: Iterable[Mapping[str, Any]]) -> str:
    """The figures of several machines as a table, a column for each; for docs/performance.md."""
    every = list(results)
    heads, legend = [], []
    for found in every:
        facts = found["machine"]
        capped = any(name in facts for name in CAPS)
        heads.append(facts["kernel"] + ("*" if capped else ""))
        legend.append(f"- {heads[-1]}: {heading(found)}")
    rows = []
    for name, row in ROWS.items():
        cells = []
        for own in (found["rows"].get(name) for found in every):
            key = "ratio" if row.of_ratio else "ours"
            met = {"": "", "missed": " ✗"}.get(own["verdict"], " ✓") if own else ""
            cells.append(f"{own[key]:.3g}{met}" if own and own[key] is not None else "")
        unit = " (times as good as the peer)" if row.of_ratio else ""
        rows.append([row.what + unit, *cells, *row.shown_bounds()])
    return table(["", *heads, "must", "goal"], rows) + "\n\n" + "\n".join(legend)


def text(results: Mapping[str, Any]) -> str:
    """What is known only at the end."""
    return heading(results).partition("\n\n")[2]


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--base", type=Path, metavar="CHECKOUT")
    options.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    options.add_argument("--only", default=";".join(ROWS), metavar="NAME;…")
    options.add_argument("--record", action="store_true", help="keep it for docs/performance.md")
    given = options.parse_args()
    if given.record:
        given.output = HERE.parent / f"docs/results/speed/{arithmetic().name}.json"
    names = given.only.split(";")
    if unknown := [name for name in names if name not in ROWS]:
        options.error(f"{unknown[0]!r} is not a row; give some of {'; '.join(ROWS)}")
    stream = sys.stderr if given.format == "json" else sys.stdout
    show = partial(print, file=stream, flush=True)
    run(lambda: measure(names, given.rounds, given.base, show), given, text)
