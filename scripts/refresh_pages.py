r"""Run the commands and the Python that a page shows, and put what they print below them.

    python scripts/refresh_pages.py [--check] [--long] README.md docs/compose.md

In a ```console block a line `$ COMMAND` is a command, which continues in lines that begin with `>`,
and what follows is its output, of both streams, as a terminal shows it. All commands of a page run
in one shell, in an empty folder of their own where `configs` lies, so that a later one can read
what an earlier one wrote. A command that fails stops the script, unless the next one is `echo $?`.
A ```pycon block is an interactive session of Python, one for the whole page. The Chinese twin of a
page, PAGE.zh.md, gets the same blocks.

A block below the line `<!-- long -->` needs the corpus, takes minutes or tells times. It is left as
it is, unless --long is given; then commands see the corpus and the models of the person who calls.

With --check nothing is written, and a block that is out of date makes the exit code 1 (`make
verify` runs so).
"""

import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"^(?P<long><!-- long -->\n+)?```(?P<kind>console|pycon)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^\$ .*\n(?:>(?: .*)?\n)*", re.MULTILINE)
MARK = "\x1e"
"""Stands around the exit status of each command in what the shell prints."""


class Failed(Exception):  # noqa: N818 - the page is at fault, not the script
    """A command or statement on a page fails."""


def environment(long: bool, folder: str) -> dict[str, str]:
    """This process's environment, with this interpreter's `tangyin` first on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # A home of its own, so that models of the person who runs this are not listed.
    home = {} if long else {"TANGYIN_HOME": f"{folder}/.home"}
    return {**os.environ, "PATH": path, "COLUMNS": "80", **home}


def typed(command: str) -> str:
    """A command without its prompts."""
    return re.sub("^[$>] ?", "", command.removesuffix("\n"), flags=re.MULTILINE)


def run(commands: list[str], long: bool) -> Iterator[tuple[str, int]]:
    """The output of each command of a page, and its exit status."""
    script = "".join(
        f"{typed(command)}\n_status=$?; printf '\\036%s\\036' $_status; (exit $_status)\n"
        for command in commands
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "configs").symlink_to(ROOT / "configs")
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=folder,
            env=environment(long, folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
    parts = done.stdout.split(MARK)
    if len(parts) != 2 * len(commands) + 1:
        raise Failed(f"the shell could not read the page's commands: {parts[-1].strip()}")
    return ((parts[2 * at], int(parts[2 * at + 1])) for at in range(len(commands)))


def console(body: str, told: Iterator[tuple[str, int]]) -> str:
    """A console block with the output of its commands as it is now."""
    commands = COMMAND.findall(body)
    lines = []
    for command, following in zip(commands, [*commands[1:], ""], strict=True):
        output, status = next(told)
        if status and following != "$ echo $?\n":
            raise Failed(f"`{typed(command)}` ends with {status}: {output.strip()}")
        ending = "" if output.endswith("\n") or not output else "\n"
        lines.append(command + output + ending)
    return "".join(lines)


def session(body: str, names: dict[str, Any]) -> str:
    """A block of interactive Python with what it prints now; `names` are those of the page."""
    lines = []
    for example in doctest.DocTestParser().get_examples(body):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(example.source, "<page>", "single"), names)
        first, *more = example.source.splitlines()
        lines += [f">>> {first}\n", *(f"... {line}\n" for line in more), printed.getvalue()]
    return "".join(lines)


def refreshed(text: str, long: bool = False) -> str:
    """The page with the output of its commands as it is now.

    Raises:
        Failed: a command or a statement of the page fails.
    """
    wanted = [block for block in BLOCK.finditer(text) if long or not block["long"]]
    shown = [block["body"] for block in wanted if block["kind"] == "console"]
    told = run([command for body in shown for command in COMMAND.findall(body)], long)
    names: dict[str, Any] = {}

    def anew(block: re.Match[str]) -> str:
        if block["long"] and not long:
            return block[0]
        body, kind = block["body"], block["kind"]
        new = console(body, told) if kind == "console" else session(body, names)
        return f"{block['long'] or ''}```{kind}\n{new}```"

    return BLOCK.sub(anew, text)


def with_blocks(text: str, other: str) -> str:
    """A page with the blocks of another, in their order."""
    blocks = (block[0] for block in BLOCK.finditer(other))
    return BLOCK.sub(lambda block: next(blocks, block[0]), text)


def main(arguments: list[str]) -> None:
    """Refresh the named pages, or check that they are up to date."""
    stale = []
    for name in (word for word in arguments if not word.startswith("--")):
        page = Path(name)
        old = page.read_text(encoding="utf-8")
        try:
            new = refreshed(old, "--long" in arguments)
        except Failed as failure:
            sys.exit(f"{page}: {failure}")
        if new != old:
            stale.append(str(page))
            if "--check" not in arguments:
                page.write_text(new, encoding="utf-8")
                twin = page.with_suffix(".zh.md")
                if twin.exists():
                    text = twin.read_text(encoding="utf-8")
                    twin.write_text(with_blocks(text, new), encoding="utf-8")
    if "--check" in arguments and stale:
        sys.exit(f"out of date: python scripts/refresh_pages.py {' '.join(stale)}")


if __name__ == "__main__":
    main(sys.argv[1:])
