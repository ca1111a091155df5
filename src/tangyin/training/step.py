"""One training step: loss, gradients, clipping, update."""

import math

import numpy as np
import torch
from torch import Tensor

from tangyin.corpus import Batch
from tangyin.errors import TangyinError
from tangyin.nn.language_model import LanguageModel
from tangyin.training.distributed import DistributedContext
from tangyin.training.optimizers import OptimizerRecipe, make_optimizer
from tangyin.training.precision import autocast


class DivergedError(TangyinError):
    """Loss, gradient, dev loss or weights became infinite, NaN or far too large."""


class TrainingStep:
    """Takes steps on one model, each process with its share of the batch.

    The precision is "fp32" or "bf16" (`precision.chosen_precision`).
    """

    def __init__(
        self,
        model: LanguageModel,
        optimizer: OptimizerRecipe,
        precision: str,
        context: DistributedContext | None = None,
    ) -> None:
        self.model = model
        self.context = context or DistributedContext()
        self.clip_norm = optimizer.clip_norm
        self.optimizer = make_optimizer(optimizer, model)
        self.precision = precision
        self._loss = self.context.loss_of(model)

    def settle(self, batch: Batch) -> None:
        """Run one forward and backward pass without an update, before several processes start.

        After its first pass DistributedDataParallel reorders the gradients, and with three
        processes or more the order of summation decides the last bits. Without this, the first
        step of a resumed run would differ from the same step of an uninterrupted one.
        """
        with self.context.communicating():
            loss = self._loss_of(self.context.share(batch)[0])
            loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.zero_grad()

    def __call__(self, batch: Batch) -> float:
        """Train on one batch; return its loss before the step, in nats a target.

        Raises:
            DivergedError: the loss or the gradient's norm is infinite or NaN; the weights are
                unchanged.
            LostProcessError: another process has ended.
        """
        share, part = self.context.share(batch)
        count = self.context.count
        with self.context.communicating():
            loss = self._loss_of(share)
            if count > 1:
                # The mean over the share's targets, as a part of the batch's mean; times `count`
                # since DistributedDataParallel takes the mean of the gradients.
                loss = loss * (count * part)
            value: float = self.context.sum(float(loss.detach()) / count)[0]
            if not math.isfinite(value):
                raise DivergedError("training.loss_diverged", value=value)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm))
        if not math.isfinite(norm):
            raise DivergedError("training.gradient_diverged", value=norm)
        self.optimizer.step()
        return value

    def _loss_of(self, batch: Batch) -> Tensor:
        device = self.context.device
        both = np.stack((batch.inputs, batch.targets)).astype(np.int64)
        inputs, targets = torch.from_numpy(both).to(device)
        weights = batch.weights
        if weights is None and not batch.mask.all():
            weights = batch.mask.astype(np.float32)
        weighted = None if weights is None else torch.from_numpy(weights).to(device)
        features = self.model.features_of(batch.inputs)
        with autocast(self.precision, device):
            return self._loss(inputs, targets, weighted, features)

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the following steps."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
