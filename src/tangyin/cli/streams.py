"""Where commands read from and write to."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from tangyin.errors import UsageError
from tangyin.files import whole_file

F = TypeVar("F", bound=Callable[..., Any])


def output_option(command: F) -> F:
    """Give a command the option `-o FILE`, passed on as `output`."""
    option = click.option(
        "-o", "--output", type=click.Path(path_type=Path), help="Write to a file, whole."
    )
    return option(command)


def emit(lines: Iterable[str], output: Path | None) -> None:
    """Write lines to standard output as they come, or to a file whole or not at all."""
    if output is None:
        for line in lines:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        return
    with whole_file(output, "w") as file:
        for line in lines:
            file.write(line + "\n")


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
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
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
    click.echo(sentence, err=True)
