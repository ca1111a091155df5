"""How far a study has come."""

import time
from collections.abc import Callable

from tqdm import tqdm


class Progress:
    """A bar over a whole study; without a terminal, one line for each piece of work.

    Work is counted in epochs of training; other work counts as so many of the report's.

    Args:
        head: what every line begins with.
        note: writes a line; without it nothing is shown.
    """

    def __init__(self, head: str = "", note: Callable[[str], None] | None = None) -> None:
        self.head, self.note = head, note
        self.bar = tqdm(
            total=0,
            desc=head,
            leave=False,
            disable=None if note else True,  # None: unless standard error is a terminal
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
        )
        self.done, self.total, self.began = 0.0, 0.0, time.monotonic()

    def plan(self, work: float) -> None:
        """Add work to be done, or subtract work that need not be done after all."""
        self.total += work
        self.bar.total = max(self.total, self.done, 0.01)
        self.bar.refresh()

    def advance(self, work: float) -> None:
        """Work was done."""
        self.done += work
        self.bar.update(min(work, max(self.total, self.done, 0.01) - self.bar.n))

    def doing(self, what: str) -> None:
        """What is being done now, in a few words."""
        if not self.bar.disable:
            self.bar.set_postfix_str(what)
        elif self.note:
            left = ""
            if self.done > 1:
                spent = time.monotonic() - self.began
                minutes = spent / self.done * max(self.total - self.done, 0) / 60
                left = f", {minutes:.0f} min left"
            done = f"{self.done:.0f} of {self.total:.0f} epochs' work{left}"
            self.note(f"{self.head}: {what} ({done})")

    def say(self, sentence: str) -> None:
        """Something that a person should know."""
        if self.note:
            self.bar.clear()
            self.note(sentence)
