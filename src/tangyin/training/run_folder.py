"""The folder of one training: recipe, metrics, checkpoints, model, and the lock on it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tangyin.errors import TangyinError, UsageError
from tangyin.files import lock, make_folder, write_whole
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
        """See that a run with this recipe can begin here, or go on.

        Raises:
            UsageError: a run is here and `resume` is False; or it has another recipe, or lacks
                its `config.toml`.
        """
        here = [self.config, self.metrics, self.checkpoint, self.model]
        if not any(path.exists() for path in here):
            return
        if not resume:
            raise UsageError(
                f"{self.path} holds a run already; go on with it by --resume, "
                "or give another folder with --run"
            )
        if not self.config.exists():
            raise UsageError(
                f"the run in {self.path} has lost its config.toml; put it back, "
                "or give another folder with --run"
            )
        if read_recipe(self.config) != recipe:
            raise UsageError(
                f"the run in {self.path} has another recipe (see its config.toml); "
                "resume it with that one, or give another folder with --run"
            )

    def begin(self, recipe: Recipe) -> None:
        """Write `config.toml` if this is a new run, and clear what a killed one left half-written.

        Raises:
            TangyinError: the folder cannot be written.
        """
        # `files.whole_file` writes beside its target, under the target's name between dots.
        leftovers = [*self.checkpoint.glob(".[0-9]*.safetensors.*")]
        for target in (self.config, self.metrics, self.model):
            leftovers += self.path.glob(f".{target.name}.*")
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        if not self.config.exists():
            write_whole(self.config, recipe_toml(recipe))

    def write_metrics(self, lines: list[dict[str, Any]]) -> None:
        """Write `metrics.jsonl` anew, one line an epoch.

        Raises:
            TangyinError: the folder cannot be written.
        """
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_whole(self.metrics, text)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other trainings out of the folder; the lock goes when the process does.

        Raises:
            TangyinError: another training holds it.
        """
        make_folder(self.path)
        try:
            file = (self.path / "lock").open("a+b")
        except OSError as error:
            raise TangyinError(
                f"cannot write in {self.path}: {error.strerror or error}; choose another folder "
                "with --run"
            ) from error
        with file:
            if not lock(file):
                raise TangyinError(
                    f"another training is running in {self.path}; wait for it, or give another "
                    "folder with --run"
                )
            yield
