"""The training loop."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tangyin.corpus import Batch
from tangyin.errors import TangyinError, UsageError
from tangyin.model.file import ModelFile, save_model
from tangyin.nn.language_model import LanguageModel
from tangyin.prosody import tone_classes
from tangyin.scoring import Tally
from tangyin.training.checkpoint import (
    DamagedCheckpointError,
    Progress,
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from tangyin.training.dataset import Dataset, load_dataset
from tangyin.training.distributed import DistributedContext, joined, weight_of
from tangyin.training.evaluation import evaluate
from tangyin.training.precision import chosen_precision
from tangyin.training.recipe import Recipe, StageRecipe
from tangyin.training.run_folder import RunFolder
from tangyin.training.source_version import source_version
from tangyin.training.stages import rate_at
from tangyin.training.step import DivergedError, TrainingStep

LARGEST_LOSS = 500.0
"""A training with more nats a target has failed; the perplexity of twice as many is no float."""

SAVE_EVERY = 600.0
"""Seconds between checkpoints within an epoch: so much a killed run does again, at most."""


class InterruptedRun(TangyinError):  # noqa: N818 - an interruption is no error
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


class Callback:
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
    device: str = "auto",
    watcher: Callback | None = None,
) -> ModelFile:
    """Train a model by a recipe, alone or as one of the processes that torchrun has started.

    The run goes epoch by epoch: all training batches, then dev by the protocol. Whenever dev
    per_token falls, the weights become `model.safetensors`; after `patience` epochs without that,
    or after the last epoch, the run ends. Each epoch's end is a checkpoint, and within a long epoch
    there is one every `SAVE_EVERY` seconds; a killed run goes on from the last one to the same
    result as one never killed. SIGINT makes a checkpoint at the next step.

    Several processes take the same steps as one, each with its share of every batch and of dev
    (`DistributedContext`); only what dropout drops is drawn by each for itself. The first alone
    writes the run's folder, which all must see, and tells the watcher.

    Args:
        recipe: what to do.
        run: where to keep it.
        resume: go on with the run that is there (one that is not begins).
        own: a file of one's own poems to train on.
        device: "cpu", "cuda", or "auto", CUDA where there is a device for it. A run may go on on
            another one.
        watcher: is told how it goes.

    Returns:
        The best model, which `model.safetensors` holds rounded to fp16.

    Raises:
        InterruptedRun: SIGINT came.
        UsageError: a run is in the folder and `resume` is False, or it has another recipe or other
            poems; there is no such device.
        LostProcessError: another process of the training has gone.
        TangyinError: the loss became infinite or NaN, the disk is full, another training is in
            the folder, every checkpoint is damaged, the network does not fit into memory.
    """
    with joined(device) as processes, ExitStack() as held:
        if watcher is None or not processes.first:
            watcher = Callback()
        with processes.together():
            if processes.first:
                held.enter_context(run.locked())
                run.check(recipe, resume)
            material = load_dataset(recipe.data, own)
            for number, stage in enumerate(recipe.stages, 1):
                if not len(material.of(stage)):
                    raise UsageError(
                        f"stages, number {number}: no training poem is of its forms and "
                        "dynasties; name others or add poems"
                    )
            for remark in material.remarks:
                watcher.say(remark)
            model = _new_model(recipe, material, processes.device)
        training = _Training(recipe, run, material, model, watcher, processes)
        training.restore()
        with processes.together():
            if processes.first:
                run.begin(recipe)
        return training.go()


def _new_model(recipe: Recipe, material: Dataset, device: torch.device) -> LanguageModel:
    """The network with the weights that a run begins with: the same on all devices."""
    network = recipe.model
    torch.manual_seed(recipe.training.seed)
    try:
        architecture = network.architecture.fitted(material.vocabulary)
        return LanguageModel(
            architecture, material.vocabulary, network.initialization, network.dropout
        ).to(device)
    except RuntimeError as error:  # what torch raises when it gets no memory
        raise TangyinError(
            f"there is no memory for a network of {network.layers} layers of "
            f"{network.hidden_size} and an embedding of {network.embedding_size}; "
            "make it smaller"
        ) from error


class _Training:
    """One run under way."""

    def __init__(
        self,
        recipe: Recipe,
        run: RunFolder,
        material: Dataset,
        model: LanguageModel,
        watcher: Callback,
        processes: DistributedContext,
    ) -> None:
        self.recipe, self.run, self.material, self.callback = recipe, run, material, watcher
        self.model, self.processes = model, processes
        self.architecture = model.architecture
        self.precision = chosen_precision(recipe.training.precision, processes.device)
        self.tones = tone_classes(material.vocabulary) if self.architecture.follows_text else None
        self.step = TrainingStep(
            model, recipe.optimizer, material.vocabulary, self.precision, self.tones, processes
        )
        shares = {
            form: texts[processes.rank :: processes.count] for form, texts in material.dev.items()
        }
        self.dev_share = replace(material, dev=shares)
        self.progress = Progress(poems=str(material.facts["poems_sha256"]))
        self.best: dict[str, Tensor] = {}
        self.commit = source_version()
        self.saved, self.settled = time.monotonic(), False
        # For each epoch its stage and its number within the stage, from 0.
        self.course: list[tuple[StageRecipe | None, int]] = [
            (stage, number) for stage in recipe.stages for number in range(stage.epochs)
        ] or [(None, number) for number in range(recipe.training.epochs)]

    def go(self) -> ModelFile:
        """Train to the end."""
        with _interruption() as interrupted:
            while not self._finished():
                self._train_epoch(interrupted)
                self._end_epoch()
                (stop,) = self.processes.sum(interrupted())
                if stop and not self._finished():
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
        if self.processes.count > 1 and not self.settled:
            self.step.settle(batches[0])
            self.settled = True
        for batch in batches[done.step :]:
            began = time.perf_counter()
            if stage is not None:
                progress = (number + (done.step + 1) / len(batches)) / stage.epochs
                self.step.set_rate(rate_at(stage, progress))
            loss = self._step(batch)
            count = weight_of(batch)
            done.step += 1
            done.loss_sum += loss * count
            done.targets += count
            done.seconds += time.perf_counter() - began
            self.callback.step(
                Step(
                    done.epoch,
                    len(self.course),
                    count,
                    done.targets,
                    epoch_targets,
                    done.loss_sum / done.targets,
                )
            )
            due = self.processes.first and time.monotonic() - self.saved > SAVE_EVERY
            stop, save = self.processes.sum(interrupted(), due)
            if (stop or save) and done.step < len(batches):
                self._save()
                if stop:
                    self._stop(f"at epoch {done.epoch}, step", done.step)

    def _step(self, batch: Batch) -> float:
        done = self.progress
        # Keyed by its place, what a step drops is the same however often the run was stopped.
        key = [self.recipe.training.seed, done.epoch, done.step, self.processes.rank]
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))
        try:
            return self.step(batch)
        except DivergedError as error:
            raise self._diverged(str(error), f"step {done.step + 1}") from error

    def _diverged(self, what: str, where: str) -> TangyinError:
        if self.progress.best_epoch:
            kept = f"the best weights, of epoch {self.progress.best_epoch}, are in {self.run.model}"
        else:
            kept = "there are no good weights yet"
        rate = "learning_rate of that stage" if self.recipe.stages else "optimizer.learning_rate"
        return TangyinError(
            f"{what} at epoch {self.progress.epoch}, {where}; {kept}: train again at a smaller "
            f"{rate}"
        )

    def _end_epoch(self) -> None:
        """Evaluate, keep the best weights, write everything down."""
        done = self.progress
        share = sum(evaluate(self.model, self.dev_share, self.precision).values(), Tally())
        tally = Tally(*self.processes.sum(*astuple(share)))
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
        with self.processes.together():
            if improved and self.processes.first:
                save_model(self._model_file(), self.run.model)
            if self.processes.first:
                self.run.write_metrics(done.metrics)
        self._save()
        self.callback.epoch(metrics)

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
        with self.processes.together():
            if self.processes.first:
                save_checkpoint(
                    self.run.checkpoint, self.progress, self.model, self.step.optimizer, self.best
                )
        self.saved = time.monotonic()

    def restore(self) -> None:
        """Go on from the newest checkpoint that is sound, if there is one."""
        with self.processes.together():
            self._load(checkpoints(self.run.checkpoint))
        poems = int(self.progress.poems[:12], 16)  # as much as a float holds
        same = self.processes.agree(self.progress.epoch, self.progress.step, poems)
        with self.processes.together():
            if not same:
                raise TangyinError(
                    f"{self.run.path} or the poems are others than those of process 0; give all "
                    "machines the same corpus, and one folder by --run that all of them see"
                )

    def _load(self, found: list[Path]) -> None:
        for number, path in enumerate(found):
            try:
                self.progress, self.best = load_checkpoint(
                    path, self.model, self.step.optimizer, self.progress.poems
                )
            except DamagedCheckpointError as error:
                if number + 1 == len(found):
                    raise TangyinError(
                        f"{error}, and there is no other; delete {self.run.path} and begin again"
                    ) from error
                self.callback.say(f"{error}; going on from the one before it")
                continue
            return

    def _stop(self, where: str, number: int) -> None:
        raise InterruptedRun(
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
