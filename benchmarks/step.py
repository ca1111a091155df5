"""One training step: its size, the ways of taking it, its matrix products alone, its memory.

    python benchmarks/step.py WAY E,H,V,B,T

Prints the memory that steps add to a process (`added_mib`). Linux only.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from measuring import interleaved
from tangyin.corpus import Batch
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.training.step import TrainingStep
from tangyin.verse import Ids, Vocabulary

FIRST_HANZI = 0x4E00
SPECIAL = len(Vocabulary("").predicted)


@dataclass(frozen=True)
class Size:
    """What a training step is made of.

    Attributes:
        E: width of the embedding.
        H: width of the hidden state.
        V: tokens; all of them are predicted.
        B: sequences side by side.
        T: steps of a sequence.
    """

    E: int
    H: int
    V: int
    B: int
    T: int

    def vocabulary(self) -> Vocabulary:
        """One of exactly V tokens."""
        count = self.V - SPECIAL
        return Vocabulary(map(chr, range(FIRST_HANZI, FIRST_HANZI + count)), prefixes=())

    def tokens(self, seed: int) -> Ids:
        """Random token numbers, (T, B) int32."""
        generator = np.random.default_rng(seed)
        return generator.integers(self.V, size=(self.T, self.B), dtype=np.int32)

    def batch(self) -> Batch:
        """A batch of them, without padding."""
        return Batch(self.tokens(1), self.tokens(2), np.ones((self.T, self.B), dtype=np.bool_))

    def __str__(self) -> str:
        return f"V {self.V:,}, E {self.E}, H {self.H}, B {self.B}, T {self.T}"


SIZES = {
    "report": Size(E=256, H=128, V=3035, B=128, T=48),
    "large": Size(E=512, H=1024, V=6000, B=128, T=48),
}


def size_named(text: str) -> tuple[str, Size]:
    """Read the name of a size, or E,H,V,B,T, from the command line.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    if text in SIZES:
        return text, SIZES[text]
    try:
        numbers = [int(part) for part in text.split(",")]
        size = Size(*numbers)
    except (ValueError, TypeError):
        size = None
    if size is None or min(numbers) < 1 or not SPECIAL < size.V <= 20_000:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a size; give {', '.join(SIZES)} or five numbers E,H,V,B,T, such as "
            f"256,128,3035,128,48, with V from {SPECIAL + 1} to 20000"
        )
    return text, size


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
        self.take = TrainingStep(model, recipe, precision)
        self.optimizer = self.take.optimizer
        self.batch = size.batch()

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
    made = {
        name: torch.optim.Adam(model.parameters(), fused=fused).step
        for name, fused in (("default", None), ("fused", True))
    }
    runs = interleaved(made, 5)
    return {name: round(min(seconds) * 1000, 3) for name, seconds in runs.items()}


def floor(size: Size, dtype: torch.dtype) -> Callable[[], None]:
    """A function that takes every matrix product of one training step, each at its own shape.

    Operands lie in memory as the step leaves them, weights (out, in) and activations sequence
    first; the outputs are preallocated.
    """
    E, H, V, B, T = size.E, size.H, size.V, size.B, size.T
    N = T * B

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape).to(dtype)

    x, h, dy, dlogits = random(N, E), random(N, H), random(N, 4 * H), random(N, V)
    w_ih, w_hh, w_out = random(4 * H, E), random(4 * H, H), random(V, H)
    products = [
        (x, w_ih.t()),  # input projection, all steps at once
        *((h_t, w_hh.t()) for h_t in h.view(T, B, H)),
        (h, w_out.t()),  # logits
        (dlogits, w_out),  # ∇h
        (dlogits.t(), h),  # ∇W_out
        *((dy_t, w_hh) for dy_t in dy.view(T, B, 4 * H)),
        (dy.t(), x),  # ∇W_ih
        (dy.t(), h),  # ∇W_hh
        (dy, w_ih),  # ∇x
    ]
    outputs = [torch.empty(a.shape[0], b.shape[1], dtype=dtype) for a, b in products]

    def run() -> None:
        for (a, b), out in zip(products, outputs, strict=True):
            torch.mm(a, b, out=out)

    return run


STEPS = 3
"""Steps whose memory is measured."""


def added_mib(way: str, size: Size) -> float:
    """The MiB that steps add, measured in a process of its own.

    The peak of the resident memory during three steps lies so much above what the process held
    before the first: activations, gradients, the optimizer's moments, and whatever the libraries
    keep for themselves. Model, optimizer and batch are there before.
    """
    numbers = ",".join(map(str, astuple(size)))
    done = subprocess.run(
        [sys.executable, __file__, way, numbers], stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def _resident(name: str) -> int:
    """KiB of resident memory: VmRSS is now, VmHWM the most since the peak was reset."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    name, numbers = sys.argv[1:]
    step = WAYS[name](size_named(numbers)[1])
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
    before = _resident("VmRSS")
    for _ in range(STEPS):
        step()
    print(round((_resident("VmHWM") - before) / 1024, 1))
