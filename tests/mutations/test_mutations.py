"""Known mistakes, put into a copy of the package one at a time: the suite must catch each.

lstm.toml, nn.toml and training.toml are the tables. A row names the file below src/tangyin, the
text to replace, which stands there exactly once, what to put in its place, the claim that is then
false, and a test that must fail.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tangyin.paths import corpus_home

HERE = Path(__file__).parent
TESTS = HERE.parent
PACKAGE = TESTS.parent / "src/tangyin"
TABLES = {
    name: tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))["mutation"]
    for name in ("lstm", "nn", "training")
}
MUTATIONS = [mutation for table in TABLES.values() for mutation in table]
SLIPS = {
    "di from i instead of g",
    "tanh' of tanh",
    "h_t for h_{t-1}",
    "tanh(tanh(c))",
    "gates swapped",
    "mask forgotten",
    "forget bias on the wrong gate",
}
# A test that fails because a name is missing, or because the kernel does not compile, has not
# noticed that a number is wrong.
BROKEN = re.compile(
    r"^E +(AttributeError|ImportError|NameError|SyntaxError|TypeError|UnboundLocalError)\b"
    r"|no kernel came of it",
    re.MULTILINE,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")

RunTests = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds a copy of the package."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        PACKAGE, folder / "tangyin", ignore=shutil.ignore_patterns("__pycache__", "models")
    )
    (folder / "tangyin/data/models").symlink_to(PACKAGE / "data/models")
    return folder


@pytest.fixture(scope="module")
def run_tests(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunTests]:
    """Runs tests against the copy; gives pytest's exit code and output."""
    scratch = tmp_path_factory.mktemp("scratch")
    # Mutated kernels are compiled into a cache of their own.
    home = scratch / "home"
    home.mkdir()
    (home / "corpus").symlink_to(corpus_home())
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "TANGYIN_HOME": str(home),
        # An old compiled file must not stand for a source that was changed in the same second.
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch / "hypothesis"),
        # Plugins must be imported after pytest has begun, each time anew.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    server = subprocess.Popen(
        [sys.executable, HERE / "forking_pytest.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=scratch,
        text=True,
    )

    def run(*tests: str) -> tuple[int, str]:
        folders = {test.split("/")[0] for test in tests}
        # Without the conftest of all tests, which imports the whole package.
        cut = TESTS / folders.pop() if len(folders) == 1 else TESTS
        arguments = ["-q", "-x", "-p", "no:cacheprovider", "--tb=short", f"--confcutdir={cut}"]
        arguments += [f"--rootdir={TESTS.parent}", f"-c{TESTS.parent / 'pyproject.toml'}"]
        order = [copy, scratch / "log", *arguments, *(TESTS / test for test in tests)]
        server.stdin.write(json.dumps([str(word) for word in order]) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return code, (scratch / "log").read_text(encoding="utf-8")

    with server:
        yield run
    assert server.returncode == 0


@pytest.mark.parametrize("folder", ["lstm", "nn", "prosody", "studies", "training"])
def test_without_a_mutation_the_tests_pass(folder: str, run_tests: RunTests) -> None:
    tests = {mutation["test"] for mutation in MUTATIONS}
    code, output = run_tests(*sorted(test for test in tests if test.startswith(f"{folder}/")))
    assert code == pytest.ExitCode.OK, output


@pytest.mark.parametrize(
    "mutation", MUTATIONS, ids=[f"{m['file']}-{m['claim']}".replace(" ", "-") for m in MUTATIONS]
)
def test_mutation_is_caught(mutation: dict[str, str], copy: Path, run_tests: RunTests) -> None:
    path = copy / "tangyin" / mutation["file"]
    whole = path.read_text(encoding="utf-8")
    assert whole.count(mutation["old"]) == 1, "the text to replace must stand there exactly once"
    mutated = whole.replace(mutation["old"], mutation["new"])
    if path.suffix == ".py":
        ast.parse(mutated)
    try:
        path.write_text(mutated, encoding="utf-8")
        code, output = run_tests(mutation["test"])
    finally:
        path.write_text(whole, encoding="utf-8")
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert not BROKEN.search(output), output


@pytest.mark.parametrize("table", ["lstm", "nn"])
def test_every_slip_that_others_made_is_in_the_table(table: str) -> None:
    assert {m["slip"] for m in TABLES[table] if "slip" in m} == SLIPS


def test_every_row_is_a_mutation_of_its_own() -> None:
    rows = {(m["file"], m["old"], m["new"]) for m in MUTATIONS}
    assert len(rows) == len(MUTATIONS)
    assert all(m["old"] != m["new"] for m in MUTATIONS)
