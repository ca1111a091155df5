"""The command line in Chinese: the help of commands and options, and the words of click.

`data/help.toml` has the texts; the options of a writing request have theirs in `writing/`. click
takes its own words from gettext; `scripts/build_click_words.py` makes the catalogue of them.
"""

import copy
import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from inspect import cleandoc

import click

from tangyin.cli.streams import language
from tangyin.errors import simplified

COLUMNS = 76
"""Of a command's help on a terminal of 80."""
OPTION_COLUMNS = 44
"""Of an option's help, beside the longest name of one."""

# A character or a word, with the marks that a line may not end or begin with.
PIECE = re.compile(r"[（「《]*(?:[⺀-\uffef]|[!-~]+)[，。、；：！？）」》]*|.")


def in_chinese(command: click.Command, name: str) -> click.Command:
    """A copy of a command whose help is Chinese.

    `name` is what it is called by, without the program's name: "corpus fetch".
    """
    told, english = texts().get(name or "tangyin", {}), cleandoc(command.help or "")
    command = copy.copy(command)
    vars(command)["_help_option"] = None  # click caches it in its first language
    command.options_metavar = in_script("[選項]")
    command.params = [_parameter(parameter, told) for parameter in command.params]
    command.short_help = summary(name)
    examples = english.partition("\b")[2]
    paragraphs = in_script(told.get("help", "")).strip().split("\n\n")
    command.help = "\n\n".join(_kept(paragraph, COLUMNS) for paragraph in paragraphs)
    if examples:
        command.help += f"\n\n\b{examples}"
    if isinstance(command, click.Group):
        command.subcommand_metavar = in_script("命令 [參數]…")
        command.commands = {
            key: in_chinese(one, f"{name} {key}".strip()) for key, one in command.commands.items()
        }
    return command


def summary(name: str) -> str:
    """The first line of a command's help, without its full stop."""
    first, *_ = in_script(texts().get(name, {}).get("help", "")).strip().splitlines() or [""]
    return first.rstrip("。")


def _parameter(parameter: click.Parameter, told: dict[str, str]) -> click.Parameter:
    """A copy of a parameter with Chinese help."""
    if not isinstance(parameter, click.Option):
        return parameter
    parameter = copy.copy(parameter)
    # What click adds, such as the default, has a line of its own.
    parameter.help = _kept(in_script(_help(parameter, told)), OPTION_COLUMNS) + "\n"
    return parameter


def _help(option: click.Option, told: dict[str, str]) -> str:
    name = max(option.opts, key=len).lstrip("-")
    if text := told.get(name) or texts()["every"].get(name):
        return text
    from tangyin.writing.options import options  # needs NumPy, which most help does not

    return options()[name.replace("-", "_")].help["zh"]


def in_script(text: str) -> str:
    """A text in the script of the reader."""
    return simplified(text) if language() == "zh-Hans" else text


@cache
def texts() -> dict[str, dict[str, str]]:
    """The texts of `data/help.toml`, in traditional characters."""
    return tomllib.loads(files("tangyin.data").joinpath("help.toml").read_text("utf-8"))


def _kept(text: str, columns: int) -> str:
    """A paragraph broken into lines as click cannot break it: Chinese has no spaces."""
    lines, width = [""], 0
    for piece in PIECE.findall(text):
        size = sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in piece)
        if width + size > columns:
            lines.append("")
            width = 0
        if lines[-1] or piece != " ":
            lines[-1] += piece
            width += size
    return "\b\n" + "\n".join(line.rstrip() for line in lines)
