"""The folder of one training: recipe, metrics, checkpoints, model and lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tangyin.errors import TangyinError, UsageError
from tangyin.files import json_text, lock, make_folder, write_whole
from tangyin.training.recipe import Recipe, read_recipe, recipe_toml


class RunFolder:
    """Where a run keeps `config.toml`, `metrics.jsonl`, `checkpoint/` and `model.safetensors`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.toml"
        self.metrics = path / "metrics.jsonl"
        self.checkpoint = path / "checkpoint"
        self.model = path / "model.safetensors"

    def check(self, recipe: Recipe, resume: bool) -> None:
        """Refuse a run in the folder if `resume` is False or it has another recipe or none."""
        here = self.config, self.metrics, self.checkpoint, self.model
        if not any(path.exists() for path in here):
            return
        if not resume:
            raise UsageError("training.run_exists", path=self.path)
        if not self.config.exists():
            raise UsageError("training.run_without_recipe", path=self.path)
        if read_recipe(self.config) != recipe:
            raise UsageError("training.other_recipe", path=self.path)

    def begin(self, recipe: Recipe) -> None:
        """Write `config.toml` of a new run, and delete the temporary files of a killed one."""
        # `files.whole_file` writes beside its target, under the target's name between dots.
        leftovers = [*self.checkpoint.glob(".[0-9]*.checkpoint.*")]
        for target in (self.config, self.metrics, self.model):
            leftovers += self.path.glob(f".{target.name}.*")
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        if not self.config.exists():
            write_whole(self.config, recipe_toml(recipe))

    def write_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Replace `metrics.jsonl`: one line an epoch."""
        text = "".join(json_text(line) + "\n" for line in lines)
        write_whole(self.metrics, text)

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
            yield
