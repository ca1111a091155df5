"""One training step of ours against nn.LSTM, the report's way and the matrix products alone.

    python benchmarks/train_step.py [--size report|large|E,H,V,B,T] [--rounds N] [--memory]
                                    [--format text|json] [-o FILE]

All ways take turns in one process, on one batch of random tokens. A step is forward, loss,
backward, clipping, optimizer and zero_grad. The peers are nn.LSTM + F.cross_entropy + Adam, in fp32
and under bf16 autocast, and the report's way (single operations step by step, LogSoftmax, NLLLoss,
Adam); all take Adam fused, and `adam_ms` shows whether that is the faster one. `floor_ms` is the
step's matrix products alone in bf16, `floor_fp32_ms` in fp32. --memory adds what the steps of each
way add to a process of their own. With ONEDNN_MAX_CPU_ISA=AVX2 in the environment the machine is
one without units for bf16; nn.LSTM cannot train in bf16 there, and its figure is null.
"""

from collections.abc import Callable
from typing import Any

import torch

from command import parser, positive, run
from machine import OtherLoad, machine
from rounds import interleaved, summary
from step_floor import floor
from step_memory import added_mib
from step_size import Size
from step_targets import compared
from step_ways import WAYS, adam_ms
from tables import heading, table
from tangyin.training.precision import chosen_precision

ROUNDS, LEAST = 15, 5
VISIT = 0.15
BUDGET = 30.0
"""Seconds of the rounds beyond the least; so the report's size ends within a minute."""

VERDICTS = {True: "met", False: "missed", None: ""}


def measure(name: str, size: Size, rounds: int, *, memory: bool) -> dict[str, Any]:
    """Everything about one size, as the JSON holds it."""
    facts, load = machine(), OtherLoad()
    precision = chosen_precision("auto", torch.device("cpu"))
    torch.manual_seed(1)
    ways: dict[str, Callable[[], object]] = {way: make(size) for way, make in WAYS.items()}
    ways["floor"] = floor(size, torch.bfloat16)
    ways["floor_fp32"] = floor(size, torch.float32)
    missing = {"nn_lstm_bf16"} if not possible(ways["nn_lstm_bf16"]) else set()
    ways = {way: step for way, step in ways.items() if way not in missing}
    adam = adam_ms(size)
    runs = interleaved(ways, rounds, visit=VISIT, budget=BUDGET, least=LEAST)
    spread = {f"{way}_ms": summary(seconds, 1000) for way, seconds in runs.items()}
    figures = {way: found["median"] for way, found in spread.items()}
    if memory:
        figures |= {f"{way}_mib": added_mib(way, size) for way in WAYS if way not in missing}
    return {
        "machine": facts,
        "other_load": load.share(),
        "shapes": {name: vars(size)},
        "rounds": {name: len(runs["floor"])},
        "sizes": {name: {**figures, **{f"{way}_ms": None for way in missing}}},
        "spread": {name: spread},
        "adam_ms": {name: adam},
        "precision": precision,
        "ratios": {name: list(compared(figures, name, precision))},
    }


def possible(way: Callable[[], object]) -> bool:
    """Whether oneDNN has the way's layer for this processor."""
    try:
        way()
    except RuntimeError as error:
        if "primitive descriptor" not in str(error):
            raise
        return False
    return True


def text(results: dict[str, Any]) -> str:
    """The results as tables."""
    parts = [heading(results["machine"], results["other_load"])]
    for name in results["sizes"]:
        adam = results["adam_ms"][name]
        parts += [
            f"{name}: {Size(**results['shapes'][name])}; rounds: {results['rounds'][name]}; "
            f"Adam alone {adam['default']:.1f} ms, fused {adam['fused']:.1f} ms; "
            f"we train in {results['precision']} on such a machine",
            *tables(results, name),
        ]
    return "\n\n".join(parts)


def tables(results: dict[str, Any], name: str) -> list[str]:
    """The times of one size, its ratios, and its memory if it was measured."""
    times = [
        (way, f"{found['median']:.1f}", f"{found['min']:.1f} to {found['max']:.1f}")
        for way, found in results["spread"][name].items()
    ]
    ratios = [
        (line["name"], f"{line['ratio']:.2f}", line["target"] or "", VERDICTS[line["met"]])
        for line in results["ratios"][name]
    ]
    memory = [
        (way, f"{mib:.0f}") for way, mib in results["sizes"][name].items() if way.endswith("_mib")
    ]
    made = [
        table(("a whole step", "median, ms", "spread, ms"), times),
        table(("ratio", "found", "target", ""), ratios),
    ]
    return [*made, table(("memory that steps add", "MiB"), memory)] if memory else made


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--rounds", type=positive, default=ROUNDS, metavar="N")
    options.add_argument("--memory", action="store_true")
    arguments = options.parse_args()
    name, size = arguments.size
    run(lambda: measure(name, size, arguments.rounds, memory=arguments.memory), text, arguments)
