"""Checkpoints: everything a training needs to resume, written whole or not at all.

Of sampler and schedule that is only the position in the run, which determines order, rate and
dropout of a step (`trainer`). So a run may resume with other processes or on another device.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as _deserialize
from torch import Tensor

from tangyin.errors import TangyinError, UsageError
from tangyin.files import make_folder, whole_file
from tangyin.model.serialization import serialized
from tangyin.training.recipe import build_recipe, differences


class DamagedCheckpointError(TangyinError):
    """A checkpoint was cut short or altered."""


@dataclass
class Progress:
    """The position of a training and its results so far, and what they are of.

    `poems` is the digest in `Dataset.facts`, `recipe` the recipe as nested dictionaries; a run
    resumes with these alone. `machine` holds what changes the rounding.

    Epochs count from 1. Of the current one `step` batches are done; `loss_sum`, in nats, `targets`,
    a total weight, and `seconds` are theirs. `best` is the lowest dev per_token perplexity, that of
    `best_epoch`, which is 0 before the first evaluation.
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
    recipe: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(
    folder: Path,
    progress: Progress,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    best: dict[str, Tensor],
) -> None:
    """Write a checkpoint, and delete all but the two latest.

    The file is a SHA-256 of the rest, the progress as a line of JSON, and safetensors: `model.*`,
    `best.*` and the optimizer's state as `optimizer.INDEX.KEY`.

    Checkpoints of a later position are deleted too: they can only be damaged ones that the run
    did not resume from. `best` are the best weights so far, empty before the first evaluation.
    """
    make_folder(folder)
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            if value is not None:
                tensors[f"optimizer.{index}.{key}"] = torch.as_tensor(value)
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
    content = [json.dumps(asdict(progress)).encode() + b"\n", *serialized(arrays)]
    digest = hashlib.sha256()
    for piece in content:
        digest.update(piece)
    path = folder / f"{progress.epoch:07d}-{progress.step:07d}.checkpoint"
    with whole_file(path) as file:
        file.writelines((digest.digest(), *content))
    found = checkpoints(folder)
    newest = found.index(path)
    for stale in found[:newest] + found[newest + 2 :]:
        stale.unlink(missing_ok=True)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoint files of a run, newest first."""
    return sorted(folder.glob("[0-9]*.checkpoint"), reverse=True)


def load_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, begun: Progress
) -> tuple[Progress, dict[str, Tensor]]:
    """Restore model and optimizer; return the progress and the best weights so far.

    Raises:
        DamagedCheckpointError: the file was cut short or altered.
        UsageError: its poems or recipe are not those of `begun`, or another version of tangyin
            made it.
    """
    stored = path.read_bytes()
    digest, content = stored[:32], stored[32:]
    if hashlib.sha256(content).digest() != digest:
        raise DamagedCheckpointError("training.checkpoint_damaged", path=path)
    try:
        line, _, body = content.partition(b"\n")
        progress, tensors = Progress(**json.loads(line)), _deserialize(body)
        _refuse_another(path, progress, begun)
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            index, key = name.split(".")
            states.setdefault(int(index), {})[key] = tensor
        model.load_state_dict(_under("model.", tensors))
        optimizer.load_state_dict({**optimizer.state_dict(), "state": states})
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError("training.other_version", path=path) from error
    return progress, _under("best.", tensors)


def _refuse_another(path: Path, found: Progress, begun: Progress) -> None:
    """Refuse to resume the training of another recipe or of other poems.

    Raises:
        ValueError: another version of tangyin wrote the recipe.
    """
    try:
        recipe = build_recipe(found.recipe, str(path))
    except UsageError as error:
        raise ValueError(error.code) from error
    if others := differences(recipe, build_recipe(begun.recipe, "")):
        raise UsageError("training.edited_recipe", path=path.parents[1], **others)
    if found.poems != begun.poems:
        raise UsageError("training.other_poems", path=path)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    found = tensors.items()
    return {name.removeprefix(prefix): t for name, t in found if name.startswith(prefix)}
