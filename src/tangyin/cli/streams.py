"""Input and output of commands."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from tangyin.errors import TangyinError, UsageError, message
from tangyin.files import Remark, decoded_lines, json_text, whole_file

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)

default_option = partial(click.option, show_default=True)
"""An option whose help shows its default."""

LONGEST = 1000
"""Length in characters of the longest sentence on standard error."""


def output_option(command: F) -> F:
    """Give a command the option `-o FILE`, passed on as `output`."""
    text = "Output file, written when complete; - is standard output."
    return click.option("-o", "--output", type=PATH, help=text)(command)


def format_option(text: str, *data: str) -> Callable[[F], F]:
    """The option `--format`, passed on as `output_format`: "text", or one of `data` or "json".

    `text` is its help.
    """
    kinds = click.Choice(["text", *(data or ["json"])])
    return default_option("--format", "output_format", type=kinds, default="text", help=text)


def emit(lines: Iterable[str], output: Path | None) -> None:
    """Write lines to standard output immediately, or to a file atomically."""
    if output is None or str(output) in ("-", "/dev/stdout"):
        if sys.stdout is None:
            raise TangyinError("text.no_output")
        try:
            for line in lines:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
        except BrokenPipeError:
            # The reader has closed the pipe (`tangyin write … | head`), which is not an error.
            forget_output()
    elif output.is_dir():
        raise UsageError("text.folder", path=str(output))
    else:
        with whole_file(output, "w", errors="backslashreplace") as file:
            file.writelines(line + "\n" for line in lines)


def forget_output() -> None:
    """Discard the rest of standard output after its pipe is closed."""
    with suppress(OSError, AttributeError):  # standard output is not a file, or there is none
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_json(value: Any) -> list[str]:
    """A JSON value as lines to `emit`, indented."""
    return [json_text(value, indent=2)]


@contextmanager
def needs_training() -> Iterator[None]:
    """Import what the extra `train` installs inside; a missing module names the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TangyinError("training.not_installed", module=error.name) from error


def standard_input(remark: Remark) -> Iterator[str]:
    """The lines of standard input as they come (`files.decoded_lines`)."""
    if sys.stdin is None:
        raise UsageError("text.no_input")
    try:
        # The buffer would wait until it is full.
        unbuffered = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        yield from decoded_lines(unbuffered, "standard input", remark)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError("text.unreadable", path="-", reason=reason) from error


def note(sentence: str) -> None:
    """Print a sentence on standard error."""
    click.echo(one_line(sentence), err=True)


def remark(code: str, **params: Any) -> None:
    """Print a sentence of the catalogue on standard error, in the language of messages."""
    note(message(code, params, language()))


def warn(code: str, **params: Any) -> None:
    """As `remark`, with the name of the program."""
    note(f"tangyin: {message(code, params, language())}")


def language() -> str:
    """The language of messages: `TANGYIN_LANG`, else that of the locale.

    "zh" is traditional Chinese; "zh-Hans", for zh_CN and zh_SG too, is simplified; else "en".
    """
    names = ("TANGYIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next(filter(None, map(os.environ.get, names)), "")
    if not chosen.lower().startswith("zh"):
        return "en"
    return "zh-Hans" if re.match("zh.(hans|cn|sg)", chosen, re.IGNORECASE) else "zh"


def one_line(sentence: str) -> str:
    """A sentence on one line, control characters escaped, the middle of a long one left out."""
    line = " ".join(sentence.strip().splitlines())
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"
    return "".join(
        c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode() for c in line
    )
