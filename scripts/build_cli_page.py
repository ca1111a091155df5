"""Write docs/cli.md, the command line as its `--help` tells it.

    python scripts/build_cli_page.py [--check]

With --check nothing is written, and a page that is out of date makes the exit code 1.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tangyin.cli.main import main

PAGE = Path(__file__).parents[1] / "docs/cli.md"
WIDTH = 78  # what click takes of any terminal of 80 columns or more
HEAD = """\
# Command line

The output of `--help` for each command. This page is generated: `python scripts/build_cli_page.py`.

Poems and JSON go to standard output, messages to standard error. Exit codes: 0, 2 for a
wrong call, 1 for a failure, 130 when stopped.
"""


def commands(command: click.Command, words: str) -> Iterator[tuple[str, str]]:
    """A command and its subcommands, each with its full name and its help."""
    context = click.Context(
        command, info_name=words, terminal_width=WIDTH, max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    yield words, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None  # it was listed
            yield from commands(below, f"{words} {name}")


def page() -> str:
    """The content of the page."""
    parts = [
        f"{'##' if words.count(' ') < 2 else '###'} {words}\n\n```text\n{text}\n```\n"
        for words, text in commands(main, "tangyin")
    ]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        print("out of date: python scripts/build_cli_page.py", file=sys.stderr)
        sys.exit(1)
