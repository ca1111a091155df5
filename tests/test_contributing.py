"""The files that docs/contributing.md shows, put into a copy of the package, work everywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE = re.compile(r'^```python title="src/(?P<path>.+?)"\n(?P<text>.*?)^```$', re.M | re.S)
FILES = {
    m["path"]: m["text"] for m in FILE.finditer((ROOT / "docs/contributing.md").read_text("utf-8"))
}
RECIPE = """
name = "six"
[data]
forms = ["liuyan"]
minimum_frequency = 1
[model]
embedding_size = 8
hidden_size = 8
cell = "leaky"
[training]
batch_size = 8
epochs = 1
"""
SERVE = """
import json
from fastapi.testclient import TestClient
from tangyin.web.app import create_app
with TestClient(create_app("report"), base_url="http://127.0.0.1") as client:
    names = [option["name"] for option in client.get("/api/options").json()]
    body = {"different_heads": True, "seed": 1, "particles": 4}
    poem = client.post("/api/write", json=body).json()[0]
    forms = str(client.get("/api/forms").json())
print(json.dumps([names, poem["lines"], "六言絕句" in forms]))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the page's files in it."""
    folder = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__", "data")
    shutil.copytree(ROOT / "src/tangyin", folder / "tangyin", ignore=ignored)
    (folder / "tangyin/data").symlink_to(ROOT / "src/tangyin/data")
    for path, text in FILES.items():
        file = folder / path
        assert not file.exists()
        file.write_text(text, encoding="utf-8")
    return folder


def python(package: Path, *words: str, stdin: str = "") -> str:
    """What Python prints with the copy in place of the package."""
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": str(package), "TANGYIN_LANG": "en"},
        cwd=package, input=stdin, capture_output=True, encoding="utf-8", timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def tangyin(package: Path, *words: str, stdin: str = "") -> str:
    """What the command prints."""
    return python(package, "-m", "tangyin", *words, stdin=stdin)


def test_the_page_has_one_of_each() -> None:
    folders = ["laws", "forms", "cells", "experiments"]
    assert [Path(path).parent.name for path in FILES] == folders


def test_the_files_pass_the_linters_as_any_other(package: Path) -> None:
    shown = [str(package / path) for path in FILES]
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "ruff", "check", *config, *shown], check=True, timeout=60)


def test_the_law_is_an_option_of_the_command_and_the_api(package: Path) -> None:
    words = ("write", "--model", "report", "--different-heads", "--seed", "3", "--particles", "4")
    poem = json.loads(tangyin(package, *words, "--format", "jsonl"))
    assert len({line[0] for line in poem["lines"]}) == 8
    assert "Begin every line with a different" in tangyin(package, "write", "--help")
    names, lines, form = json.loads(python(package, "-c", SERVE))
    assert "different_heads" in names
    assert len({line[0] for line in lines}) == 8
    assert form


def test_the_form_and_the_cell_are_trained_and_write(package: Path, tmp_path: Path) -> None:
    poems, recipe = tmp_path / "poems.txt", tmp_path / "six.toml"
    hanzi = "日月山水風花雪夜春秋江海天地人心白青紅明"
    rows = ("".join(hanzi[(7 * n + 3 * k + n * k) % 20] for k in range(24)) for n in range(20))
    poems.write_text("\n".join(rows), encoding="utf-8")
    recipe.write_text(RECIPE, encoding="utf-8")
    run = tmp_path / "run"
    tangyin(package, "train", str(recipe), "--corpus", str(poems), "--run", str(run))
    model = str(run / "model.safetensors")
    words = ("write", "日", "--free", "--form", "六言絕句", "--model", model, "--format", "jsonl")
    poem = json.loads(tangyin(package, *words))
    assert [len(line) for line in poem["lines"]] == [6] * 4
    assert json.loads(tangyin(package, "score", "--model", model, stdin=poem["text"]))["nll"] > 0


@pytest.mark.corpus
def test_the_study_runs(package: Path) -> None:
    found = json.loads(tangyin(package, "study", "heads", "--quick", "-o", "-"))
    assert len(found["commonest"]) == 10


def test_every_room_that_a_newcomer_is_sent_to_is_there():
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    table = page.partition("## Find your room")[2].partition("---")[2].partition("\n## ")[0]
    rooms = re.findall(r"`([a-z_]+/[^`]*)`", table)
    assert len(rooms) > 20
    assert [room for room in rooms if not (ROOT / "src/tangyin" / room).exists()] == []
