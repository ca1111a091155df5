"""What follows a training, such as a progress bar."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """The state of an epoch after a batch.

    Attributes:
        epoch: from 1.
        epochs: maximum number of epochs.
        targets: total weight of this batch's targets.
        epoch_targets_done: total weight of the epoch's targets so far, with this batch.
        epoch_targets: targets of a whole epoch.
        loss: mean negative log-likelihood of the epoch so far, in nats.
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
