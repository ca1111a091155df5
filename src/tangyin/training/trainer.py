"""The training loop."""

import math
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor

import tangyin
from tangyin.errors import TangyinError, UsageError
from tangyin.model import find_model
from tangyin.model.file import ModelFile, load_model
from tangyin.nn.language_model import LanguageModel
from tangyin.nn.native import Kernel, kernel_for
from tangyin.scoring import Tally
from tangyin.training.callback import Callback, Step
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
from tangyin.training.memory import memory_for
from tangyin.training.precision import chosen_precision
from tangyin.training.recipe import Recipe, StageRecipe
from tangyin.training.run_folder import RunFolder
from tangyin.training.start import begin_with
from tangyin.training.step import DivergedError, TrainingStep

LARGEST_LOSS = 500.0
"""In nats a target. A larger dev loss is a failure; the perplexity of twice as many overflows."""

SAVE_EVERY = 600.0
"""Seconds between checkpoints within an epoch, the most that a killed run has to repeat."""


class InterruptedRun(TangyinError):  # noqa: N818 - an interruption is not an error
    """SIGINT (exit code 130) or SIGTERM (143) stopped a training; all up to there is saved."""

    def __init__(self, code: str, exit_code: int = 130, **params: Any) -> None:
        super().__init__(code, **params)
        self.exit_code = exit_code


def train(
    recipe: Recipe,
    run: RunFolder,
    *,
    resume: bool = False,
    own: Path | None = None,
    device: str = "auto",
    callback: Callback | None = None,
) -> ModelFile:
    """Train a model by a recipe, alone or as one of the processes that torchrun has started.

    After each epoch the model is evaluated on dev. When the dev perplexity falls, the weights are
    written to `model.safetensors`; the run ends after `patience` epochs without that, or after the
    last epoch. Checkpoints are written after each epoch, every `SAVE_EVERY` seconds within one, and
    on SIGINT and SIGTERM. A resumed run ends with the same result as an uninterrupted one.

    Several processes take the same steps as one, each with its share of every batch and of dev
    (`DistributedContext`); only dropout is drawn by each process separately. Number 0 writes the
    run's folder, which all must see, and calls the callback.

    `own` is a user's file of poems to train on, `device` one of `distributed.DEVICES`; resuming may
    use another device. `resume` without a run in the folder begins one.

    Returns:
        The best model, which `model.safetensors` holds rounded to fp16.

    Raises:
        InterruptedRun: SIGINT or SIGTERM was received.
        DivergedError: the training loss, its gradient, the dev loss or the weights became
            infinite, NaN or far too large.
        UsageError: a run is in the folder and `resume` is False, or it has another recipe, other
            poems or no checkpoint; there is no such device.
        LostProcessError: another process of the training has ended.
        OutOfMemoryError: network and batch do not fit into memory.
        TangyinError: the disk is full, another training is in the folder, the folder was deleted or
            replaced, or every checkpoint is damaged.
    """
    with joined(device) as context, memory_for(recipe), ExitStack() as held:
        if callback is None or not context.first:
            callback = Callback()
        with context.together():
            if context.first:
                held.enter_context(run.locked())
                run.check(recipe, resume)
            dataset = load_dataset(recipe.data, own)
            for number, stage in enumerate(recipe.stages, 1):
                if not len(dataset.of(stage)):
                    raise UsageError("training.empty_stage", number=number)
            for remark in dataset.remarks:
                callback.say(str(remark))
            model = _new_model(recipe, dataset, context.device)
        training = _Training(recipe, run, dataset, model, callback, context)
        training.restore()
        with context.together():
            if context.first:
                run.begin(recipe)
                training.write_again()
        return training.go()


def _new_model(recipe: Recipe, dataset: Dataset, device: torch.device) -> LanguageModel:
    """The network with its initial weights, which are the same on all devices."""
    network, vocabulary = recipe.model, dataset.vocabulary
    torch.manual_seed(recipe.training.seed)
    architecture = network.architecture.fitted(vocabulary)
    model = LanguageModel(architecture, vocabulary, network.initialization, network.dropout)
    if recipe.training.start:
        begin_with(model, vocabulary, find_model(recipe.training.start))
    return model.to(device)


