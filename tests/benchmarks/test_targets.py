import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/step_targets.py"
FIGURES = {
    "ours_bf16_ms": 40.0,
    "ours_fp32_ms": 100.0,
    "nn_lstm_fp32_ms": 120.0,
    "report_way_ms": 190.0,
    "floor_ms": 25.0,
}


compared = runpy.run_path(str(SCRIPT))["compared"]


def test_ratios_are_held_to_their_bounds_from_the_right_side() -> None:
    lines = list(compared(FIGURES, "report", "bf16"))
    assert [(line["ratio"], line["target"], line["met"]) for line in lines] == [
        (3.0, "≥ 4", False),
        (4.75, "≥ 4.5", True),
        (1.6, "≤ 2", True),
        (1.2, "≥ 1.15", True),
    ]


@pytest.mark.parametrize(
    ("size", "precision", "met"),
    [
        ("report", "fp32", [None, None, None, True]),  # a machine without units for bf16
        ("8,8,40,4,5", "bf16", [None] * 4),
    ],
)
def test_what_is_held_to_nothing_is_neither_met_nor_missed(size, precision, met) -> None:
    assert [line["met"] for line in compared(FIGURES, size, precision)] == met
