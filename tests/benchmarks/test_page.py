"""docs/benchmarks.md shows the figures of the results beside it."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs/results"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return lambda name: runpy.run_path(str(ROOT / f"benchmarks/{name}.py"))


def test_the_tables_of_the_page_are_those_of_the_results(
    script: Callable[[str], dict[str, Any]],
) -> None:
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    fill = script("page")
    assert fill["filled"](page, fill["blocks"](RESULTS)) == page


def test_every_block_of_the_page_is_filled_by_a_benchmark(
    script: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    times = {"median": 2.0, "min": 1.0, "max": 3.0}
    common = {"machine": {"processor": "P", "units": []}, "other_load": 0.5}
    for name in ("report", "large"):
        step = {
            **common,
            "shapes": {name: {"E": 1, "H": 2, "V": 9, "B": 4, "T": 5}},
            "rounds": {name: 3},
            "sizes": {name: {"floor_ms": 2.0, "ours_bf16_mib": 7.0}},
            "spread": {name: {"floor_ms": times}},
            "adam_ms": {name: {"default": 2.0, "fused": 1.0}},
            "precision": "fp32",
            "ratios": {name: []},
        }
        (tmp_path / f"train_step_{name}.json").write_text(json.dumps(step), encoding="utf-8")
    ways = dict.fromkeys(("ours_bf16", "ours_fp32", "nn_lstm_fp32"), times)
    growth = {
        **common,
        "axes": {name: [{"value": 7, **ways}] for name in ("H", "V", "T", "B", "poems")},
        "growth": {name: {"ours_bf16": []} for name in ("H", "V", "T", "B", "poems")},
    }
    (tmp_path / "train_growth.json").write_text(json.dumps(growth), encoding="utf-8")
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    fill = script("page")
    texts = fill["blocks"](tmp_path)
    assert set(texts) == {match[1] for match in fill["BLOCK"].finditer(page)}
    new = fill["filled"](page, texts)
    assert all(text in new for text in texts.values())
    assert new.count("DISTURBED: other processes took 50%") == 3
    assert fill["filled"](new, texts) == new


@pytest.mark.skipif(
    not (RESULTS / "train_growth.json").exists(), reason="no growth has been measured yet"
)
def test_the_plot_is_drawn_of_the_results(script: Callable[[str], dict[str, Any]]) -> None:
    results = json.loads((RESULTS / "train_growth.json").read_text(encoding="utf-8"))
    plot = (ROOT / "docs/images/train_growth.svg").read_text(encoding="utf-8")
    assert script("growth_plot")["growth_digest"](results) in plot
