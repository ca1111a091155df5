"""The exception that every expected failure is reported with."""


class TangyinError(Exception):
    """An expected failure whose message is one sentence naming the fault and the mend.

    The command line prints the message alone and exits with `exit_code`.
    """

    exit_code = 1


class UsageError(TangyinError):
    """The caller asked for something that cannot be: a bad option, start, count or recipe."""

    exit_code = 2
