"""The ways of taking one training step: ours and what one would write with PyTorch."""

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from step_size import Size
from tangyin.corpus import Batch
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.training.step import TrainingStep
from tangyin.verse import Vocabulary

RATE, CLIP = 0.01, 5.0
"""Of the report's recipe."""


class TorchModel(nn.Module):
    """The language model as a good user of PyTorch would write it."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size.V, size.E)
        self.lstm: nn.Module = nn.LSTM(size.E, size.H)
        self.output = nn.Linear(size.H, size.V)

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy; inputs and targets are (T, B) int64."""
        hidden, _ = self.lstm(self.embedding(inputs))
        return F.cross_entropy(self.output(hidden).flatten(0, 1), targets.flatten())


class ReportLSTM(nn.Module):
    """The report's LSTM: single operations, step by step, all of it left to autograd."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        bound = size.H**-0.5
        shapes = ((4 * size.H, size.E), (4 * size.H, size.H), (4 * size.H,), (4 * size.H,))
        self.w_ih, self.w_hh, self.b_ih, self.b_hh = (
            nn.Parameter(torch.empty(shape).uniform_(-bound, bound)) for shape in shapes
        )

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Called as nn.LSTM."""
        h = c = x.new_zeros(x.shape[1], self.w_hh.shape[1])
        hidden = []
        for x_t in x:
            y = x_t @ self.w_ih.t() + self.b_ih + h @ self.w_hh.t() + self.b_hh
            i, f, g, o = y.chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            hidden.append(h)
        return torch.stack(hidden), (h, c)


class ReportModel(TorchModel):
    """The report's way: its LSTM, LogSoftmax, NLLLoss."""

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.lstm = ReportLSTM(size)
        self.log_softmax, self.nll = nn.LogSoftmax(dim=-1), nn.NLLLoss()

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean negative log-likelihood; inputs and targets are (T, B) int64."""
        hidden, _ = self.lstm(self.embedding(inputs))
        log_probs = self.log_softmax(self.output(hidden))
        loss: Tensor = self.nll(log_probs.flatten(0, 1), targets.flatten())
        return loss


class Step(Protocol):
    """One training step; called, it takes it on a batch of random tokens.

    Attributes:
        model: has `loss` and the module `lstm`.
        optimizer: moves its weights.
    """

    model: LanguageModel | TorchModel
    optimizer: torch.optim.Optimizer

    def __call__(self) -> object:
        """Take the step."""


class OurStep:
    """The step that our trainer takes, with a vocabulary of V tokens if none is given."""

    def __init__(self, size: Size, precision: str, vocabulary: Vocabulary | None = None) -> None:
        known = vocabulary or size.vocabulary()
        self.model: LanguageModel | TorchModel
        self.model = model = LanguageModel(Architecture(size.E, size.H), known)
        recipe = OptimizerRecipe(name="adam", learning_rate=RATE, clip_norm=CLIP)
        self.take = TrainingStep(model, recipe, known, precision)
        self.optimizer = self.take.optimizer
        inputs, targets = size.tokens(seed=1), size.tokens(seed=2)
        self.batch = Batch(inputs, targets, np.ones(inputs.shape, dtype=np.bool_))

    def __call__(self) -> None:
        """Take it on random tokens."""
        self.take(self.batch)


class TorchStep:
    """The step of a model of PyTorch, with Adam fused (`adam_ms` shows that it is the faster)."""

    def __init__(self, kind: type[TorchModel], size: Size, precision: str) -> None:
        self.model: LanguageModel | TorchModel = kind(size)
        self.optimizer: torch.optim.Optimizer
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=RATE, fused=True)
        self.inputs, self.targets = (torch.from_numpy(size.tokens(seed)).long() for seed in (1, 2))
        self.half = precision == "bf16"

    def __call__(self) -> None:
        """Take it on random tokens."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            loss = self.model.loss(self.inputs, self.targets)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()


WAYS: dict[str, Callable[[Size], Step]] = {
    "ours_bf16": lambda size: OurStep(size, "bf16"),
    "ours_fp32": lambda size: OurStep(size, "fp32"),
    "nn_lstm_fp32": lambda size: TorchStep(TorchModel, size, "fp32"),
    "nn_lstm_bf16": lambda size: TorchStep(TorchModel, size, "bf16"),
    "report_way": lambda size: TorchStep(ReportModel, size, "fp32"),
}


def adam_ms(size: Size) -> dict[str, float]:
    """The fastest of some steps of Adam alone, as PyTorch does it by itself and fused."""
    model = TorchModel(size)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    made = {fused: torch.optim.Adam(model.parameters(), fused=fused) for fused in (None, True)}
    seconds: dict[str, list[float]] = {"default": [], "fused": []}
    for _ in range(5):
        for name, optimizer in zip(seconds, made.values(), strict=True):
            began = time.perf_counter()
            optimizer.step()
            seconds[name].append(time.perf_counter() - began)
    return {name: round(min(found) * 1000, 3) for name, found in seconds.items()}
