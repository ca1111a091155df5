"""Checkpoints: everything a training needs to go on, whole or not at all."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors import safe_open as _safe_open
from safetensors.torch import save as _serialize
from torch import Tensor

from tangyin.errors import TangyinError
from tangyin.files import make_folder, write_whole

KEPT = 2
"""How many of the latest checkpoints are kept."""


@dataclass
class Progress:
    """How far a training has come, beside its tensors.

    Attributes:
        epoch: the epoch under way, from 1.
        step: batches of that epoch already done; 0 at the end of the one before.
        loss_sum: summed negative log-likelihood of that epoch's targets so far, in nats.
        targets: how many targets that were.
        seconds: training time of that epoch so far.
        best_epoch: the epoch whose weights are the best so far, 0 when there is none.
        best: its dev per_token perplexity.
        metrics: a line for each finished epoch (`metrics.jsonl`).
    """

    epoch: int = 1
    step: int = 0
    loss_sum: float = 0.0
    targets: int = 0
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
    """Write a checkpoint of its own file and delete the oldest ones.

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
    tensors["random"] = torch.get_rng_state()
    # Copies, since safetensors refuses tensors that share memory.
    whole = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    metadata = {"progress": json.dumps(asdict(progress), ensure_ascii=False)}
    name = f"{progress.epoch:04d}-{progress.step:06d}.safetensors"
    write_whole(folder / name, _serialize(whole, metadata))
    for old in checkpoints(folder)[KEPT:]:
        old.unlink(missing_ok=True)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoint files of a run, newest first."""
    return sorted(folder.glob("[0-9]*.safetensors"), reverse=True)


def load_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, dict[str, Tensor]]:
    """Bring model, optimizer and random state to where a checkpoint left them.

    Returns:
        The progress and the best weights so far.

    Raises:
        TangyinError: the file is damaged, or is of another network.
    """
    try:
        with _safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        progress = Progress(**json.loads(metadata["progress"]))
        model.load_state_dict(_under("model.", tensors))
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            index, key = name.split(".")
            states.setdefault(int(index), {})[key] = tensor
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": states, "param_groups": groups})
        torch.set_rng_state(tensors["random"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise TangyinError(f"the checkpoint {path} is damaged ({error})") from error
    return progress, _under("best.", tensors)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
