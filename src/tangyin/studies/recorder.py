"""Records the training loss within each epoch."""

import json
from pathlib import Path
from typing import Any

from tangyin.files import write_whole
from tangyin.studies.progress import Progress
from tangyin.training import Callback, Step

POINTS = 16
"""Means of the training loss that are recorded of an epoch."""


class Recorder(Callback):
    """Records the mean training loss of each sixteenth of an epoch.

    The record is a file beside the run, written at the end of each epoch and by `save`, so that it
    survives a stop as the run does. What a killed run repeats is recorded once.

    Args:
        path: the file.
        progress: follows the steps.

    Attributes:
        losses: pairs of a position, in epochs from the start, and the mean loss, in nats, of the
            steps since the previous pair.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path, self._progress = path, progress
        self.losses: list[list[float]] = []
        if path.exists():
            self.losses = json.loads(path.read_text(encoding="utf-8"))
        self._resumed = bool(self.losses)
        self._epoch = 0
        self._done = self._sum = 0.0  # targets and their summed loss up to the last pair
        self._share = 0.0  # of the epoch, as the progress knows it

    def step(self, step: Step) -> None:
        """Record the loss where a sixteenth of the epoch is over."""
        share = step.epoch_targets_done / step.epoch_targets
        if step.epoch != self._epoch:
            first = step.epoch_targets_done - step.targets
            self._begin(step, first)
        self._progress.advance(share - self._share)
        self._share = share
        last = step.epoch_targets_done >= step.epoch_targets
        points = len([at for at, _ in self.losses if step.epoch - 1 < at <= step.epoch])
        if last or share * POINTS >= points + 1:
            total = step.loss * step.epoch_targets_done
            mean = (total - self._sum) / max(step.epoch_targets_done - self._done, 1)
            self.losses.append([round(step.epoch - 1 + share, 4), round(mean, 5)])
            self._done, self._sum = step.epoch_targets_done, total

    def epoch(self, metrics: dict[str, Any]) -> None:  # noqa: ARG002
        """Keep what was recorded."""
        self.save()

    def say(self, sentence: str) -> None:
        """Hand the sentence on."""
        self._progress.say(sentence)

    def save(self) -> None:
        """Write the record."""
        write_whole(self._path, json.dumps(self.losses))

    def _begin(self, step: Step, first: float) -> None:
        """Begin an epoch, or resume in the middle of one as a stopped run does."""
        self._epoch, self._done, self._share = step.epoch, first, first / step.epoch_targets
        at = step.epoch - 1 + self._share
        if self._resumed:
            self.losses = [pair for pair in self.losses if pair[0] <= at + 1e-9]
            self._progress.plan(-at)
            self._resumed = False
        # The step's own loss is only known as part of the mean, so it is taken to equal it.
        self._sum = step.loss * first
