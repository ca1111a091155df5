"""A training step of several processes: what it takes here, and what it would elsewhere.

    python benchmarks/processes.py [--size report|large|E,H,V,B,T] [--processes 1,2,3] [--steps N]
                                   [--precision fp32|bf16] [--format text|json] [-o FILE]

For each number of processes torchrun starts so many of them on this machine. They take the steps of
the trainer on one batch of random tokens, of which each has its share, and after each step they add
up as many numbers as there are gradients, and nothing else (`allreduce_ms`). The arithmetic below
it: a ring sends and receives 2 (N-1)/N · 4 bytes a parameter; a step of N processes that does not
hide this behind its computing takes t/N + bytes/speed, where t is that of one.

Started by torchrun itself, on as many machines as one likes, it measures those processes:

    torchrun --nnodes 2 … benchmarks/processes.py --size large
"""

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import torch
import torch.distributed as dist

from measuring import heading, parser, positive, run, summary, table
from step import Size, size_named
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.training.distributed import DistributedContext, joined
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.training.step import TrainingStep

NETWORKS = {"1 Gb/s": 0.125e9, "10 Gb/s": 1.25e9, "100 Gb/s": 12.5e9, "NVLink": 450e9}
"""Bytes a second in each direction; NVLink is that of an H100."""

COUNTS = (2, 4, 8, 16)


def parameters(size: Size) -> int:
    """Numbers in the model of a size, its output layer not tied."""
    E, H, V = size.E, size.H, size.V
    return V * E + 4 * H * (E + H + 1) + V * (H + 1)


def flops(size: Size) -> int:
    """Floating-point operations of a step's matrix products (`step_floor`)."""
    E, H, V = size.E, size.H, size.V
    return 6 * size.T * size.B * (4 * H * E + 4 * H * H + H * V)


def ring_bytes(size: Size, count: int) -> float:
    """Bytes that each process sends, and receives, for the gradients of a step."""
    return 2 * (count - 1) / count * 4 * parameters(size)


def measured(
    size: Size, precision: str, steps: int, processes: DistributedContext
) -> dict[str, Any]:
    """Milliseconds of a step, and of adding up the gradients alone."""
    torch.manual_seed(1)
    vocabulary = size.vocabulary()
    model = LanguageModel(Architecture(size.E, size.H), vocabulary).to(processes.device)
    step = TrainingStep(model, OptimizerRecipe(), precision, processes)
    batch = size.batch()
    gradients = torch.zeros(sum(p.numel() for p in model.parameters()), device=processes.device)
    took: list[float] = []
    added: list[float] = []
    for number in range(steps + 2):  # the first two make ready
        processes.sum(0)
        began = time.perf_counter()
        step(batch)
        between = time.perf_counter()
        if processes.count > 1:
            dist.all_reduce(gradients)
            gradients.sum().item()  # waits for it, on a CUDA device too
        if number >= 2:
            took.append(between - began)
            added.append(time.perf_counter() - between)
    return {
        "processes": processes.count,
        "threads": torch.get_num_threads(),
        "device": processes.device.type,
        "step_ms": summary(took, 1000),
        "allreduce_ms": statistics.median(added) * 1000 if processes.count > 1 else None,
    }


def by_torchrun(count: int, options: list[str]) -> dict[str, Any]:
    """What so many processes on this machine measure.

    Raises:
        SystemExit: they failed.
    """
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    done = subprocess.run(
        [sys.executable, *command, __file__, *options], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{count} processes failed: {done.stderr.strip()[-1500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def arithmetic(size: Size, alone: float | None) -> dict[str, Any]:
    """Operations, bytes, times on several networks, and the speed-up that they leave."""
    rows = []
    for count in COUNTS:
        sent = ring_bytes(size, count)
        times = {name: sent / speed * 1000 for name, speed in NETWORKS.items()}
        row: dict[str, Any] = {"processes": count, "megabytes": sent / 1e6, "ms": times}
        if alone is not None:
            row["speed_up"] = {n: alone / (alone / count + ms) for n, ms in times.items()}
        rows.append(row)
    return {
        "parameters": parameters(size),
        "gigaflops": flops(size) / 1e9,
        # t (N-1)/N is saved and 8 (N-1)/N bytes a parameter are paid: N falls out
        "pays_above_ms": {
            name: 8 * parameters(size) / speed * 1000 for name, speed in NETWORKS.items()
        },
        "rows": rows,
    }


def alone_ms(found: list[dict[str, Any]]) -> float | None:
    """The median step of one process, if it was measured."""
    return next((row["step_ms"]["median"] for row in found if row["processes"] == 1), None)


def text(results: dict[str, Any]) -> str:
    """The results as tables."""
    sums, alone = results["arithmetic"], alone_ms(results["measured"])
    steps = []
    for row in results["measured"]:
        step, added = row["step_ms"], row["allreduce_ms"]
        steps.append(
            (
                str(row["processes"]),
                str(row["threads"]),
                f"{step['median']:.1f}",
                f"{step['min']:.1f} - {step['max']:.1f}",
                "" if added is None else f"{added:.1f}",
                "" if alone is None else f"{alone / step['median']:.2f}",
            )
        )
    elsewhere = []
    for row in sums["rows"]:
        times = [f"{ms:.3g}" for ms in row["ms"].values()]
        if alone is not None:
            ups = row["speed_up"].values()
            times = [f"{ms} ({up:.2f})" for ms, up in zip(times, ups, strict=True)]
        elsewhere.append((str(row["processes"]), f"{row['megabytes']:.1f}", *times))
    elsewhere.append(("pays from", "", *(f"{ms:.3g} ms" for ms in sums["pays_above_ms"].values())))
    unit = "ms" if alone is None else "ms (speed-up)"
    head = ("processes", "threads each", "step, ms", "min - max", "all-reduce, ms", "speed-up")
    return "\n\n".join(
        [
            heading(results),
            f"{results['size']}, {results['precision']}: {sums['parameters']:,} parameters, "
            f"{sums['gigaflops']:.1f} GFLOP a step",
            table(head, steps),
            table(("N", "MB each way", *(f"{name}, {unit}" for name in NETWORKS)), elsewhere),
        ]
    )


def counts(text_: str) -> list[int]:
    """Read numbers of processes, such as 1,2,3."""
    return [positive(part) for part in text_.split(",")]


if __name__ == "__main__":
    options = parser(__doc__, size_named)
    options.add_argument("--processes", type=counts, default=[1, 2, 3], metavar="1,2,3")
    options.add_argument("--steps", type=positive, default=20, metavar="N")
    options.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    given = options.parse_args()
    name, size = given.size
    if "WORLD_SIZE" in os.environ:
        with joined() as own:
            line = measured(size, given.precision, given.steps, own)
            if own.first:
                print(json.dumps(line))
        sys.exit(0)

    def measure() -> dict[str, Any]:
        """Everything, as the JSON holds it."""
        words = ["--size", name, "--steps", str(given.steps), "--precision", given.precision]
        found = [by_torchrun(count, words) for count in given.processes]
        return {
            "size": str(size),
            "precision": given.precision,
            "measured": found,
            "arithmetic": arithmetic(size, alone_ms(found)),
        }

    run(measure, given, text)
