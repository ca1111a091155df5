"""Wall time and peak memory of `tangyin write 日`, each run a process of its own.

python benchmarks/shell.py [--format json]
"""

import argparse
import json
import os
import subprocess
import sys
import time

from machine import machine
from rounds import summary

COMMANDS = {
    "tangyin write 日": ["write", "日", "--seed", "1"],
    "tangyin --version": ["--version"],
    "tangyin models": ["models"],
}
ROUNDS = 11


def measure(words: list[str]) -> tuple[float, float]:
    """Seconds and peak MiB of one call."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "tangyin", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"tangyin {' '.join(words)} failed")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    results = {}
    for name, words in COMMANDS.items():
        measure(words)
        runs = [measure(words) for _ in range(ROUNDS)]
        results[name] = {
            "seconds": summary([seconds for seconds, _ in runs]),
            "peak_mib": summary([mib for _, mib in runs]),
        }
    if arguments.format == "json":
        print(json.dumps({"machine": machine(), "commands": results}, indent=2, ensure_ascii=False))
        return
    print(machine())
    for name, figures in results.items():
        seconds, peak = figures["seconds"], figures["peak_mib"]
        print(
            f"{name:<20}{seconds['median']:6.3f} s ({seconds['min']:.3f}-{seconds['max']:.3f})"
            f"{peak['median']:8.0f} MiB"
        )


if __name__ == "__main__":
    main()
