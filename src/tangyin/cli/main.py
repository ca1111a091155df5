"""The command `tangyin`: its subcommands, loaded when used, and how failures are told."""

import os
import sys
from importlib import import_module

import click

import tangyin
from tangyin.cli.streams import forget_output, one_line
from tangyin.errors import TangyinError

# One line of help stands here so that `tangyin --help` need not import a single command.
COMMANDS = {
    "write": ("tangyin.cli.write:write", "Write poems on a first character or first words."),
    "check": ("tangyin.cli.check:check", "Check the prosody of poems."),
    "score": ("tangyin.cli.score:score", "Log-likelihood of given poems."),
    "eval": ("tangyin.cli.evaluate:evaluate", "Perplexity of a model by the protocol."),
    "corpus": ("tangyin.cli.corpus:corpus", "Fetch, describe and export the corpus."),
    "train": ("tangyin.cli.train:train", "Train a model by a recipe."),
    "study": ("tangyin.cli.study:study", "Run experiments."),
    "report": ("tangyin.cli.report:report", "Build the page of all experiments."),
    "models": ("tangyin.cli.models:models", "List the models there are."),
    "serve": ("tangyin.cli.serve:serve", "Serve the web page and its API."),
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
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tangyin.__version__, message="tangyin %(version)s")
def main() -> None:
    """唐音: compose, check and study classical Chinese regulated verse."""


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0, 2 for a wrong call, 1 for a failure, 130 when stopped.

    Args:
        arguments: without the program's name; those of the process when None.
    """
    if arguments is None:
        _speak_utf8()
        # NumPy is not loaded yet. The engine's products are small: two threads gain nothing on an
        # idle machine, and on a busy one they wait for each other (benchmarks/shell.py).
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = main(_arguments(arguments), prog_name="tangyin", standalone_mode=False)
        if isinstance(code, int) and code:  # what a command gave to ctx.exit
            sys.exit(code)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.UsageError as error:
        if isinstance(error, _NO_ARGUMENTS):
            click.echo(error.format_message(), err=True)
            sys.exit(error.exit_code)
        command = error.ctx.command_path if error.ctx else "tangyin"
        _fail(f"{error.format_message().rstrip('.')}; see `{command} --help`", 2)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except TangyinError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail("stopped", 130)
    except MemoryError:
        _fail("there is not enough memory for this; ask for less at a time", 1)
    except OSError as error:
        forget_output()
        where = f" {error.filename}" if error.filename else ""
        _fail(f"the system refused{where}: {error.strerror or error}; mend that and try again", 1)


def _fail(sentence: str, code: int) -> None:
    click.echo(f"tangyin: {one_line(sentence)}", err=True)
    sys.exit(code)


def _speak_utf8() -> None:
    """Start anew in Python's UTF-8 mode where the locale would have file names otherwise.

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
        _fail("the arguments are not UTF-8; type them in a UTF-8 terminal", 2)
        raise
