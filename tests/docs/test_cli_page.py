"""docs/cli.md is what the commands say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tangyin.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cli.md").read_text(encoding="utf-8")


def test_the_page_has_not_drifted_from_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/build_cli_page.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words", [[], *([name] for name in COMMANDS), ["corpus", "fetch"]], ids=str
)
def test_the_page_has_the_help_as_a_terminal_has_it(words) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tangyin", *words, "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "100"},
        check=True,
    )
    assert f"## {' '.join(['tangyin', *words])}\n\n```text\n{done.stdout}```\n" in PAGE
