"""The command `tangyin`: its subcommands, imported on use, and how failures are reported."""

import os
import sys
from gettext import bindtextdomain, gettext
from importlib import import_module
from importlib.resources import files
from typing import NoReturn

import click

import tangyin
from tangyin.cli.streams import forget_output, language, one_line
from tangyin.errors import TangyinError, UsageError, message

# One line of help each, so that `tangyin --help` need not import a single command.
COMMANDS = {
    "write": ("tangyin.cli.write:write", "Write poems, with or without a given beginning."),
    "couplet": ("tangyin.cli.write:couplet", "Write second lines for the first line of a 對聯."),
    "check": ("tangyin.cli.check:check", "Check the prosody of poems."),
    "score": ("tangyin.cli.score:score", "Print the log-likelihood of given poems."),
    "rhyme": ("tangyin.cli.reference:rhyme", "List the characters of a rhyme."),
    "character": ("tangyin.cli.reference:character", "Show the readings of a character."),
    "find": ("tangyin.cli.reference:find", "Find the lines of the corpus with a word."),
    "parallel": ("tangyin.cli.reference:parallel", "List what poets set opposite a word."),
    "eval": ("tangyin.cli.models:evaluate", "Measure the perplexity of a model."),
    "corpus": ("tangyin.cli.corpus:corpus", "Fetch, describe and export the corpus."),
    "train": ("tangyin.cli.train:train", "Train a model from a recipe."),
    "study": ("tangyin.cli.study:study", "Run experiments."),
    "report": ("tangyin.cli.study:report", "Build the page of the experiments."),
    "models": ("tangyin.cli.models:models", "List the models and their figures."),
    "serve": ("tangyin.cli.serve:serve", "Serve the web page and its API."),
    "site": ("tangyin.cli.serve:site", "Write the web page as files that need no server."),
}

# Raised with the help as its message by click 8.2; 8.1 prints the help itself.
_NO_ARGUMENTS = getattr(click.exceptions, "NoArgsIsHelpError", ())


class _Commands(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return _translated(command, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        texts = {name: text for name, (_, text) in COMMANDS.items()}
        if language() != "en":
            from tangyin.cli.chinese import summary

            texts = {name: summary(name) for name in texts}
        with formatter.section(gettext("Commands")):
            formatter.write_dl(list(texts.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tangyin.__version__, message="tangyin %(version)s")
def main() -> None:
    """唐音: compose, check and study classical Chinese regulated verse."""


def _translated(command: click.Command, name: str = "") -> click.Command:
    """A command in the language of messages."""
    if language() == "en":
        return command
    from tangyin.cli.chinese import in_chinese

    return in_chinese(command, name)


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0, 2 for a wrong call, 1 for a failure, 130 when stopped.

    `arguments` are without the program's name; None takes those of the process.
    """
    if arguments is None:
        _speak_utf8()
        # NumPy and torch are not loaded yet. Bulk work has threads of its own (`model.threads`).
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # Threads that spin at a barrier keep a busy machine's other threads from getting there.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        # click takes its words from gettext.
        os.environ["LANGUAGE"] = language().replace("-", "_")
        bindtextdomain("messages", str(files("tangyin.data").joinpath("locale")))
        program = _translated(main)
        code = program(_arguments(arguments), prog_name="tangyin", standalone_mode=False)
        if isinstance(code, int) and code:  # what a command passed to ctx.exit
            sys.exit(code)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.UsageError as error:
        if isinstance(error, _NO_ARGUMENTS):
            click.echo(error.format_message(), err=True)
            sys.exit(error.exit_code)
        command = error.ctx.command_path if error.ctx else "tangyin"
        sentence = error.format_message().rstrip(".。")
        _report(UsageError("cli.wrong_call", sentence=sentence, command=command))
    except (click.ClickException, KeyboardInterrupt, MemoryError, OSError, TangyinError) as error:
        _report(error)
    except click.Abort:
        _report(KeyboardInterrupt())


def _report(error: BaseException) -> None:
    """Say in one sentence what went wrong, and exit."""
    if isinstance(error, TangyinError):
        _fail(error.message(language()), error.exit_code)
    if isinstance(error, click.ClickException):
        _fail(error.format_message(), error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        _fail(message("cli.stopped", {}, language()), 130)
    if isinstance(error, OSError):
        forget_output()
        code = "cli.refused_file" if error.filename else "cli.refused"
        found = {"file": error.filename, "reason": error.strerror or error}
        _fail(message(code, found, language()), 1)
    _fail(message("cli.memory", {}, language()), 1)


def _fail(sentence: str, code: int) -> NoReturn:
    click.echo(f"tangyin: {one_line(sentence)}", err=True)
    sys.exit(code)


def _speak_utf8() -> None:
    """Restart in Python's UTF-8 mode if the locale gives file names another encoding.

    Python chooses that mode by itself under LC_ALL=C, but not in a Latin-1 locale or where the
    environment forbids it.
    """
    if sys.executable and sys.getfilesystemencoding() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


def _arguments(arguments: list[str] | None) -> list[str]:
    """The arguments as UTF-8, whatever the locale decoded them by."""
    if arguments is not None:
        return arguments
    try:
        return [os.fsencode(word).decode("utf-8") for word in sys.argv[1:]]
    except UnicodeDecodeError:
        _fail(message("cli.encoding", {}, language()), 2)
