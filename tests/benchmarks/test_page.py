"""docs/benchmarks.md shows the figures of the results beside it, held to their targets."""

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs/results"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return lambda name: runpy.run_path(str(ROOT / f"benchmarks/{name}.py"))


def test_the_tables_of_the_page_are_those_of_the_results(script) -> None:
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    fill = script("page")
    assert fill["filled"](page, fill["blocks"](RESULTS)) == page


def test_every_block_of_the_page_is_filled_and_says_what_disturbed_it(script, tmp_path) -> None:
    for file in RESULTS.glob("train_*.json"):
        results = {**json.loads(file.read_text("utf-8")), "other_load": 0.5}
        (tmp_path / file.name).write_text(json.dumps(results), "utf-8")
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    fill = script("page")
    texts = fill["blocks"](tmp_path)
    assert set(texts) == {match[1] for match in fill["BLOCK"].finditer(page)}
    new = fill["filled"](page, texts)
    assert new.count("DISTURBED: other processes took 50%") == 3
    assert fill["filled"](new, texts) == new


def test_the_plot_is_drawn_of_the_results(script) -> None:
    results = json.loads((RESULTS / "train_growth.json").read_text(encoding="utf-8"))
    plot = (ROOT / "docs/images/train_growth.svg").read_text(encoding="utf-8")
    assert script("growth_plot")["growth_digest"](results) in plot


FIGURES = {
    "ours_bf16_ms": 40.0,
    "ours_fp32_ms": 100.0,
    "nn_lstm_fp32_ms": 120.0,
    "report_way_ms": 190.0,
    "floor_ms": 25.0,
}


compared = runpy.run_path(str(ROOT / "benchmarks/step_targets.py"))["compared"]


def test_ratios_are_held_to_their_bounds_from_the_right_side() -> None:
    lines = list(compared(FIGURES, "report", "bf16"))
    assert [(line["ratio"], line["target"], line["met"]) for line in lines] == [
        (3.0, "≥ 4", False),
        (4.75, "≥ 4.5", True),
        (1.6, "≤ 2", True),
        (1.2, "≥ 1.15", True),
    ]


def test_what_is_held_to_nothing_is_neither_met_nor_missed() -> None:
    slow = compared(FIGURES, "report", "fp32")  # a machine without units for bf16
    assert [line["met"] for line in slow] == [None, None, None, True]
    assert [line["met"] for line in compared(FIGURES, "8,8,40,4,5", "bf16")] == [None] * 4
