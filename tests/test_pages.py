"""The pages show what their commands print, and no option that there is not."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
import pytest

import verify
from tangyin.cli.main import main

ROOT = Path(__file__).parents[1]
CHINESE = [ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.zh.md"))]
EVERY = [ROOT / "README.md", *sorted({*(ROOT / "docs").glob("*.md")} - {*CHINESE})]
# `make verify` runs the commands of the other pages.
SHOWN = [ROOT / "README.md", ROOT / "docs/getting-started.md"]


def refresh(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "scripts/refresh_pages.py", *words],
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.stem)
def test_every_block_of_the_page_shows_what_its_commands_print(page) -> None:
    done = refresh("--check", page)
    assert done.returncode == 0, done.stderr


def calls(text: str) -> Iterator[list[str]]:
    """The words of every call of `tangyin` in the code of a page."""
    fenced = re.findall(r"^```(?:console|sh)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    (?=tangyin )(.*)$", text, re.MULTILINE)
    code = "\n".join([*fenced, *indented]).replace("\\\n> ", "")
    for line in code.splitlines():
        for part in re.split(r"[|;&]| do ", line.removeprefix("$ ")):
            words = shlex.split(part, comments=True) if "tangyin " in part else []
            while words and "=" in words[0]:  # an environment
                words.pop(0)
            if words[:1] == ["tangyin"]:
                # What the shell takes for itself ends the words of the program.
                yield list(takewhile(lambda word: not re.match("[0-9]?[<>]", word), words[1:]))


def accepted(words: list[str]) -> bool:
    """Whether the command line has that command with those options."""
    group: Any = main
    while isinstance(group, click.Group):
        name, *words = words
        if name.startswith("-"):
            return name == "--help" or any(name in option.opts for option in group.params)
        group = group.get_command(click.Context(group), name)
    try:
        # A command keeps the names of its first --help, so the context is that of the program.
        group.make_context(group.name, words, click.Context(main, **main.context_settings))
    except click.UsageError:
        return False
    return True


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.stem)
def test_every_call_on_the_page_is_one_that_the_command_line_takes(page) -> None:
    wrong = [words for words in calls(page.read_text("utf-8")) if words and not accepted(words)]
    assert wrong == []


def test_calls_are_found_and_wrong_ones_told() -> None:
    page = (
        "```sh\ntangyin corpus fetch  # once\n```\n"
        "```console\n$ A=1 tangyin write 日 --sed 8 2>&1 | tangyin check --fail > x\noutput\n```\n"
        "    tangyin train a.toml\n"
    )
    found = list(calls(page))
    assert found[:2] == [["corpus", "fetch"], ["write", "日", "--sed", "8"]]
    assert found[2:] == [["check", "--fail"], ["train", "a.toml"]]
    assert [accepted(words) for words in found] == [True, False, True, True]


PAGE = """\
```console
$ echo 日 > a.txt
$ cat a.txt b.txt
$ echo $?
```

<!-- long -->
```console
$ sleep 100
yesterday's output
```

```pycon
>>> import os
>>> for n in (1, 2):
...     print(n * n)
>>> n
old
```

```console
$ cat <<'END'
> three
>
> lines
> END
```
"""


def test_blocks_are_filled_in_one_shell_and_one_python_and_long_ones_left(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE, "utf-8")
    assert refresh("--check", page).returncode == 1
    assert page.read_text("utf-8") == PAGE
    assert refresh(page).returncode == 0
    filled = page.read_text("utf-8")
    cat = "cat: b.txt: No such file or directory"
    assert f"$ cat a.txt b.txt\n日\n{cat}\n$ echo $?\n1\n```\n" in filled
    assert "$ sleep 100\nyesterday's output\n```" in filled
    assert ">>> for n in (1, 2):\n...     print(n * n)\n1\n4\n>>> n\n2\n```" in filled
    assert "> END\nthree\n\nlines\n```\n" in filled
    assert refresh("--check", page).returncode == 0


def test_a_long_block_is_run_when_asked_for(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- long -->\n```console\n$ echo 月\n```\n", "utf-8")
    assert refresh("--check", page).returncode == 0
    assert refresh("--long", page).returncode == 0
    assert page.read_text("utf-8") == "<!-- long -->\n```console\n$ echo 月\n月\n```\n"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("tangyin nothing", "ends with 2"), ("false", "ends with 1"), ("echo (", "could not read")],
)
def test_a_command_that_fails_unasked_is_told_and_the_page_left(
    command, sentence, tmp_path
) -> None:
    page = tmp_path / "page.md"
    text = f"```console\n$ {command}\nas it was\n```\n"
    page.write_text(text, "utf-8")
    done = refresh(page)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert page.read_text("utf-8") == text


def test_a_refreshed_page_hands_its_blocks_to_its_chinese_twin(tmp_path) -> None:
    page, twin = tmp_path / "page.md", tmp_path / "page.zh.md"
    page.write_text("one\n\n```console\n$ echo 日\nas it was\n```\n", "utf-8")
    twin.write_text("一\n\n```console\n$ echo 月\n```\n\n二\n", "utf-8")
    assert refresh(page).returncode == 0
    assert twin.read_text("utf-8") == "一\n\n```console\n$ echo 日\n日\n```\n\n二\n"


def test_every_relative_link_of_a_page_leads_to_a_file() -> None:
    for page in [*EVERY, *CHINESE]:
        text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
        targets = [link.partition("#")[0] for link in links]
        missing = [link for link in targets if link and not (page.parent / link).exists()]
        assert missing == [], page


def test_every_number_that_make_verify_recomputes_stands_on_its_page() -> None:
    assert [claim.claimed for claim in verify.CLAIMS if not claim.stands] == []
