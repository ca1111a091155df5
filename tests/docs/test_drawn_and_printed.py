"""docs/cli.md is what the commands say; the picture of the architecture, the import contracts."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
PICTURE = ROOT / "docs/images/architecture.svg"
SVG = "{http://www.w3.org/2000/svg}"


def names(kind: str) -> list[str]:
    """The words of one class in the picture, from top to bottom."""
    texts = ElementTree.parse(PICTURE).getroot().iter(f"{SVG}text")
    return ["".join(text.itertext()) for text in texts if text.get("class") == kind]


def test_picture_is_what_its_script_draws(tmp_path) -> None:
    target = tmp_path / "architecture.svg"
    subprocess.run(
        [sys.executable, ROOT / "scripts/draw_architecture.py", target], check=True, timeout=60
    )
    assert target.read_bytes() == PICTURE.read_bytes()
    assert "](images/architecture.svg)" in (ROOT / "docs/architecture.md").read_text("utf-8")


def test_picture_has_every_folder_in_the_order_of_the_contract() -> None:
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (ROOT / "src/tangyin").iterdir()
        if not path.name.startswith("_") and path.suffix in ("", ".py")
    }
    drawn = names("code")
    assert set(drawn) == there
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [f"tangyin.{Path(name).stem}" for name in drawn] == layers
    assert set() < set(names("middle code")) <= set(drawn)


def test_the_page_has_not_drifted_from_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/build_cli_page.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [[], ["write"], ["corpus", "fetch"]], ids=str)
def test_the_page_has_the_help_as_a_terminal_has_it(words) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tangyin", *words, "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "100"},
        check=True,
        timeout=100,
    )
    assert f"## {' '.join(['tangyin', *words])}\n\n```text\n{done.stdout}```\n" in PAGE
