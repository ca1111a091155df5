"""Known mistakes, put into a copy of the package one at a time: the suite must catch each.

lstm.toml, nn.toml and training.toml are the tables. A row names a function (`in`, as
"lstm.sequence:sequence_backward"; a module without one means its top level), an expression or
statements within it (`old`), what replaces them (`new`, nothing deletes), the claim that is then
false, and a test that must fail. `old` is compared as parsed code, so that layout, comments and
moves within a module do not matter, and must occur exactly once in the function. Rows of a file
that is not Python name the `file` and replace text.
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
from typing import Any

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


class Replacement(ast.NodeTransformer):
    """Replaces an expression, or consecutive statements, and counts how often."""

    def __init__(self, old: str, new: str) -> None:
        before, self.after = ast.parse(old).body, ast.parse(new).body
        self.expression = len(before) == len(self.after) == 1 and all(
            isinstance(part, ast.Expr) for part in (*before, *self.after)
        )
        self.before = [ast.unparse(statement) for statement in before]
        self.count = 0

    def visit(self, node: ast.AST) -> Any:
        node = super().generic_visit(node)
        if self.expression:
            if isinstance(node, ast.expr) and [ast.unparse(node)] == self.before:
                self.count += 1
                return self.after[0].value
            return node
        for block in (getattr(node, name, None) for name in ("body", "orelse")):
            if isinstance(block, list):
                lines = [ast.unparse(statement) for statement in block]
                for start in range(len(lines)):
                    end = start + len(self.before)
                    if lines[start:end] == self.before:
                        self.count += 1
                        block[start:end] = self.after or [ast.Pass()]
                        break
        return node


def mutated(row: dict[str, str], source: str) -> str:
    """The source with the row's mistake in it."""
    if "file" in row:
        assert source.count(row["old"]) == 1, "the text to replace must occur exactly once"
        return source.replace(row["old"], row["new"])
    tree = scope = ast.parse(source)
    for name in row["in"].partition(":")[2].split("."):
        if name:
            kinds = ast.FunctionDef | ast.ClassDef
            (scope,) = (n for n in scope.body if isinstance(n, kinds) and n.name == name)
    replacement = Replacement(row["old"], row["new"])
    replacement.visit(scope)
    assert replacement.count == 1, "what is replaced must occur exactly once in the function"
    result = ast.unparse(ast.fix_missing_locations(tree))
    ast.parse(result)
    return result


def path_of(row: dict[str, str]) -> str:
    """The file of a row, below src/tangyin."""
    return row.get("file") or row["in"].partition(":")[0].replace(".", "/") + ".py"


@pytest.mark.parametrize("row", MUTATIONS, ids=lambda row: f"{path_of(row)}-{row['claim']}")
def test_mutation_is_caught(row: dict[str, str], copy: Path, run_tests: RunTests) -> None:
    path = copy / "tangyin" / path_of(row)
    whole = path.read_text(encoding="utf-8")
    try:
        path.write_text(mutated(row, whole), encoding="utf-8")
        code, output = run_tests(row["test"])
    finally:
        path.write_text(whole, encoding="utf-8")
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert not BROKEN.search(output), output


def test_a_row_survives_other_layout_and_fails_on_other_code() -> None:
    row = {"in": "m:C.f", "old": "x = a + b\nreturn x", "new": "return b"}
    source = "class C:\n  def f(a,\n    b):\n    x = (a +  # why\n b)\n    return (x)"
    assert mutated(row, source) == "class C:\n\n    def f(a, b):\n        return b"
    for other in (source.replace("a +", "a -"), source + " + (a + b) + (a + b)"):
        with pytest.raises(AssertionError, match="exactly once"):
            mutated(row | {"old": "a + b", "new": "b"}, other)


@pytest.mark.parametrize("table", ["lstm", "nn"])
def test_every_slip_that_others_made_is_in_the_table(table: str) -> None:
    assert {m["slip"] for m in TABLES[table] if "slip" in m} == SLIPS


def test_every_row_is_a_mutation_of_its_own() -> None:
    rows = {(path_of(m), m.get("in"), m["old"], m["new"]) for m in MUTATIONS}
    assert len(rows) == len(MUTATIONS)
    assert all(m["old"] != m["new"] for m in MUTATIONS)
