"""The folder of one training: recipe, metrics, checkpoints, model and lock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tangyin.errors import TangyinError, UsageError
from tangyin.files import json_text, lock, make_folder, write_whole
from tangyin.model.file import ModelFile, save_model
from tangyin.training.checkpoint import checkpoints
from tangyin.training.recipe import Recipe, differences, read_recipe, recipe_toml


class RunFolder:
    """Where a run keeps `config.toml`, `metrics.jsonl`, `checkpoint/` and `model.safetensors`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.toml"
        self.metrics = path / "metrics.jsonl"
        self.checkpoint = path / "checkpoint"
        self.model = path / "model.safetensors"
        self._lock: IO[bytes] | None = None

    def check(self, recipe: Recipe, resume: bool) -> None:
        """Refuse a run in the folder if `resume` is False or the run cannot be resumed.

        It cannot with another recipe or none, or with results and no checkpoint that they are from.
        """
        here = self.config, self.metrics, self.checkpoint, self.model
        if not any(path.exists() for path in here):
            return
        if not resume:
            raise UsageError("training.run_exists", path=self.path)
        if not self.config.exists():
            raise UsageError("training.run_without_recipe", path=self.path)
        if others := differences(read_recipe(self.config), recipe):
            raise UsageError("training.other_recipe", path=self.path, **others)
        results = self.metrics.exists() or self.model.exists()
        if results and not checkpoints(self.checkpoint):
            raise UsageError("training.run_without_checkpoint", path=self.path)

    def begin(self, recipe: Recipe) -> None:
        """Write `config.toml` of a new run, and delete the temporary files of a killed one."""
        self.confirm()
        # `files.whole_file` writes beside its target, under the target's name between dots.
        leftovers = [*self.checkpoint.glob(".[0-9]*.checkpoint.*")]
        for target in (self.config, self.metrics, self.model):
            leftovers += self.path.glob(f".{target.name}.*")
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        if not self.config.exists():
            write_whole(self.config, recipe_toml(recipe))

    def write(self, metrics: list[dict[str, Any]], model: ModelFile | None) -> None:
        """Replace `metrics.jsonl`, one line an epoch, and the model if there is another one."""
        if model is not None:
            self.confirm()
            save_model(model, self.model)
        self.confirm()
        text = "".join(json_text(line) + "\n" for line in metrics)
        write_whole(self.metrics, text)

    def confirm(self) -> None:
        """Refuse to write when the locked folder is no longer the one at the path.

        It may have been deleted and made again by another training, whose lock is another file.
        """
        try:
            ours = self._lock is not None and os.path.samestat(
                os.fstat(self._lock.fileno()), (self.path / "lock").stat()
            )
        except OSError:
            ours = False
        if not ours:
            raise TangyinError("training.folder_replaced", path=self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder against other trainings, until the process ends at the latest."""
        make_folder(self.path)
        try:
            file = (self.path / "lock").open("a+b")
        except OSError as error:
            reason = error.strerror or str(error)
            raise TangyinError("training.read_only", path=self.path, reason=reason) from error
        with file:
            if not lock(file):
                raise TangyinError("training.locked", path=self.path)
            self._lock = file
            yield
