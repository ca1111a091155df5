"""One training step: loss, gradients, clipping, update."""

import math

import numpy as np
import torch
from torch import Tensor

from tangyin.corpus import Batch
from tangyin.errors import TangyinError
from tangyin.model import read_sequences
from tangyin.nn.feature_tensors import FeatureTensors
from tangyin.nn.language_model import LanguageModel
from tangyin.training.distributed import DistributedContext
from tangyin.training.optimizers import OptimizerRecipe, make_optimizer
from tangyin.training.precision import autocast
from tangyin.verse import Vocabulary


class DivergedError(TangyinError):
    """A loss or a gradient became infinite or NaN; the weights are as before the step."""


class TrainingStep:
    """Takes steps on one model, each process with its share of the batch.

    Args:
        model: is trained in place.
        optimizer: recipe of the optimizer.
        vocabulary: the model's, for what its inputs reveal.
        precision: "fp32" or "bf16" (`precision.chosen_precision`).
        tones: of the vocabulary (`prosody.tone_classes`), if the architecture follows the text.
        processes: those that train together.
    """

    def __init__(
        self,
        model: LanguageModel,
        optimizer: OptimizerRecipe,
        vocabulary: Vocabulary,
        precision: str,
        tones: np.ndarray[tuple[int], np.dtype[np.uint8]] | None = None,
        processes: DistributedContext | None = None,
    ) -> None:
        self.model, self.vocabulary, self.tones = model, vocabulary, tones
        self.processes = processes or DistributedContext()
        self.clip_norm = optimizer.clip_norm
        self.optimizer = make_optimizer(optimizer, model)
        self.precision = precision
        self._loss = self.processes.loss_of(model)

    def settle(self, batch: Batch) -> None:
        """Go forward and backward once for nothing, before the first step of several processes.

        After its first pass DistributedDataParallel orders the gradients anew, and the order in
        which those of three processes are added decides the last bits. A run that goes on would
        not end on the same bits if its first step differed in this from the others.

        Args:
            batch: any.

        Raises:
            LostProcessError: another process has gone.
        """
        with self.processes.talking():
            loss = self._loss_of(self.processes.share(batch)[0])
            loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.zero_grad()

    def __call__(self, batch: Batch) -> float:
        """Train on one batch.

        Returns:
            The batch's loss before the step, in nats a target.

        Raises:
            DivergedError: the loss or the gradient's norm is infinite or NaN; no step was taken.
            LostProcessError: another process has gone.
        """
        share, part = self.processes.share(batch)
        count = self.processes.count
        with self.processes.talking():
            loss = self._loss_of(share)
            if count > 1:
                # from the mean over the share's targets to what it adds to the batch's mean, times
                # the processes, over which the gradients' mean will be taken
                loss = loss * (count * part)
            value: float = self.processes.sum(float(loss.detach()) / count)[0]
            if not math.isfinite(value):
                raise DivergedError(f"the loss became {value}")
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        if not math.isfinite(norm):
            raise DivergedError(f"the gradient's norm became {float(norm)}")
        self.optimizer.step()
        return value

    def _loss_of(self, batch: Batch) -> Tensor:
        """The loss of a batch's targets, in nats a target."""
        device = self.processes.device
        inputs, targets = (
            torch.from_numpy(ids.astype(np.int64)).to(device)
            for ids in (batch.inputs, batch.targets)
        )
        weights = batch.weights
        if weights is None and not batch.mask.all():
            weights = batch.mask.astype(np.float32)
        features = None
        if self.tones is not None:
            layout = self.model.architecture.layout
            read = read_sequences(self.vocabulary, self.tones, layout, batch.inputs)
            features = FeatureTensors.of(read).to(device)
        with autocast(self.precision, device):
            return self._loss(
                inputs,
                targets,
                None if weights is None else torch.from_numpy(weights).to(device),
                features,
            )

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the steps to come."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
