"""The training loss within each epoch."""

from collections.abc import Callable

from tangyin.training import Callback, Step

POINTS = 16
"""Means of the training loss that are recorded for each epoch."""


class LossRecorder(Callback):
    """Records the mean training loss of each sixteenth of an epoch.

    `losses` are pairs of a position, in epochs, and the mean loss in nats since the previous pair.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.losses: list[list[float]] = []
        self._say = say
        self._epoch, self._recorded = 0, 0
        self._done, self._sum = 0.0, 0.0  # targets and summed loss at the latest point

    def step(self, step: Step) -> None:
        """Record the loss at the end of each sixteenth of the epoch."""
        if step.epoch != self._epoch:
            self._epoch, self._recorded, self._done, self._sum = step.epoch, 0, 0.0, 0.0
        done, share = step.epoch_targets_done, step.epoch_targets_done / step.epoch_targets
        if share >= 1 or share * POINTS >= self._recorded + 1:
            total = step.loss * done
            mean = (total - self._sum) / max(done - self._done, 1)
            self.losses.append([round(step.epoch - 1 + share, 4), round(mean, 5)])
            self._recorded, self._done, self._sum = self._recorded + 1, done, total

    def say(self, sentence: str) -> None:
        """Pass the sentence on."""
        self._say(sentence)
