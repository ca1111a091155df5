"""The page shows the results beside it, and benchmarks explain themselves; no test sees a time."""

import json
import runpy
from pathlib import Path

import pytest

import page
import train_growth

BENCHMARKS = Path(page.__file__).parent
PROGRAMS = [p for p in sorted(BENCHMARKS.glob("*.py")) if ".parse_args(" in p.read_text("utf-8")]


def test_the_tables_and_the_plot_of_the_page_are_those_of_the_results() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text, page.blocks(page.DOCS / "results")) == text
    results = json.loads((page.DOCS / "results/train_growth.json").read_text(encoding="utf-8"))
    plot = (page.DOCS / "images/train_growth.svg").read_text(encoding="utf-8")
    assert train_growth.growth_digest(results) in plot


@pytest.mark.parametrize("script", PROGRAMS, ids=lambda path: path.stem)
def test_a_benchmark_explains_itself(script, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", [script.name, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out
