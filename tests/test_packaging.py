"""The package as it is installed: light without torch, whole with its data."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, metadata
from pathlib import Path

import pytest

import tangyin
from tangyin.model.shelf import SHIPPED

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
WUJUE = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"

PROBE = """
import json, sys
from tangyin.cli.main import run
for words in json.loads(sys.argv[1]):
    try:
        run(words)
    except SystemExit as end:
        if end.code:
            raise
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def python(*words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=100,
    )


HELP = ["--help"]
COMMANDS = [
    ["write", "日", "--particles", "2"],
    ["score"],
    ["models", "--card", "report"],
    ["rhyme", "東"],
    ["train", "--help"],
    ["study", "--help"],
]


@pytest.mark.parametrize("words", [[HELP], COMMANDS, [["check"]]], ids=["help", "many", "check"])
def test_nothing_but_training_and_studies_imports_torch(words) -> None:
    done = python("-c", PROBE, json.dumps(words), stdin=WUJUE)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "tangyin" in loaded
    assert loaded.isdisjoint({"torch", "matplotlib", "hypothesis", "pytest", "fastapi"})
    if words == [HELP]:
        assert loaded.isdisjoint({"numpy", "opencc", "safetensors", "platformdirs"})


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, tangyin; print({'numpy', 'torch', 'click', 'opencc'} & set(sys.modules))"
    assert python("-c", code).stdout == "set()\n"


def test_the_command_and_the_module_are_the_same_program() -> None:
    script = Path(sys.executable).with_name("tangyin")
    if not script.exists():
        pytest.skip("the console script is not installed beside this Python")
    words = ["write", "日", "--free", "--seed", "3"]
    by_script = subprocess.run([str(script), *words], capture_output=True, timeout=60)
    by_module = python("-m", "tangyin", *words)
    assert by_script.returncode == by_module.returncode == 0
    assert by_script.stdout.decode() == by_module.stdout
    (entry,) = [e for e in entry_points(group="console_scripts") if e.name == "tangyin"]
    assert entry.value == "tangyin.cli.main:run"


def test_there_is_one_version() -> None:
    assert PROJECT["project"]["version"] == tangyin.__version__ == metadata("tangyin")["Version"]
    assert python("-m", "tangyin", "--version").stdout == f"tangyin {tangyin.__version__}\n"
    citation = (Path(__file__).parents[1] / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {tangyin.__version__}\n" in citation


def test_what_is_installed_without_extras_is_what_writing_needs() -> None:
    needed = " ".join(PROJECT["project"]["dependencies"])
    assert "torch" not in needed
    assert "torch" not in " ".join(PROJECT["build-system"]["requires"])
    assert "torch" in " ".join(PROJECT["project"]["optional-dependencies"]["train"])


def test_the_constraints_are_those_of_the_project() -> None:
    """The lowest versions are pinned, and the hashed file has each package by its hashes."""
    parts = PROJECT["project"]
    needed = dict(
        n.split(">=") for n in parts["dependencies"] + parts["optional-dependencies"]["web"]
    )
    folder = Path(__file__).parents[1] / "constraints"
    lowest = (folder / "lowest.txt").read_text("utf-8").splitlines()[1:]
    assert dict(line.split("==") for line in lowest) == needed
    hashed = (folder / "hashed.txt").read_text("utf-8").split("\n\n")[-1]
    pinned = dict(re.findall(r"^([\w-]+)==([\w.]+) \\\n    --hash=sha256:", hashed, re.MULTILINE))
    assert needed.keys() <= pinned.keys()
    assert len(pinned) == hashed.count("==")


def test_the_notice_names_every_data_file_that_comes_from_others() -> None:
    root = Path(__file__).parents[1]
    notice = (root / "NOTICE").read_text("utf-8")
    ours = {
        "help.toml",
        "kernel.wasm",
        "messages.toml",
        "opposite_meanings.txt",
        "parallel_classes.tsv",
        "units.json",
    }
    files = {path.name for path in (root / "src/tangyin/data").glob("*.*")}
    data = {name for name in files if not name.endswith(".py")}
    assert {name for name in data if name not in notice} == ours
    licences = {f"licenses/{path.name}" for path in (root / "licenses").iterdir()}
    assert set(re.findall(r"licenses/[\w.-]+txt", notice)) == licences


def test_the_shipped_models_are_small() -> None:
    folder = Path(tangyin.__file__).parent / "data" / "models"
    for name, most in (("report", 3_000_000), ("strong", 16_000_000)):
        if name in SHIPPED:
            assert (folder / f"{name}.safetensors").stat().st_size <= most
