"""Checkpoints: everything a training needs to go on, whole or not at all.

Of the sampler and the schedule that is the place in the run, since order, rate and dropout of a
step follow from its place (`trainer`); so a run may go on with other processes or another device.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors import safe_open as _safe_open
from safetensors.torch import save as _serialize
from torch import Tensor

from tangyin.errors import TangyinError, UsageError
from tangyin.files import make_folder, write_whole

KEPT = 2
"""How many of the latest checkpoints are kept."""


class DamagedCheckpointError(TangyinError):
    """A checkpoint was cut short or altered."""


@dataclass
class Progress:
    """How far a training has come, beside its tensors.

    Attributes:
        poems: digest of the poems trained on (`Dataset.facts`).
        epoch: the epoch under way, from 1.
        step: batches of that epoch already done; 0 at the end of the one before.
        loss_sum: summed negative log-likelihood of that epoch's targets so far, in nats.
        targets: how many targets that were, by weight.
        seconds: training time of that epoch so far.
        best_epoch: the epoch whose weights are the best so far, 0 when there is none.
        best: its dev per_token perplexity.
        metrics: a line for each finished epoch (`metrics.jsonl`).
    """

    poems: str = ""
    epoch: int = 1
    step: int = 0
    loss_sum: float = 0.0
    targets: float = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best: float = float("inf")
    metrics: list[dict[str, Any]] = field(default_factory=list)


def save_checkpoint(
    folder: Path,
    progress: Progress,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    best: dict[str, Tensor],
) -> None:
    """Write a checkpoint of its own file, and delete all but the two latest.

    Checkpoints of a later place are deleted too: there can be none but a damaged one that the run
    did not go on from.

    Args:
        folder: the run's `checkpoint` folder.
        progress: how far the training has come.
        model: its weights are saved as `model.*`.
        optimizer: its state is saved as `optimizer.INDEX.KEY`.
        best: the best weights so far, saved as `best.*`; empty before the first evaluation.
    """
    make_folder(folder)
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if value is not None:
                tensors[f"optimizer.{index}.{key}"] = torch.as_tensor(value)
    # Copies, since safetensors refuses tensors that share memory.
    whole = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(asdict(progress), ensure_ascii=False)
    metadata = {"progress": text, "sha256": _digest(text, whole)}
    path = folder / f"{progress.epoch:07d}-{progress.step:07d}.safetensors"
    write_whole(path, _serialize(whole, metadata))
    found = checkpoints(folder)
    newest = found.index(path)
    for stale in found[:newest] + found[newest + KEPT :]:
        stale.unlink(missing_ok=True)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoint files of a run, newest first."""
    return sorted(folder.glob("[0-9]*.safetensors"), reverse=True)


def load_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, poems: str
) -> tuple[Progress, dict[str, Tensor]]:
    """Bring model and optimizer to where a checkpoint left them.

    Args:
        path: the checkpoint.
        model: gets its weights.
        optimizer: gets its state.
        poems: digest of the poems to go on with.

    Returns:
        The progress and the best weights so far.

    Raises:
        DamagedCheckpointError: the file was cut short or altered.
        UsageError: it was made with other poems, or by another version of tangyin.
    """
    try:
        with _safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata["sha256"] != _digest(metadata["progress"], tensors):
            raise ValueError("its content does not fit its digest")
        progress = Progress(**json.loads(metadata["progress"]))
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise DamagedCheckpointError(f"the checkpoint {path} is damaged ({error})") from error
    if progress.poems != poems:
        raise UsageError(
            f"the run of {path} was trained on other poems; give it the same ones (--corpus), "
            "or another folder with --run"
        )
    states: dict[int, dict[str, Tensor]] = {}
    try:
        for name, tensor in _under("optimizer.", tensors).items():
            index, key = name.split(".")
            states.setdefault(int(index), {})[key] = tensor
        groups = optimizer.state_dict()["param_groups"]
        model.load_state_dict(_under("model.", tensors))
        optimizer.load_state_dict({"state": states, "param_groups": groups})
    except (KeyError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"the checkpoint {path} was made by another version of tangyin; go on with that one, "
            "or give another folder with --run"
        ) from error
    return progress, _under("best.", tensors)


def _digest(progress: str, tensors: dict[str, Tensor]) -> str:
    """SHA-256 of all that a checkpoint holds; safetensors itself notices only a wrong length."""
    digest = hashlib.sha256(progress.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
