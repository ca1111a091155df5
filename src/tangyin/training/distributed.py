"""Several processes that train one model, as torchrun starts them.

Every process has the whole model and knows every batch, and takes its share of the batch's poems.
PyTorch's DistributedDataParallel adds the gradients up on the way back (Li et al. 2020, "PyTorch
Distributed"). Gradients go through gloo between processors and through NCCL between CUDA devices;
the few numbers that the processes tell each other beside them always go through gloo.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from tangyin.corpus import Batch
from tangyin.errors import TangyinError
from tangyin.nn.language_model import LanguageModel
from tangyin.training.device import chosen_device

TIMEOUT = timedelta(minutes=5)
"""How long a process waits for another one that neither answers nor has gone."""

_kept: list[DistributedDataParallel] = []
"""Never freed: freeing one waits for gloo, which can wait for a process that has ended already."""

MESSAGE = 2000
"""Bytes of the longest sentence that one process tells the others."""


def weight_of(batch: Batch) -> float:
    """How much the targets of a batch count, in all."""
    return float(batch.mask.sum() if batch.weights is None else batch.weights.sum())


class LostProcessError(TangyinError):
    """Another process of the training has gone, or answers no more."""


class DistributedContext:
    """The processes of a training, seen from one of them.

    Attributes:
        rank: number of this one, from 0; number 0 writes the run's folder and speaks to the user.
        count: how many there are.
        device: where this one trains.
    """

    def __init__(self, rank: int = 0, count: int = 1, device: torch.device | None = None) -> None:
        self.rank, self.count = rank, count
        self.device = device or torch.device("cpu")

    @property
    def first(self) -> bool:
        """Whether this is number 0."""
        return self.rank == 0

    def share(self, batch: Batch) -> tuple[Batch, float]:
        """This process's poems of a batch, every `count`-th one, and their part of its weight.

        With fewer poems than processes, those without one have the first as a part of 0.
        """
        if self.count == 1:
            return batch, 1.0
        poems = np.arange(batch.inputs.shape[1])[self.rank :: self.count]
        none = not len(poems)
        if none:
            poems = np.arange(1)
        share = Batch(
            batch.inputs[:, poems],
            batch.targets[:, poems],
            batch.mask[:, poems],
            None if batch.weights is None else batch.weights[:, poems],
        )
        return share, 0.0 if none else weight_of(share) / weight_of(batch)

    def loss_of(self, model: LanguageModel) -> Callable[..., Tensor]:
        """The model's loss; after its backward pass every process has the mean gradient."""
        if self.count == 1:
            return model.loss
        devices = None if self.device.type == "cpu" else [self.device.index]
        shared = DistributedDataParallel(_Loss(model), devices, gradient_as_bucket_view=True)
        _kept.append(shared)
        return shared

    def sum(self, *values: float) -> list[Any]:
        """Add up, for each place, the values of all processes; each keeps its type.

        Raises:
            LostProcessError: one has gone.
        """
        if self.count == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64)
        with self.talking():
            dist.all_reduce(total)
        return [type(value)(sum_) for value, sum_ in zip(values, total.tolist(), strict=True)]

    def agree(self, *values: float) -> bool:
        """Whether number 0 has the values that this process has."""
        return self.sum(*(value * self.first for value in values)) == list(values)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make a part fail for all processes, with the same sentence, when it fails for one.

        All wait for each other at its end. Inside it, they must not talk to each other.

        Raises:
            TangyinError: what the first of those that failed raised.
            LostProcessError: one has gone.
        """
        failure: TangyinError | None = None
        try:
            yield
        except TangyinError as error:
            if self.count == 1 or isinstance(error, LostProcessError):
                raise
            failure = error
        if self.count == 1:
            return
        own = torch.zeros(MESSAGE, dtype=torch.uint8)
        if failure is not None:
            where = "" if self.first else f"process {self.rank}: "
            text = bytes([failure.exit_code]) + f"{where}{failure}".encode()[: MESSAGE - 1]
            own[: len(text)] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
        all_ = [torch.empty_like(own) for _ in range(self.count)]
        with self.talking():
            dist.all_gather(all_, own)
        for message in all_:
            said = bytes(message.tolist()).rstrip(b"\0")
            if said:
                raised = TangyinError(said[1:].decode(errors="ignore"))
                raised.exit_code = said[0]
                raise raised from failure

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Around what needs all processes.

        Raises:
            LostProcessError: one of them has gone, or did not answer within `TIMEOUT`.
        """
        try:
            yield
        except RuntimeError as error:
            if self.count == 1 or not (isinstance(error, dist.DistError) or "gloo" in str(error)):
                raise
            raise LostProcessError(
                f"process {self.rank} of {self.count} has lost another one, which has ended or "
                "answers no more; go on with the same command and --resume"
            ) from error


class _Loss(nn.Module):
    """The loss as a module's forward pass, which is what DistributedDataParallel takes over."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, *batch: Any) -> Tensor:
        return self.model.loss(*batch)


@contextmanager
def joined(device: str = "auto") -> Iterator[DistributedContext]:
    """Meet the other processes that torchrun has started, or be the only one without it.

    Args:
        device: one of `tangyin.training.device.DEVICES`.

    Raises:
        UsageError: the device is none of this machine.
        LostProcessError: the others could not be met, or one was lost meanwhile.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield DistributedContext(device=chosen_device(device))
        return
    rank, number, here = (
        int(os.environ[name]) for name in ("RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    )
    place = chosen_device(device, number, here)
    share_cores(here)
    backend = "gloo" if place.type == "cpu" else "cpu:gloo,cuda:nccl"
    processes = DistributedContext(rank, count, place)
    before = signal.signal(signal.SIGTERM, _ended)
    try:
        _meet(backend, processes)
        yield processes
        dist.destroy_process_group()
        signal.signal(signal.SIGTERM, before)
    except BaseException:
        # torchrun ends those that are left by SIGTERM; first let this one say why it ends
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise


def share_cores(processes: int) -> None:
    """Take this process's part of the machine's cores, unless OMP_NUM_THREADS says how many.

    Args:
        processes: how many there are on this machine.
    """
    if "OMP_NUM_THREADS" not in os.environ or _set_by_torchrun("OMP_NUM_THREADS"):
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))


def _set_by_torchrun(name: str) -> bool:
    """Whether torchrun set a variable by itself; then it is missing in what it began with."""
    if not dist.is_torchelastic_launched():
        return False
    try:
        environment = Path(f"/proc/{os.getppid()}/environ").read_bytes().split(b"\0")
    except OSError:  # there is no such file on other systems than Linux
        return False
    return not any(entry.startswith(f"{name}=".encode()) for entry in environment)


def _meet(backend: str, processes: DistributedContext) -> None:
    if processes.device.type == "cuda":
        torch.cuda.set_device(processes.device)
    try:
        dist.init_process_group(backend, timeout=TIMEOUT)
    except (RuntimeError, ValueError) as error:
        where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        raise LostProcessError(
            f"process {processes.rank} of {processes.count} could not meet the others at {where}; "
            "see that every machine reaches it"
        ) from error


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise LostProcessError(
        "this process was told to end (SIGTERM), as torchrun does when another one has ended; "
        "go on with the same command and --resume"
    )
