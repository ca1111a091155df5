"""One training step: loss, gradients, clipping, update."""

import math

import numpy as np
import torch

from tangyin.corpus import Batch
from tangyin.errors import TangyinError
from tangyin.nn.feature_tensors import FeatureTensors
from tangyin.nn.language_model import LanguageModel
from tangyin.training.optimizers import OptimizerRecipe, make_optimizer
from tangyin.training.precision import autocast
from tangyin.verse import Vocabulary, read_sequences


class NotFinite(TangyinError):  # noqa: N818 - it names what became of a loss
    """A loss or a gradient became infinite or NaN; the weights are as before the step."""


class TrainingStep:
    """Takes steps on one model.

    Args:
        model: is trained in place.
        optimizer: recipe of the optimizer.
        vocabulary: the model's, for what its inputs reveal.
        precision: "fp32" or "bf16" (`precision.chosen_precision`).
    """

    def __init__(
        self,
        model: LanguageModel,
        optimizer: OptimizerRecipe,
        vocabulary: Vocabulary,
        precision: str,
        tones: np.ndarray[tuple[int], np.dtype[np.uint8]] | None = None,
    ) -> None:
        self.model, self.vocabulary, self.tones = model, vocabulary, tones
        self.clip_norm = optimizer.clip_norm
        self.optimizer = make_optimizer(optimizer, model)
        self.precision = precision

    def __call__(self, batch: Batch) -> float:
        """Train on one batch.

        Returns:
            The batch's loss before the step, in nats a target.

        Raises:
            NotFinite: the loss or the gradient's norm is infinite or NaN; no step was taken.
        """
        device = self.model.embedding.weight.device
        inputs, targets = (
            torch.from_numpy(ids.astype(np.int64)).to(device)
            for ids in (batch.inputs, batch.targets)
        )
        weights = batch.weights
        if weights is None and not batch.mask.all():
            weights = batch.mask.astype(np.float32)
        features = None
        if self.tones is not None:
            read = read_sequences(self.vocabulary, self.tones, batch.inputs)
            features = FeatureTensors.of(read).to(device)
        with autocast(self.precision, device):
            loss = self.model.loss(
                inputs,
                targets,
                None if weights is None else torch.from_numpy(weights).to(device),
                features,
            )
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NotFinite(f"the loss became {value}")
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        if not math.isfinite(norm):
            raise NotFinite(f"the gradient's norm became {float(norm)}")
        self.optimizer.step()
        return value

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of the steps to come."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
