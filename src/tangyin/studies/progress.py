"""What follows a study: its progress, and the training loss within each epoch."""

import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tangyin.files import write_whole
from tangyin.training import Callback, Step

POINTS = 16
"""Means of the training loss that are recorded for each epoch."""


class Progress:
    """A progress bar for a whole study, or one line for each piece of work without a terminal.

    Work is counted in epochs of training. `head` begins every line; without `note`, which writes a
    line, nothing is shown.
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
        """Add work to be done, or subtract work that is not needed."""
        self.total += work
        self.bar.total = max(self.total, self.done, 0.01)
        self.bar.refresh()

    def advance(self, work: float) -> None:
        """Count work that was done."""
        self.done += work
        self.bar.update(min(work, max(self.total, self.done, 0.01) - self.bar.n))

    def doing(self, what: str) -> None:
        """Show the current work, in a few words."""
        if not self.bar.disable:
            self.bar.set_postfix_str(what)
        elif self.note:
            left = ""
            if self.done > 1:
                pace = (time.monotonic() - self.began) / self.done
                minutes = pace * max(self.total - self.done, 0) / 60
                left = f", {minutes:.0f} min left"
            done = f"{self.done:.0f} of {self.total:.0f} epochs' work{left}"
            self.note(f"{self.head}: {what} ({done})")

    def say(self, sentence: str) -> None:
        """Show a message."""
        if self.note:
            self.bar.clear()
            self.note(sentence)


class Recorder(Callback):
    """Records the mean training loss of each sixteenth of an epoch in a file that survives a stop.

    What a killed run repeats is recorded once.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path, self._progress = path, progress
        # [epoch, targets done in it, targets of an epoch, mean loss of the epoch so far]
        points = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        self._points: list[list[float]] = points
        self._at: float | None = None  # in epochs from the start

    @property
    def losses(self) -> list[list[float]]:
        """Pairs of a position, in epochs, and the mean loss in nats since the previous pair."""
        pairs = []
        for before, point in pairwise([[0.0] * 4, *self._points]):
            epoch, done, targets, mean = point
            start, _, sofar = before[1:] if before[0] == epoch else (0.0, 0.0, 0.0)
            loss = (mean * done - sofar * start) / max(done - start, 1)
            pairs.append([round(epoch - 1 + done / targets, 4), round(loss, 5)])
        return pairs

    def step(self, step: Step) -> None:
        """Record the loss at the end of each sixteenth of the epoch."""
        done, targets = step.epoch_targets_done, step.epoch_targets
        if self._at is None:  # the start, or where a stopped run resumes
            first = done - step.targets
            self._at = step.epoch - 1 + first / targets
            self._points = [p for p in self._points if (p[0], p[1]) <= (step.epoch, first + 1e-6)]
            self._progress.plan(-self._at)
        at = step.epoch - 1 + done / targets
        self._progress.advance(at - self._at)
        self._at = at
        recorded = sum(point[0] == step.epoch for point in self._points)
        if done >= targets or done / targets * POINTS >= recorded + 1:
            self._points.append([step.epoch, done, targets, step.loss])

    def epoch(self, metrics: dict[str, Any]) -> None:  # noqa: ARG002
        """Write the record."""
        self.save()

    def say(self, sentence: str) -> None:
        """Pass the sentence on."""
        self._progress.say(sentence)

    def save(self) -> None:
        """Write the record."""
        write_whole(self._path, json.dumps(self._points))
