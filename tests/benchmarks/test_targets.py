import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FIGURES = {
    "ours_bf16_ms": 40.0,
    "ours_fp32_ms": 100.0,
    "nn_lstm_fp32_ms": 120.0,
    "report_way_ms": 190.0,
    "floor_ms": 25.0,
}


@pytest.fixture(scope="module")
def compared() -> Callable[..., Iterator[dict[str, Any]]]:
    found: Callable[..., Iterator[dict[str, Any]]]
    found = runpy.run_path(str(BENCHMARKS / "step_targets.py"))["compared"]
    return found


def test_ratios_are_held_to_their_bounds_from_the_right_side(
    compared: Callable[..., Iterator[dict[str, Any]]],
) -> None:
    lines = list(compared(FIGURES, "report", "bf16"))
    assert [(line["ratio"], line["target"], line["met"]) for line in lines] == [
        (3.0, "≥ 4", False),
        (4.75, "≥ 4.5", True),
        (1.6, "≤ 2", True),
        (1.2, "≥ 1.15", True),
    ]


def test_a_machine_without_units_for_bf16_is_held_to_fp32_alone(
    compared: Callable[..., Iterator[dict[str, Any]]],
) -> None:
    lines = list(compared(FIGURES, "report", "fp32"))
    assert [line["met"] for line in lines] == [None, None, None, True]


def test_other_sizes_are_held_to_nothing(
    compared: Callable[..., Iterator[dict[str, Any]]],
) -> None:
    assert {line["met"] for line in compared(FIGURES, "8,8,40,4,5", "bf16")} == {None}
