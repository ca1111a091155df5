"""The command line that the benchmarks of training share."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from step_size import size_named
from tangyin.errors import TangyinError
from tangyin.files import write_whole


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with --size, --format and -o."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--size",
        type=size_named,
        default="report",
        metavar="SIZE",
        help="report (the default), large, or E,H,V,B,T",
    )
    made.add_argument("--format", choices=["text", "json"], default="text")
    made.add_argument(
        "-o", "--output", type=new_file, metavar="FILE", help="write the JSON here as well"
    )
    return made


def positive(text: str) -> int:
    """Read a number from 1 up.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up; give one")
    return int(text)


def new_file(text: str) -> Path:
    """Read the name of a file to write, before minutes are spent on what it shall hold.

    Raises:
        argparse.ArgumentTypeError: its folder is not there.
    """
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}; make it first")
    return path


def run(
    measure: Callable[[], dict[str, Any]],
    text: Callable[[dict[str, Any]], str],
    arguments: argparse.Namespace,
) -> None:
    """Measure, print the results in the format asked for and write them where asked.

    An expected failure ends the process with its sentence.
    """
    try:
        results = measure()
        as_json = json.dumps(results, ensure_ascii=False, indent=1)
        print(as_json if arguments.format == "json" else text(results))
        if arguments.output is not None:
            write_whole(arguments.output, as_json + "\n")
    except TangyinError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
