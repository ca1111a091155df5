"""No test can hang: each has a limit, and so has each wait of its own."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PROJECT = TESTS.parent / "pyproject.toml"
RUNS = {"run", "check_call", "check_output"}
WAITS = {"wait", "communicate", "join"}


def unlimited(source: str) -> Iterator[int]:
    """Lines of calls that wait for a process, a thread or an event without a limit."""
    tree = ast.parse(source)
    # What a coroutine awaits ends with its test: `pytest_pyfunc_call` in web/conftest.py.
    awaited = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Await)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, of = node.func.attr, node.func.value
        named = {keyword.arg for keyword in node.keywords} & {"timeout", None}  # None: **options
        if name in RUNS and isinstance(of, ast.Name) and of.id == "subprocess":
            limited = bool(named)
        elif name in WAITS and id(node) not in awaited:
            limited = bool(named) or (name != "communicate" and bool(node.args))
        else:
            limited = True
        if not limited:
            yield node.lineno


@pytest.mark.parametrize(
    ("call", "limited"),
    [
        ("subprocess.run(words)", False), ("subprocess.run(words, timeout=60)", True),
        ("process.wait()", False), ("process.wait(60)", True), ("thread.join()", False),
        ("', '.join(words)", True), ("process.communicate(b'')", False),
        ("await gone.wait()", True),
    ],
)  # fmt: skip
def test_a_wait_without_a_limit_is_found(call: str, limited: bool) -> None:
    assert list(unlimited(f"async def test():\n    {call}\n")) == ([] if limited else [2])


def test_every_wait_has_a_limit() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        for line in unlimited(path.read_text(encoding="utf-8"))
    ]
    assert found == []


HANGS = """
import socket, subprocess, sys, threading, time

def test_before(): pass
def test_a_lock(): threading.Lock().acquire(), threading.Event().wait()
def test_a_process(): subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1).wait()
def test_a_port():
    with socket.create_server(("127.0.0.1", 0)) as server: server.accept()
def test_after(): pass
"""
NATIVE = """
import ctypes

def test_a_lock_of_c():
    mutex = ctypes.create_string_buffer(64)
    for _ in range(2): ctypes.PyDLL(None).pthread_mutex_lock(mutex)
"""


def outcome(folder: Path, source: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run a file of tests by the configuration of this repository, and with these options."""
    (folder / "test_hangs.py").write_text(source, encoding="utf-8")
    words = (sys.executable, "-m", "pytest", "-c", str(PROJECT), "--rootdir", str(folder), "-q")
    return subprocess.run(
        [*words, "-p", "no:cacheprovider", *options, str(folder)],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_hang_is_reported_within_its_limit_and_the_tests_after_it_run(workers, tmp_path) -> None:
    done = outcome(tmp_path, HANGS, "-n", workers, "-o", "timeout=1")
    assert done.returncode == 1
    for name in ("a_lock", "a_process", "a_port"):
        assert f"FAILED test_hangs.py::test_{name} - Failed: Timeout (>1.0s)" in done.stdout
    assert "3 failed, 2 passed" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other locks")
def test_a_hang_in_a_library_ends_the_run_and_is_named(tmp_path) -> None:
    options = ("-n", "0", "-o", "timeout=1", "-o", "faulthandler_timeout=2")
    done = outcome(tmp_path, NATIVE, *options)
    assert done.returncode == 1
    assert "in test_a_lock_of_c" in done.stderr


def test_the_limit_is_two_minutes_and_a_hang_of_the_interpreter_has_one_too() -> None:
    options = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert options["timeout"] == 120
    assert options["faulthandler_timeout"] > options["timeout"]
    assert options["faulthandler_exit_on_timeout"]
