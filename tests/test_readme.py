"""README.md shows what the commands in it print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", ["README.md", "docs/writing.md"])
def test_every_console_block_of_the_page_shows_what_its_command_prints(page: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/refresh_pages.py", "--check", ROOT / page],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_relative_link_of_the_readme_leads_to_a_file() -> None:

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link.partition("#")[0]).is_file()] == []
