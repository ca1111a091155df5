"""docs/protocol.md shows the figures of the results beside it."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_figures_of_the_protocol_page_are_those_of_the_results() -> None:
    script = runpy.run_path(str(ROOT / "scripts/build_protocol_page.py"))
    assert script["page"]() == (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
