"""The picture of the architecture is that of the import contracts."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/images/architecture.svg"
SVG = "{http://www.w3.org/2000/svg}"


def names(kind: str) -> list[str]:
    """The words of one class in the picture, from top to bottom."""
    texts = ElementTree.parse(PICTURE).getroot().iter(f"{SVG}text")
    return ["".join(text.itertext()) for text in texts if text.get("class") == kind]


def test_picture_is_what_its_script_draws(tmp_path) -> None:
    target = tmp_path / "architecture.svg"
    subprocess.run([sys.executable, ROOT / "scripts/draw_architecture.py", target], check=True)
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
    assert [re.sub(r"/|\.py$", "", name) for name in drawn] == [
        layer.removeprefix("tangyin.") for layer in layers
    ]


def test_the_road_of_poems_names_folders_that_there_are() -> None:
    road = names("middle code")
    assert road
    assert set(road) <= set(names("code"))
