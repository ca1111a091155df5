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

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from measuring import heading, interleaved, parser, positive, run, summary, table
from step import WAYS, Size, adam_ms, added_mib, floor, size_named
from tangyin.training.precision import chosen_precision

ROUNDS, LEAST = 15, 5
VISIT = 0.15
BUDGET = 30.0
"""Seconds of the rounds beyond the least; so the report's size ends within a minute."""

VERDICTS = {True: "met", False: "missed", None: ""}

TARGETS = {
    "ours bf16: times faster than nn.LSTM fp32": (
        "nn_lstm_fp32_ms", "ours_bf16_ms", "≥", {"report": 4.0, "large": 4.0},
    ),
    "ours bf16: times faster than nn.LSTM bf16": (
        "nn_lstm_bf16_ms", "ours_bf16_ms", "≥", {"report": 2.5, "large": 1.4},
    ),
    "ours bf16: times faster than the report's way": (
        "report_way_ms", "ours_bf16_ms", "≥", {"report": 4.5},
    ),
    "ours bf16: times the floor": (
        "ours_bf16_ms", "floor_ms", "≤", {"report": 2.0, "large": 2.0},
    ),
    "ours fp32: times faster than nn.LSTM fp32": (
        "nn_lstm_fp32_ms", "ours_fp32_ms", "≥", {"report": 1.15},
    ),
    "ours bf16: memory as a share of nn.LSTM's in fp32": (
        "ours_bf16_mib", "nn_lstm_fp32_mib", "≤", {"report": 0.5},
    ),
    "ours fp32: memory as a share of nn.LSTM's in fp32": (
        "ours_fp32_mib", "nn_lstm_fp32_mib", "≤", {"report": 0.5},
    ),
}  # fmt: skip
"""Ratios of two figures of one run and their bounds by size; at other sizes there is none."""


def measure(name: str, size: Size, rounds: int, *, memory: bool) -> dict[str, Any]:
    """Everything about one size, as the JSON holds it."""
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
        "shapes": {name: vars(size)},
        "rounds": {name: len(runs["floor"])},
        "sizes": {name: {**figures, **{f"{way}_ms": None for way in missing}}},
        "spread": {name: spread},
        "adam_ms": {name: adam},
        "precision": precision,
        "ratios": {name: list(compared(figures, name, precision))},
    }


def compared(figures: Mapping[str, float], size: str, precision: str) -> Iterator[dict[str, Any]]:
    """Every ratio that the figures allow: its name, `ratio`, and `target` and `met` or None.

    Args:
        figures: milliseconds and MiB by name.
        size: its name.
        precision: what "auto" means on this machine; where it is "fp32" there are no units for
            bf16, and times in bf16 are held to nothing.
    """
    for name, (over, under, sign, bounds) in TARGETS.items():
        if over in figures and under in figures:
            ratio = figures[over] / figures[under]
            held = precision == "bf16" or "ours_bf16_ms" not in (over, under)
            bound = bounds.get(size) if held else None
            yield {
                "name": name,
                "ratio": round(ratio, 3),
                "target": None if bound is None else f"{sign} {bound:g}",
                "met": None if bound is None else ratio <= bound if sign == "≤" else ratio >= bound,
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
    parts = [heading(results)]
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
    options = parser(__doc__, size_named)
    options.add_argument("--rounds", type=positive, default=ROUNDS, metavar="N")
    options.add_argument("--memory", action="store_true")
    arguments = options.parse_args()
    name, size = arguments.size
    run(lambda: measure(name, size, arguments.rounds, memory=arguments.memory), arguments, text)
