"""Memory that training steps add to a process, measured in a process of its own.

    python benchmarks/step_memory.py WAY E,H,V,B,T

Prints the MiB by which the peak of the resident memory during three steps lies above what the
process held before the first: activations, gradients, the optimizer's moments, and whatever the
libraries keep for themselves. Model, optimizer and batch are there before. Linux only.
"""

import subprocess
import sys
from pathlib import Path

from step_size import Size, size_named
from step_ways import WAYS

STEPS = 3


def added_mib(way: str, size: Size) -> float:
    """Start this file as a script and read what it prints."""
    numbers = ",".join(str(number) for number in vars(size).values())
    done = subprocess.run(
        [sys.executable, __file__, way, numbers], stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def _resident(name: str) -> int:
    """KiB of resident memory: VmRSS is now, VmHWM the most since the peak was reset."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main(way: str, numbers: str) -> None:
    """Take the steps and print."""
    step = WAYS[way](size_named(numbers)[1])
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
    before = _resident("VmRSS")
    for _ in range(STEPS):
        step()
    print(round((_resident("VmHWM") - before) / 1024, 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
