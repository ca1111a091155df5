"""Where studies have their trainings done: each once, kept by its recipe."""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tangyin.corpus import load_corpus
from tangyin.errors import TangyinError
from tangyin.files import make_folder, write_whole
from tangyin.model.file import ModelFile, save_model
from tangyin.nn.language_model import LanguageModel
from tangyin.paths import studies_home
from tangyin.studies.progress import Progress
from tangyin.studies.recorder import Recorder
from tangyin.training import InterruptedRun, Recipe, RunFolder, make_optimizer, train
from tangyin.training.checkpoint import checkpoints, load_checkpoint
from tangyin.training.precision import chosen_precision
from tangyin.training.source_version import source_version
from tangyin.training.step import DivergedError

NUMERICS = 1
"""Raised whenever the same recipe would train to other numbers; what was kept before is not used.

The version of tangyin would not do: most releases leave the numbers as they are."""

WORST = 20_000.0
"""A dev perplexity that is given to a training that diverged; uniform guessing is far better."""

Advance = Callable[[float], None]


@dataclass(frozen=True)
class Job:
    """A training that a study asks for.

    Attributes:
        recipe: what to do; its name does not matter.
        own: a file of poems to train on instead of the corpus (`TrainingCache.poem_file`).
        keep: keep the weights too, the best and the last.
    """

    recipe: Recipe
    own: Path | None = None
    keep: bool = False


