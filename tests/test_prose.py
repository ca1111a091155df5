"""The linter of prose finds listed phrases where readers see them, and not in code."""

import subprocess
import sys

import pytest

import lint_prose


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.md", "One.\n\nThis is no\nerror.\n", [3]),
        ("a.md", "```\nthis is no error\n```\n\n    this is no error\n\n`is no error`\n", []),
        ("a.py", 'x = 1\n"""Written\nanew."""\n# It goes\n# on, stands there.\n', [3, 4, 5]),
        ("a.py", "def anew(stands: int) -> int:\n    return stands\n", []),
        ("a.toml", 'en = "there is no such thing"\n# This is no thing.\n', [2]),
        ("a.js", "// It goes\n// on.\n", [1]),
    ],
)
def test_a_planted_phrase_is_found_in_prose_with_its_line_and_ignored_in_code(
    name, text, found, tmp_path
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert [int(line.split(":")[1]) for line in lint_prose.findings(tmp_path / name)] == found


def test_the_linter_fails_on_a_planted_phrase_and_says_what_to_write(tmp_path) -> None:
    (tmp_path / "page.md").write_text("Written anew.\n", "utf-8")
    done = subprocess.run(
        [sys.executable, lint_prose.__file__, tmp_path / "page.md"],
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (1, f"{tmp_path / 'page.md'}:1: 'anew': again\n")


def test_a_function_of_more_than_sixty_lines_is_found(tmp_path) -> None:
    body = "def short():\n" + "    pass\n" * 59 + "\nclass A:\n    async def long():\n"
    (tmp_path / "a.py").write_text(body + "        pass\n" * 60, "utf-8")
    (found,) = lint_prose.long_functions(tmp_path / "a.py")
    assert "a.py:63: long has 61 lines" in found
