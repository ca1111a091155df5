"""Records the training loss within each epoch."""

import json
from pathlib import Path
from typing import Any

from tangyin.files import write_whole
from tangyin.studies.progress import Progress
from tangyin.training import Callback, Step

POINTS = 16
"""Means of the training loss that are recorded for each epoch."""


class Recorder(Callback):
    """Records the mean training loss of each sixteenth of an epoch.

    The record is a file beside the run, written at the end of each epoch and by `save`, so that it
    survives a stop as the run does. What a killed run repeats is recorded once.

    Args:
        path: the file.
        progress: follows the steps.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path, self._progress = path, progress
        # [epoch, targets done in it, targets of an epoch, mean loss of the epoch so far]
        self._points: list[list[float]] = []
        if path.exists():
            self._points = json.loads(path.read_text(encoding="utf-8"))
        self._at: float | None = None  # in epochs from the start

    @property
    def losses(self) -> list[list[float]]:
        """Pairs of a position, in epochs, and the mean loss in nats since the previous pair."""
        pairs = []
        last = before = total = 0.0
        for epoch, done, targets, mean in self._points:
            if epoch != last:
                last, before, total = epoch, 0.0, 0.0
            loss = (mean * done - total) / max(done - before, 1)
            pairs.append([round(epoch - 1 + done / targets, 4), round(loss, 5)])
            before, total = done, mean * done
        return pairs

    def step(self, step: Step) -> None:
        """Record the loss where a sixteenth of the epoch is over."""
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
        """Keep what was recorded."""
        self.save()

    def say(self, sentence: str) -> None:
        """Pass the sentence on."""
        self._progress.say(sentence)

    def save(self) -> None:
        """Write the record."""
        write_whole(self._path, json.dumps(self._points))