@dataclass
class _Training:
    """A run in progress."""

    recipe: Recipe
    run: RunFolder
    dataset: Dataset
    model: LanguageModel
    callback: Callback
    context: DistributedContext

    def __post_init__(self) -> None:
        recipe, dataset, model, context = self.recipe, self.dataset, self.model, self.context
        self.precision = chosen_precision(recipe.training.precision, context.device)
        self.step = TrainingStep(model, recipe.optimizer, self.precision, context)
        shares = {form: texts[context.rank :: context.count] for form, texts in dataset.dev.items()}
        self.dev_share = replace(dataset, dev=shares)
        self.progress = Progress(
            poems=str(dataset.facts["poems_sha256"]),
            recipe=recipe.as_dict(),
            machine=self._machine(),
        )
        self.best: dict[str, Tensor] = {}
        self.commit = source_version()
        self.saved, self.settled = time.monotonic(), False
        # The stage of each epoch and the epoch's number within it, from 0.
        self.course: list[tuple[StageRecipe | None, int]] = [
            (stage, number) for stage in recipe.stages for number in range(stage.epochs)
        ] or [(None, number) for number in range(recipe.training.epochs)]

    def go(self) -> ModelFile:
        """Train to the end."""
        with _interruption() as interrupted:
            while not self._finished():
                try:
                    self._train_epoch(interrupted)
                    self._end_epoch()
                except DivergedError as error:
                    raise self._located(error) from error
                stop, terminated = self.context.sum(*interrupted())
                if (stop or terminated) and not self._finished():
                    raise self._stopped(terminated)
        return self._model_file()

    def _stopped(self, terminated: bool) -> InterruptedRun:
        code = 128 + (signal.SIGTERM if terminated else signal.SIGINT)
        done = self.progress
        return InterruptedRun("training.stopped", code, epoch=done.epoch, step=done.step)

    def _finished(self) -> bool:
        done = self.progress
        waited = done.epoch - 1 - done.best_epoch
        patience = math.inf if self.recipe.stages else self.recipe.training.patience
        return done.epoch > len(self.course) or (done.best_epoch > 0 and waited >= patience)

    def _machine(self) -> dict[str, Any]:
        """What changes the rounding, and with it the result a little."""
        products = torch.bfloat16 if self.precision == "bf16" else torch.float32
        native = isinstance(kernel_for(products, self.context.device), Kernel)
        return {
            "device": self.context.device.type,
            "precision": self.precision,
            "kernel": "native" if native else "torch",
            "processes": self.context.count,
            "threads": torch.get_num_threads(),
        }

    def _train_epoch(self, interrupted: Callable[[], tuple[bool, bool]]) -> None:
        done, schedule = self.progress, self.recipe.training
        self.model.train()
        stage, number = self.course[done.epoch - 1]
        batches = self.dataset.batches(schedule.batch_size, schedule.seed, done.epoch, stage)
        epoch_targets = self.dataset.targets(stage)
        if self.context.count > 1 and not self.settled:
            self.step.settle(batches[0])
            self.settled = True
        while done.step < len(batches):
            batch = batches[done.step]
            began = time.perf_counter()
            if stage is not None:
                progress = (number + (done.step + 1) / len(batches)) / stage.epochs
                self.step.set_rate(stage.rate_at(progress))
            # Dropout is keyed by the step's position, so interruptions do not change it.
            key = [schedule.seed, done.epoch, done.step, self.context.rank]
            torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))
            loss, weight = self.step(batch), weight_of(batch)
            done.step += 1
            done.loss_sum += loss * weight
            done.targets += weight
            done.seconds += time.perf_counter() - began
            mean = done.loss_sum / done.targets
            self.callback.step(
                Step(done.epoch, len(self.course), weight, done.targets, epoch_targets, mean)
            )
            due = self.context.first and time.monotonic() - self.saved > SAVE_EVERY
            stop, terminated, save = self.context.sum(*interrupted(), due)
            if (stop or terminated or save) and done.step < len(batches):
                self._save()
                if stop or terminated:
                    raise self._stopped(terminated)

    def _located(self, error: DivergedError) -> DivergedError:
        """The same error with its place in the run, and the remedy."""
        done = self.progress
        key = "stages.learning_rate" if self.recipe.stages else "optimizer.learning_rate"
        place = {"fault": error, "epoch": done.epoch, "steps": done.step, "key": key}
        if not done.best_epoch:
            return DivergedError("training.diverged_at_once", **place)
        kept = {"best": done.best_epoch, "model": self.run.model}
        return DivergedError("training.diverged", **place, **kept)

    def _end_epoch(self) -> None:
        """Evaluate, keep the best weights, write everything to the run's folder."""
        done = self.progress
        share = sum(evaluate(self.model, self.dev_share, self.precision).values(), Tally())
        tally = Tally(*self.context.sum(*astuple(share)))
        if not tally.nll / tally.targets < LARGEST_LOSS:
            raise DivergedError("training.dev_diverged", value=tally.nll / tally.targets)
        largest = max(tensor.abs().max() for tensor in self.model.state_dict().values())
        if not largest.half().isfinite():  # the model file holds fp16
            raise DivergedError("training.weights_diverged", value=float(largest))
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
        # The checkpoint comes first: a run killed after it writes the other files when it resumes.
        self._save()
        with self.context.together():
            if self.context.first:
                self.run.write(done.metrics, self._model_file() if improved else None)
        self.callback.epoch(metrics)

    def write_again(self) -> None:
        """Write metrics and model of the checkpoint that the run resumes from.

        The run may have been killed before it wrote them, or they may be lost or damaged.
        """
        if self.progress.metrics:
            model = self._model_file()
            self.run.write(self.progress.metrics, None if _holds(self.run.model, model) else model)

    def _model_file(self) -> ModelFile:
        """The best weights so far as a model file."""
        epoch = self.progress.best_epoch
        tensors: dict[str, Any] = {n: t.float().cpu().numpy() for n, t in self.best.items()}
        if self.model.tones is not None:
            tensors["tones"] = self.model.tones
        return ModelFile(
            name=self.recipe.name,
            architecture=self.model.architecture,
            vocabulary=self.dataset.vocabulary,
            forms=self.dataset.forms,
            tensors=tensors,
            training={
                "recipe": self.recipe.as_dict(),
                **self.dataset.facts,
                "poems": len(self.dataset.train),
                "epoch": epoch,
                "precision": self.precision,
                "commit": self.commit,
            },
            figures={"dev": {"all": self.progress.metrics[epoch - 1]["dev"]}},
        )

    def _save(self) -> None:
        with self.context.together():
            if self.context.first:
                self.run.confirm()
                save_checkpoint(
                    self.run.checkpoint, self.progress, self.model, self.step.optimizer, self.best
                )
        self.saved = time.monotonic()

    def restore(self) -> None:
        """Load the newest undamaged checkpoint, if there is one."""
        begun = self.progress
        with self.context.together():
            found = checkpoints(self.run.checkpoint)
            for path in found:
                try:
                    self.progress, self.best = load_checkpoint(
                        path, self.model, self.step.optimizer, begun
                    )
                    break
                except DamagedCheckpointError as error:
                    if path == found[-1]:
                        damaged = {"cause": error, "path": self.run.path}
                        raise TangyinError("training.checkpoints_damaged", **damaged) from error
                    self.callback.say(str(TangyinError("training.checkpoint_skipped", cause=error)))
        place = self.progress.poems, self.progress.epoch, self.progress.step
        if len(set(self.context.gather(place))) > 1:
            raise TangyinError("training.processes_differ", path=self.run.path)
        before, now = self.progress.machine, begun.machine
        if others := [key for key in now if before.get(key) != now[key]]:
            shown = {f"{key} {now[key]}": f"{key} {before.get(key)}" for key in others}
            changed = {"now": list(shown), "before": list(shown.values())}
            self.callback.say(str(TangyinError("training.other_machine", **changed)))
        self.progress.machine = now