@dataclass(frozen=True)
class Training:
    """A training that was done.

    Attributes:
        epochs: the lines of `metrics.jsonl`.
        losses: the training loss within the epochs (`Recorder.losses`).
        failed: the sentence with which it diverged, or "".
        best: file of the best model, if it was to be kept.
        last: file of the last weights, likewise.
    """

    epochs: list[dict[str, Any]]
    losses: list[list[float]]
    failed: str
    best: Path
    last: Path

    def dev(self, figure: str = "per_token") -> list[float]:
        """A dev perplexity after each epoch."""
        return [float(line["dev"][figure]) for line in self.epochs]

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest open dev perplexity, from 1; 0 if none was reached."""
        return int(np.argmin(self.dev())) + 1 if self.epochs else 0

    def best_dev(self, figure: str = "per_token") -> float:
        """A dev perplexity at the best epoch."""
        return self.dev(figure)[self.best_epoch - 1] if self.epochs else WORST

    @property
    def final_dev(self) -> float:
        """The open dev perplexity at the end, `WORST` when it diverged."""
        return self.dev()[-1] if self.epochs and not self.failed else WORST

    @property
    def seconds(self) -> float:
        """Pure training time."""
        return float(sum(line["seconds"] for line in self.epochs))

    def curve(self) -> dict[str, Any]:
        """What plots need: dev and training perplexities, losses and time, rounded."""
        return {
            "dev": rounded(self.dev()),
            "dev_closed": rounded(self.dev("per_token_closed")),
            "train": rounded(line["train_per_token"] for line in self.epochs),
            "seconds": rounded(np.cumsum([line["seconds"] for line in self.epochs])),
            "losses": self.losses,
            "best_epoch": self.best_epoch,
            "failed": self.failed,
        }


class TrainingCache:
    """Does trainings and other work for studies, and keeps what came out.

    The folder holds `trainings/` and `computed/`, each a file named by the digest of all that
    decides its content; `runs/`, the trainings under way; and `poems/`. Two studies that ask for
    the same training get one, and a study that is stopped goes on where it was.

    Args:
        folder: `studies_home()` when None.
        progress: is told how it goes.
    """

    def __init__(self, folder: Path | None = None, progress: Progress | None = None) -> None:
        self.folder = folder or studies_home()
        self.progress = progress or Progress()

    @cached_property
    def corpus_facts(self) -> dict[str, str]:
        """What tells this corpus and its split from any other."""
        facts = load_corpus().facts
        return {"integrity": facts["integrity"], "split": facts["split_sha256"]}

    def train_all(self, jobs: Iterable[Job], what: str) -> list[Training]:
        """Do trainings one after the other.

        Args:
            jobs: what to do.
            what: a few words for people.
        """
        asked = list(jobs)
        return [self.train(job, f"{what} {n}/{len(asked)}") for n, job in enumerate(asked, 1)]

    def train(self, job: Job, what: str) -> Training:
        """Do a training, or find what it came to when it was done before.

        A training that diverges is a result too, with `failed` set.

        Raises:
            InterruptedRun: the user stopped it; the same call goes on with it.
            TangyinError: it failed otherwise.
        """
        name = self.name_of(job)
        self.progress.doing(what)
        record = self.folder / "trainings" / f"{name}.json"
        best, last = (record.with_suffix(f".{which}.safetensors") for which in ("best", "last"))
        epochs = job.recipe.epochs
        if record.exists() and not (job.keep and not last.exists()):
            found = json.loads(record.read_text(encoding="utf-8"))
            self.progress.plan(-epochs)
        else:
            found = self._train(job, self.folder / "runs" / name, best if job.keep else None, last)
            make_folder(record.parent)
            write_whole(record, json.dumps(found, ensure_ascii=False))
            shutil.rmtree(self.folder / "runs" / name, ignore_errors=True)
            self.progress.plan(len(found["epochs"]) - epochs)
        return Training(found["epochs"], found["losses"], found["failed"], best, last)

    def name_of(self, job: Job) -> str:
        """The digest of all that decides what a training comes to."""
        return self._digest(
            recipe={key: v for key, v in job.recipe.as_dict().items() if key != "name"},
            precision=chosen_precision(job.recipe.training.precision, torch.device("cpu")),
            poems=_file_digest(job.own) if job.own else self.corpus_facts,
        )

    def compute(
        self,
        what: str,
        settings: dict[str, Any],
        work: float,
        function: Callable[[Advance], Any],
    ) -> Any:
        """Do other work, or find its result.

        Args:
            what: its name.
            settings: JSON values; everything that decides the result.
            work: how much it is (`Progress`).
            function: does it; is given a function to tell the work done, and returns JSON values.
        """
        path = (
            self.folder / "computed" / f"{what}-{self._digest(settings=settings, what=what)}.json"
        )
        self.progress.doing(what.replace("-", " "))
        if path.exists():
            self.progress.plan(-work)
            return json.loads(path.read_text(encoding="utf-8"))
        left = work

        def advance(share: float) -> None:
            nonlocal left
            done = min(left, share)
            left -= done
            self.progress.advance(done)

        value = json.loads(json.dumps(function(advance), allow_nan=False))
        advance(left)
        make_folder(path.parent)
        write_whole(path, json.dumps(value, ensure_ascii=False))
        return value

    def poem_file(
        self, train: Iterable[str], dev: Iterable[str], titles: Iterable[str] = ()
    ) -> Path:
        """A file of poems to train on, named by its content.

        Args:
            train: texts of the training part.
            dev: texts of the dev part.
            titles: of the training part's poems, as many; none for none.
        """
        records = [{"text": text, "part": "train"} for text in train]
        for record, title in zip(records, titles, strict=False):
            record["title"] = title
        records += [{"text": text, "part": "dev"} for text in dev]
        content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        name = hashlib.sha256(content.encode()).hexdigest()[:16]
        path = self.folder / "poems" / f"{name}.jsonl"
        if not path.exists():
            make_folder(path.parent)
            write_whole(path, content)
        return path

    def _digest(self, **facts: Any) -> str:
        facts |= {"numerics": NUMERICS, "corpus": self.corpus_facts}
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def _train(self, job: Job, folder: Path, best: Path | None, last: Path) -> dict[str, Any]:
        """Train, and return what is recorded of it."""
        run = RunFolder(folder)
        make_folder(folder)
        recorder = Recorder(folder / "losses.json", self.progress)
        failed, model = "", None
        try:
            # The name would make a run of the same numbers another one.
            recipe = replace(job.recipe, name="study")
            model = train(recipe, run, resume=True, own=job.own, callback=recorder)
        except InterruptedRun as stop:
            recorder.save()
            raise InterruptedRun("stopped, and saved; go on with the same command") from stop
        except TangyinError as error:
            if not diverged(error):
                raise
            failed = str(error).partition(";")[0]
        if best is not None and model is not None:
            make_folder(best.parent)
            save_model(model, best)
            save_model(last_weights(job.recipe, run, model), last)
        lines = run.metrics.read_text("utf-8").splitlines() if run.metrics.exists() else []
        return {
            "recipe": job.recipe.as_dict(),
            "epochs": [json.loads(line) for line in lines],
            "losses": recorder.losses,
            "failed": failed,
            "made": made(),
        }


def diverged(error: TangyinError) -> bool:
    """Whether a training failed because its loss grew beyond measure.

    The trainer says so in a sentence that asks for a smaller rate.
    """
    return isinstance(error.__cause__, DivergedError) or "optimizer.learning_rate" in str(error)


def last_weights(recipe: Recipe, run: RunFolder, best: ModelFile) -> ModelFile:
    """The weights that a finished run ended with, as a model file like that of its best ones."""
    model = LanguageModel(best.architecture, best.vocabulary)
    optimizer = make_optimizer(recipe.optimizer, model)
    newest = checkpoints(run.checkpoint)[0]
    load_checkpoint(newest, model, optimizer, str(best.training["poems_sha256"]))
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    return ModelFile(
        best.name, best.architecture, best.vocabulary, best.forms, tensors, best.training
    )


def made() -> dict[str, Any]:
    """With what a result was made."""
    return {
        "tangyin": source_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": processor(),
        "threads": torch.get_num_threads(),
        "precision": chosen_precision("auto", torch.device("cpu")),
    }


def processor() -> str:
    """Name of the processor, and how many cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name}, {cores} cores"


def rounded(values: Iterable[float], digits: int = 5) -> list[float]:
    """Numbers to so many significant digits, more than a plot shows."""
    return [float(f"{value:.{digits}g}") for value in values]


def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
