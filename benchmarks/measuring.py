"""What the benchmarks share: command line, timing, the machine and its other load, tables."""

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tangyin.errors import TangyinError
from tangyin.files import write_whole
from tangyin.model.arithmetic import arithmetic

UNITS = ("amx_bf16", "avx512_bf16", "avx512_vnni", "avx512f", "avx_vnni", "avx2")
"""Flags of the processor that decide how fast it multiplies, the fastest first."""

CAPS = ("TANGYIN_KERNEL", "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS")
"""Environment variables that cap the instruction set, so that an older processor is emulated."""

SETTINGS = ("OMP_NUM_THREADS", *CAPS)
"""Environment variables that change what is measured."""

DISTURBED = 0.03
"""From this share on, what other processes take is worth a warning."""


def parser(
    description: str | None, size: Callable[[str], object] | None = None
) -> argparse.ArgumentParser:
    """A parser with --format, -o, and --size if there is a function that reads one."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if size is not None:
        made.add_argument(
            "--size",
            type=size,
            default="report",
            metavar="SIZE",
            help="report (the default), large, or E,H,V,B,T",
        )
    made.add_argument("--format", choices=["text", "json"], default="text")
    made.add_argument(
        "-o", "--output", type=new_file, metavar="FILE", help="write the JSON here as well"
    )
    return made


def positive(text: str) -> int:
    """Read a number from 1 up.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up; give one")
    return int(text)


def new_file(text: str) -> Path:
    """Read the name of a file to write, before minutes are spent on its content.

    Raises:
        argparse.ArgumentTypeError: its folder is not there.
    """
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}; make it first")
    return path


def lines(results: Mapping[str, Any]) -> str:
    """Results as a line each."""
    return "\n".join(
        f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}"
        for name, value in results.items()
    )


def run(
    measure: Callable[[], dict[str, Any]],
    arguments: argparse.Namespace,
    text: Callable[[dict[str, Any]], str] = lines,
) -> None:
    """Measure, print the results in the format asked for and write them where asked.

    The results get what they were measured on. An expected failure ends the process with its
    sentence.
    """
    facts, load = machine(), OtherLoad()
    try:
        found = measure()
        results = {"machine": facts, "other_load": load.share(), **found}
        as_json = json.dumps(results, ensure_ascii=False, indent=1)
        print(as_json if arguments.format == "json" else text(results))
        if arguments.output is not None:
            write_whole(arguments.output, as_json + "\n")
    except TangyinError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


def interleaved(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    visit: float = 0.0,
    budget: float = math.inf,
    least: int = 1,
) -> dict[str, list[float]]:
    """Seconds of each way in each round, after one round that does not count.

    The ways take turns within a round, so that a drift of the machine's speed meets all of them.

    Args:
        ways: what to time, by name.
        rounds: at most so many that count.
        visit: a way is repeated until this many seconds are over, once at least, and the mean
            taken, so that what the way before it left in the caches hardly matters.
        budget: no round beyond the first `least` begins after so many seconds.
        least: rounds that the budget does not touch.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    began = time.perf_counter()
    for number in range(rounds):
        if number >= least and time.perf_counter() - began > budget:
            break
        for name, way in ways.items():
            seconds[name].append(_mean(way, visit))
    return seconds


def _mean(way: Callable[[], object], visit: float) -> float:
    count, began = 0, time.perf_counter()
    while True:
        way()
        count += 1
        elapsed = time.perf_counter() - began
        if elapsed >= visit:
            return elapsed / count


def summary(seconds: list[float], unit: float = 1.0) -> dict[str, float]:
    """Median, minimum and maximum, each multiplied by `unit`."""
    ends: dict[str, Callable[[list[float]], float]]
    ends = {"median": statistics.median, "min": min, "max": max}
    return {name: round(end(seconds) * unit, 4) for name, end in ends.items()}


def machine() -> dict[str, Any]:
    """Processor, cores, versions, threads and settings, for the head of a benchmark's output."""
    flags = _of_processor("flags").split()
    facts: dict[str, Any] = {
        "processor": _of_processor("model name") or platform.processor(),
        "units": [unit for unit in UNITS if unit in flags],
        "kernel": arithmetic().name,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    facts |= {name: os.environ[name] for name in SETTINGS if name in os.environ}
    try:
        import torch
    except ModuleNotFoundError:
        return facts
    return {**facts, "torch": torch.__version__, "torch_threads": torch.get_num_threads()}


class OtherLoad:
    """The share of the machine's CPU time that other processes take, from now on."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.perf_counter(), _busy(), _own()

    def share(self) -> float | None:
        """From 0 to 1; None where there is no /proc/stat."""
        busy = _busy()
        if self._busy is None or busy is None:
            return None
        others = busy - self._busy - (_own() - self._own)
        available = (time.perf_counter() - self._began) * (os.cpu_count() or 1)
        return round(min(max(others / available, 0.0), 1.0), 3)


def _busy() -> float | None:
    """Seconds of all cores since the machine started that were not idle; stolen time counts."""
    if not (first := _of_file("/proc/stat")):
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, first[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Processor seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _of_processor(name: str) -> str:
    rows = _of_file("/proc/cpuinfo")
    return next((row.split(":")[1].strip() for row in rows if row.startswith(name)), "")


def _of_file(path: str) -> list[str]:
    """The lines of a file of the kernel, none where there is no such file."""
    file = Path(path)
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; the columns after the first are aligned to the right."""
    every = [list(head), *map(list, rows)]
    widths = [max(2, *map(len, column)) for column in zip(*every, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        for row in (every[0], rule, *every[1:])
    )


def heading(results: Mapping[str, Any]) -> str:
    """What was measured on, in one line, and a warning when others were at work too."""
    facts, other_load = dict(results["machine"]), results["other_load"]
    units = ", ".join(facts.pop("units")) or "no vector units"
    line = f"{facts.pop('processor')} ({units}); "
    line += ", ".join(f"{name} {value}" for name, value in facts.items())
    if other_load is not None and other_load >= DISTURBED:
        line += (
            f"\n\nDISTURBED: other processes took {other_load:.0%} of the processors' time "
            "meanwhile; measure again when they are done"
        )
    return line
