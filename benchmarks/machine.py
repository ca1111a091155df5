"""What a measurement was made on, and how much of it others took meanwhile."""

import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

UNITS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
"""Flags of the processor that decide how fast it multiplies, the fastest first."""

SETTINGS = ("OMP_NUM_THREADS", "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")
"""Environment variables that change what is measured."""


def machine() -> dict[str, Any]:
    """Processor, cores, versions, threads and settings, for the head of a benchmark's output."""
    flags = _of_processor("flags").split()
    facts: dict[str, Any] = {
        "processor": _of_processor("model name") or platform.processor(),
        "units": [unit for unit in UNITS if unit in flags],
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
    """The share of the machine's processor time that other processes take, from now on."""

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
    try:
        line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Processor seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _of_processor(name: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":")[1].strip() for line in lines if line.startswith(name)), "")
