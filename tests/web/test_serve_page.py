"""docs/serve.md shows what the server answers."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.corpus
def test_the_examples_of_the_page_are_answered_as_it_shows(address, tmp_path) -> None:
    shown = (ROOT / "docs/serve.md").read_text("utf-8")
    page = tmp_path / "serve.md"
    page.write_text(shown.replace("localhost:8000", address.removeprefix("http://")), "utf-8")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/refresh_pages.py", "--check", "--long", page],
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
