"""What a study tells of its progress."""


class Progress:
    """Follows a study; the command line draws its bar with one. This one is silent.

    Work is counted in epochs of training; what is no training counts as so many of the report's.
    """

    def plan(self, work: float) -> None:
        """So much more is to be done, or with a minus sign need not be done after all."""

    def advance(self, work: float) -> None:
        """So much was done."""

    def doing(self, what: str) -> None:
        """What is being done now, in a few words."""

    def say(self, sentence: str) -> None:
        """Something that a person should know."""
