"""Data-parallel training in several processes, as torchrun starts them.

Every process holds the whole model, knows every batch and takes its share of the batch's poems.
PyTorch's DistributedDataParallel sums the gradients during the backward pass (Li et al. 2020,
"PyTorch Distributed"), through gloo on CPUs and NCCL on CUDA devices. Everything else that the
processes exchange goes through gloo.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from tangyin.corpus import Batch
from tangyin.errors import TangyinError, UsageError
from tangyin.nn.language_model import LanguageModel

DEVICES = ("auto", "cpu", "cuda")

TIMEOUT = timedelta(minutes=5)
"""How long a process waits for another one that is alive and silent."""

_kept: list[DistributedDataParallel] = []
"""Never freed: freeing one waits for gloo, which can wait for a process that has already ended."""


def weight_of(batch: Batch) -> float:
    """The total weight of a batch's targets."""
    return float(batch.mask.sum() if batch.weights is None else batch.weights.sum())


def chosen_device(name: str, number: int = 0, processes: int = 1) -> torch.device:
    """The device that one of `DEVICES` means here; "auto" is CUDA where available.

    Process `number` of the `processes` on this machine takes the CUDA device of its number.

    Raises:
        UsageError: the name is unknown, or there are too few CUDA devices.
    """
    if name not in DEVICES:
        raise UsageError("training.unknown_device", name=name, devices=DEVICES)
    found = torch.cuda.device_count() if name != "cpu" and torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not found):
        return torch.device("cpu")
    if not found:
        raise UsageError("training.no_cuda")
    if found < processes:
        raise UsageError("training.too_few_devices", devices=found, processes=processes)
    return torch.device("cuda", number)


class LostProcessError(TangyinError):
    """Another process of the training has ended, or does not respond."""


@dataclass(frozen=True)
class DistributedContext:
    """The processes of a training, seen from one of them.

    Methods that communicate raise `LostProcessError` when another process has ended, or does not
    respond within `TIMEOUT`.

    Attributes:
        rank: number of this one, from 0; number 0 writes the run's folder and reports to the user.
        count: how many there are.
        device: where this one trains.
    """

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def first(self) -> bool:
        """Whether this is number 0."""
        return self.rank == 0

    def share(self, batch: Batch) -> tuple[Batch, float]:
        """This process's poems of a batch, every `count`-th one, and their part of its weight.

        With fewer poems than processes, those without one get the first as a part of 0.
        """
        if self.count == 1:
            return batch, 1.0
        poems = list(range(batch.inputs.shape[1])[self.rank :: self.count])
        arrays: list[Any] = [a if a is None else a[:, poems or [0]] for a in vars(batch).values()]
        share = Batch(*arrays)
        return share, weight_of(share) / weight_of(batch) if poems else 0.0

    def loss_of(self, model: LanguageModel) -> Callable[..., Tensor]:
        """The model's loss; after its backward pass every process has the mean gradient."""
        if self.count == 1:
            return model.loss
        devices = None if self.device.type == "cpu" else [self.device.index]
        shared = DistributedDataParallel(model, devices, gradient_as_bucket_view=True)
        _kept.append(shared)
        return shared

    def sum(self, *values: float) -> list[Any]:
        """The sum of each value over all processes; each keeps its type."""
        if self.count == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64)
        with self.communicating():
            dist.all_reduce(total)
        return [type(value)(sum_) for value, sum_ in zip(values, total.tolist(), strict=True)]

    def gather(self, value: Any) -> list[Any]:
        """The values of all processes, by rank."""
        values = [value] * self.count
        if self.count > 1:
            with self.communicating():
                dist.all_gather_object(values, value)
        return values

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make a part fail in all processes, with the first one's error, when it fails in any.

        All wait for each other at its end. They must not communicate inside it.
        """
        failure: TangyinError | None = None
        try:
            yield
        except LostProcessError:
            raise
        except TangyinError as error:
            failure = error
        for rank, found in enumerate(self.gather(failure)):
            if found is not None and rank == 0:
                raise found
            if found is not None:
                other = TangyinError("training.process_failed", rank=rank, cause=found)
                other.exit_code = found.exit_code
                raise other

    @contextmanager
    def communicating(self) -> Iterator[None]:
        """Turn the errors of calls that need all processes into `LostProcessError`."""
        try:
            yield
        except RuntimeError as error:
            if self.count == 1 or not (isinstance(error, dist.DistError) or "gloo" in str(error)):
                raise
            raise LostProcessError(
                "training.lost_process", rank=self.rank, count=self.count
            ) from error


@contextmanager
def joined(device: str = "auto") -> Iterator[DistributedContext]:
    """Join the processes that torchrun has started; without torchrun there is only this one.

    Raises:
        UsageError: this machine has no such device (`chosen_device`).
        LostProcessError: the others could not be reached, or one was lost later.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield DistributedContext(device=chosen_device(device))
        return
    names = "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE"
    rank, local_rank, local_count = (int(os.environ[name]) for name in names)
    context = DistributedContext(rank, count, chosen_device(device, local_rank, local_count))
    share_cores(local_count)

    def terminated(_number: int, _frame: FrameType | None) -> None:
        raise LostProcessError("training.terminated")

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        _connect(context)
        yield context
        dist.destroy_process_group()
        signal.signal(signal.SIGTERM, before)
    except BaseException:
        # torchrun ends the remaining processes by SIGTERM; let this one report its error first.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise


def share_cores(processes: int) -> None:
    """Take one of `processes` equal parts of the cores, unless the user set OMP_NUM_THREADS."""
    if "OMP_NUM_THREADS" not in os.environ or _set_by_torchrun("OMP_NUM_THREADS"):
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))


def _set_by_torchrun(name: str) -> bool:
    """Whether torchrun set a variable; then its own initial environment lacks it."""
    if not dist.is_torchelastic_launched():
        return False
    try:
        environment = Path(f"/proc/{os.getppid()}/environ").read_bytes().split(b"\0")
    except OSError:  # only Linux has this file
        return False
    return not any(entry.startswith(f"{name}=".encode()) for entry in environment)


def _connect(context: DistributedContext) -> None:
    cuda = context.device.type == "cuda"
    if cuda:
        torch.cuda.set_device(context.device)
    try:
        dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=TIMEOUT)
    except (RuntimeError, ValueError) as error:
        address = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        raise LostProcessError(
            "training.unreachable", rank=context.rank, count=context.count, address=address
        ) from error
