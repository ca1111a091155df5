"""Where commands read from and write to."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from tangyin.errors import TangyinError, UsageError
from tangyin.files import whole_file

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 1000
"""Characters of the longest sentence for people."""


def output_option(command: F) -> F:
    """Give a command the option `-o FILE`, passed on as `output`."""
    option = click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        help="Write to a file, whole; - is standard output.",
    )
    return option(command)


def emit(lines: Iterable[str], output: Path | None) -> None:
    """Write lines to standard output as they come, or to a file whole or not at all.

    Raises:
        UsageError: `output` is a folder.
        TangyinError: it cannot be written, or standard output is closed.
    """
    if output is None or str(output) in ("-", "/dev/stdout"):
        if sys.stdout is None:
            raise TangyinError("standard output is closed; open it, or name a file with -o")
        try:
            for line in lines:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
        except BrokenPipeError:
            # The reader has gone (`tangyin write … | head`): nothing is wrong, and nobody listens.
            forget_output()
    elif output.is_dir():
        raise UsageError(f"{output} is a folder; name a file in it")
    elif output.exists() and not output.is_file():
        # A pipe or a device is written to, not replaced.
        with output.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in lines)
    else:
        with whole_file(Path(os.path.realpath(output)), "w", errors="backslashreplace") as file:
            file.writelines(line + "\n" for line in lines)


def forget_output() -> None:
    """Let Python's last flush go nowhere, after standard output has refused once."""
    with suppress(OSError, AttributeError):  # standard output is no file, or there is none
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit_json(value: Any, output: Path | None) -> None:
    """Write one JSON value, indented."""
    emit([json.dumps(value, ensure_ascii=False, indent=2)], output)


def json_line(value: Any) -> str:
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False)


def read_text(file: str) -> str:
    """The UTF-8 text of a file, or of standard input for "-".

    Raises:
        UsageError: it cannot be read, or is no UTF-8.
    """
    try:
        if file != "-":
            content = Path(file).read_bytes()
        elif sys.stdin is not None:
            content = sys.stdin.buffer.read()
        else:
            raise UsageError("standard input is closed; give a text file")
    except OSError as error:
        raise UsageError(
            f"cannot read {file}: {error.strerror or error}; give a text file, or - for "
            "standard input"
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        name = "standard input" if file == "-" else file
        raise UsageError(f"{name} is not UTF-8; save it as UTF-8 text") from None


def note(sentence: str) -> None:
    """Tell a person something, on standard error."""
    click.echo(one_line(sentence), err=True)


def one_line(sentence: str) -> str:
    """A sentence that may quote anything, on one line of moderate length.

    Line ends become spaces, control characters their escapes, and the middle of a very long
    sentence "…".
    """
    line = " ".join(sentence.strip().splitlines())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"
    return "".join(
        c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode() for c in line
    )