def _holds(path: Path, model: ModelFile) -> bool:
    """Whether a file holds these weights."""
    try:
        stored = load_model(path).tensors
    except TangyinError:
        return False
    return stored.keys() == model.tensors.keys() and all(
        np.array_equal(stored[name], tensor.astype(np.float16).astype(stored[name].dtype))
        for name, tensor in model.tensors.items()
    )


def source_version() -> str:
    """The git commit of the checkout this package runs from, or its version where there is none.

    A checkout with uncommitted changes is marked by "+".
    """
    root = Path(tangyin.__file__).parents[2]

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    if (root / ".git").exists():
        with suppress(OSError, subprocess.SubprocessError):
            return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "src") else "")
    return f"tangyin {tangyin.__version__}"


@contextmanager
def _interruption() -> Iterator[Callable[[], tuple[bool, bool]]]:
    """Turn the first SIGINT and the first SIGTERM into flags; a second one stops at once.

    What is ignored stays so: a shell starts jobs in the background with SIGINT ignored.
    """
    stops = signal.SIGINT, signal.SIGTERM
    numbers = [n for n in stops if signal.getsignal(n) is not signal.SIG_IGN]
    seen: set[int] = set()

    def note(number: int, _frame: FrameType | None) -> None:
        seen.add(number)
        signal.signal(number, previous[number])

    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():  # which alone receives signals
            previous: dict[int, Any] = {n: signal.signal(n, note) for n in numbers}
            for number in numbers:
                stack.callback(signal.signal, number, previous[number])
        yield lambda: (signal.SIGINT in seen, signal.SIGTERM in seen)
