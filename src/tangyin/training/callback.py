"""Callbacks of a training, such as a progress bar."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """The state of an epoch, from 1, of at most `epochs`, after a batch.

    `targets` is the total weight of the batch's targets, `epoch_targets_done` that of the epoch so
    far and `epoch_targets` the number in a whole epoch. `loss` is the mean negative log-likelihood
    of the epoch so far, in nats.
    """

    epoch: int
    epochs: int
    targets: float
    epoch_targets_done: float
    epoch_targets: int
    loss: float


class Callback:
    """Is called by a training as it proceeds."""

    def step(self, step: Step) -> None:
        """A batch is done."""

    def epoch(self, metrics: dict[str, Any]) -> None:
        """An epoch is done and evaluated."""

    def say(self, sentence: str) -> None:
        """A remark for the user."""
