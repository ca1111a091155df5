"""The exception that every expected failure is reported with, and how its sentences count."""


class TangyinError(Exception):
    """An expected failure whose message is one sentence naming the fault and the mend.

    The command line prints the message alone and exits with `exit_code`.
    """

    exit_code = 1


class UsageError(TangyinError):
    """The caller asked for something that cannot be: a bad option, start, count or recipe."""

    exit_code = 2


def counted(count: int, noun: str) -> str:
    """A number and its noun in English: 1 line, 2 lines."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
