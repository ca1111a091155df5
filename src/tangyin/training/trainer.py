"""The training loop."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from tangyin.corpus import Batch
from tangyin.errors import TangyinError
from tangyin.modelfile import ModelFile, save_model
from tangyin.nn.language_model import LanguageModel
from tangyin.prosody import tone_classes
from tangyin.training.checkpoint import (
    DamagedCheckpoint,
    Progress,
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from tangyin.training.evaluation import evaluate
from tangyin.training.material import Material, load_material
from tangyin.training.precision import chosen_precision
from tangyin.training.recipe import Recipe, StageRecipe
from tangyin.training.run_folder import RunFolder
from tangyin.training.source_version import source_version
from tangyin.training.stages import rate_at
from tangyin.training.step import NotFinite, TrainingStep
from tangyin.writing import Tally

LARGEST_LOSS = 500.0
"""A training with more nats a target has failed; the perplexity of twice as many is no float."""


class Interrupted(TangyinError):  # noqa: N818 - an interruption is no error
    """A training was stopped by the user; everything up to there is saved."""

    exit_code = 130


@dataclass(frozen=True)
class Step:
    """What a watcher is told after each batch.

    Attributes:
        epoch: from 1.
        epochs: at most so many.
        targets: targets of this batch, by weight.
        epoch_targets_done: targets of the epoch so far, this batch's among them.
        epoch_targets: targets of a whole epoch.
        loss: mean negative log-likelihood of the epoch so far, in nats.
    """

    epoch: int
    epochs: int
    targets: float
    epoch_targets_done: float
    epoch_targets: int
    loss: float


class Watcher:
    """Follows a training; the command line draws its progress bar with one."""

    def step(self, step: Step) -> None:
        """A batch is done."""

    def epoch(self, metrics: dict[str, Any]) -> None:
        """An epoch is done and evaluated."""

    def say(self, sentence: str) -> None:
        """Something that a person should know."""


def train(
    recipe: Recipe,
    run: RunFolder,
    *,
    resume: bool = False,
    own: Path | None = None,
    watcher: Watcher | None = None,
) -> ModelFile:
    """Train a model by a recipe.

    The run goes epoch by epoch: all training batches, then dev by the protocol. Whenever dev
    per_token falls, the weights become `model.safetensors`; after `patience` epochs without that,
    or after the last epoch, the run ends. Each epoch's end is a checkpoint, from which a killed run
    goes on to the same result as one never killed. SIGINT makes a checkpoint at the next step.

    Args:
        recipe: what to do.
        run: where to keep it.
        resume: go on with the run that is there (one that is not begins).
        own: a file of one's own poems to train on.
        watcher: is told how it goes.

    Returns:
        The best model, which `model.safetensors` holds rounded to fp16.

    Raises:
        Interrupted: SIGINT came.
        UsageError: a run is in the folder and `resume` is False, or it has another recipe or other
            poems.
        TangyinError: the loss became infinite or NaN, the disk is full, another training is in
            the folder, every checkpoint is damaged, the network does not fit into memory.
    """
    watcher = watcher or Watcher()
    with run.locked():
        run.check(recipe, resume)
        material = load_material(recipe.data, own)
        for remark in material.remarks:
            watcher.say(remark)
        if recipe.model.cell != "lstm":
            watcher.say(
                f"a model of the cell {recipe.model.cell} can be measured and not written with; "
                'for that, train with model.cell = "lstm"'
            )
        training = _Training(recipe, run, material, watcher)
        run.begin(recipe)
        return training.go()


class _Training:
    """One run under way."""

    def __init__(
        self, recipe: Recipe, run: RunFolder, material: Material, watcher: Watcher
    ) -> None:
        self.recipe, self.run, self.material, self.watcher = recipe, run, material, watcher
        network = recipe.model
        self.architecture = network.architecture
        self.precision = chosen_precision(recipe.training.precision, torch.device("cpu"))
        torch.manual_seed(recipe.training.seed)
        try:
            self.model = LanguageModel(
                self.architecture, material.vocabulary, network.initialization, network.dropout
            )
        except RuntimeError as error:  # what torch raises when it gets no memory
            raise TangyinError(
                f"there is no memory for a network of {network.layers} layers of "
                f"{network.hidden_size} and an embedding of {network.embedding_size}; "
                "make it smaller"
            ) from error
        self.tones = tone_classes(material.vocabulary) if self.architecture.follows_text else None
        self.step = TrainingStep(
            self.model, recipe.optimizer, material.vocabulary, self.precision, self.tones
        )
        self.progress = Progress(poems=str(material.facts["poems_sha256"]))
        self.best: dict[str, Tensor] = {}
        self.commit = source_version()
        # For each epoch its stage and its number within the stage, from 0.
        self.course: list[tuple[StageRecipe | None, int]] = [
            (stage, number) for stage in recipe.stages for number in range(stage.epochs)
        ] or [(None, number) for number in range(recipe.training.epochs)]
        self._restore()

    def go(self) -> ModelFile:
        """Train to the end."""
        with _interruption() as interrupted:
            while not self._finished():
                self._train_epoch(interrupted)
                self._end_epoch()
                if interrupted() and not self._finished():
                    self._stop("after epoch", self.progress.epoch - 1)
        return self._model_file()

    def _finished(self) -> bool:
        done = self.progress
        waited = done.epoch - 1 - done.best_epoch
        patience = math.inf if self.recipe.stages else self.recipe.training.patience
        return done.epoch > len(self.course) or (done.best_epoch > 0 and waited >= patience)

    def _train_epoch(self, interrupted: Callable[[], bool]) -> None:
        done, schedule = self.progress, self.recipe.training
        self.model.train()
        stage, number = self.course[done.epoch - 1]
        batches = self.material.batches(schedule.batch_size, schedule.seed, done.epoch, stage)
        epoch_targets = self.material.targets(stage)
        for batch in batches[done.step :]:
            began = time.perf_counter()
            if stage is not None:
                progress = (number + (done.step + 1) / len(batches)) / stage.epochs
                self.step.set_rate(rate_at(stage, progress))
            loss = self._step(batch)
            count = float(batch.mask.sum() if batch.weights is None else batch.weights.sum())
            done.step += 1
            done.loss_sum += loss * count
            done.targets += count
            done.seconds += time.perf_counter() - began
            self.watcher.step(
                Step(
                    done.epoch,
                    len(self.course),
                    count,
                    done.targets,
                    epoch_targets,
                    done.loss_sum / done.targets,
                )
            )
            if interrupted() and done.step < len(batches):
                self._save()
                self._stop(f"at epoch {done.epoch}, step", done.step)

    def _step(self, batch: Batch) -> float:
        try:
            return self.step(batch)
        except NotFinite as error:
            raise self._diverged(str(error), f"step {self.progress.step + 1}") from error

    def _diverged(self, what: str, where: str) -> TangyinError:
        if self.progress.best_epoch:
            kept = f"the best weights, of epoch {self.progress.best_epoch}, are in {self.run.model}"
        else:
            kept = "there are no good weights yet"
        return TangyinError(
            f"{what} at epoch {self.progress.epoch}, {where}; {kept}: "
            "train again at a smaller optimizer.learning_rate"
        )

    def _end_epoch(self) -> None:
        """Evaluate, keep the best weights, write everything down."""
        done = self.progress
        tally = sum(evaluate(self.model, self.material, self.precision).values(), Tally())
        if not tally.nll / tally.targets < LARGEST_LOSS:
            raise self._diverged(f"the loss on dev became {tally.nll / tally.targets:g}", "its end")
        dev = tally.figures()
        improved = dev["per_token"] < done.best
        loss = done.loss_sum / done.targets
        metrics = {
            "epoch": done.epoch,
            "train_loss": loss,
            "train_per_token": math.exp(min(loss, LARGEST_LOSS)),
            "dev": dev,
            "improved": improved,
            "seconds": round(done.seconds, 3),
            "targets_per_second": round(done.targets / done.seconds),
        }
        if improved:
            done.best, done.best_epoch = dev["per_token"], done.epoch
            self.best = {name: t.detach().clone() for name, t in self.model.state_dict().items()}
        done.metrics.append(metrics)
        done.epoch, done.step = done.epoch + 1, 0
        done.loss_sum, done.targets, done.seconds = 0.0, 0, 0.0
        # The checkpoint comes last: what a resumed run repeats is only what it will write again.
        if improved:
            save_model(self._model_file(), self.run.model)
        self.run.write_metrics(done.metrics)
        self._save()
        self.watcher.epoch(metrics)

    def _model_file(self) -> ModelFile:
        """The best weights so far as a model file."""
        best = next(m for m in self.progress.metrics if m["epoch"] == self.progress.best_epoch)
        tensors: dict[str, Any] = {
            name: tensor.float().cpu().numpy() for name, tensor in self.best.items()
        }
        if self.tones is not None:
            tensors["tones"] = self.tones
        return ModelFile(
            name=self.recipe.name,
            architecture=self.architecture,
            vocabulary=self.material.vocabulary,
            forms=self.material.forms,
            tensors=tensors,
            training={
                "recipe": self.recipe.as_dict(),
                **self.material.facts,
                "poems": len(self.material.train),
                "epoch": self.progress.best_epoch,
                "precision": self.precision,
                "commit": self.commit,
            },
            figures={"dev": {"all": best["dev"]}},
        )

    def _save(self) -> None:
        save_checkpoint(
            self.run.checkpoint, self.progress, self.model, self.step.optimizer, self.best
        )

    def _restore(self) -> None:
        """Go on from the newest checkpoint that is sound, if there is one."""
        found = checkpoints(self.run.checkpoint)
        for number, path in enumerate(found):
            try:
                self.progress, self.best = load_checkpoint(
                    path, self.model, self.step.optimizer, self.progress.poems
                )
            except DamagedCheckpoint as error:
                if number + 1 == len(found):
                    raise TangyinError(
                        f"{error}, and there is no other; delete {self.run.path} and begin again"
                    ) from error
                self.watcher.say(f"{error}; going on from the one before it")
                continue
            return

    def _stop(self, where: str, number: int) -> None:
        raise Interrupted(
            f"stopped {where} {number}, and saved; go on with the same command and --resume"
        )


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """Turn the first SIGINT into a flag; a second one stops at once."""
    seen = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        seen = True
        signal.signal(signal.SIGINT, previous)

    previous = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, note)
    except ValueError:  # not the main thread, which alone receives signals
        yield lambda: False
        return
    try:
        yield lambda: seen
    finally:
        signal.signal(signal.SIGINT, previous)
