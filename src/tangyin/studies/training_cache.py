"""Trains for studies, each recipe once, and keeps the results."""

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from tangyin.corpus import load_corpus
from tangyin.files import make_folder, write_whole
from tangyin.model.file import ModelFile, save_model
from tangyin.nn.language_model import LanguageModel
from tangyin.paths import studies_home
from tangyin.studies.losses import LossRecorder
from tangyin.training import DivergedError, InterruptedRun, Recipe, RunFolder, make_optimizer, train
from tangyin.training.checkpoint import Progress, checkpoints, load_checkpoint
from tangyin.training.dataset import load_dataset
from tangyin.training.precision import chosen_precision
from tangyin.training.trainer import source_version

NUMERICS = 1
"""Increased whenever the same recipe would train to other numbers: it invalidates the cache. Most
releases do not change the numbers."""

WORST = 20_000.0
"""The dev perplexity recorded for a diverged training; a uniform guess is far better."""


@dataclass(frozen=True)
class Job:
    """A training that a study requests; the recipe's name does not matter."""

    recipe: Recipe
    own: Path | None = None  # a file of poems to train on instead of the corpus
    keep: bool = False  # the weights, the best and the last


@dataclass(frozen=True)
class Training:
    """The result of a training."""

    epochs: list[dict[str, Any]]  # the lines of `metrics.jsonl`
    losses: list[list[float]]  # `LossRecorder.losses`
    failed: str  # how it diverged, or ""
    best: Path  # the weights at the best epoch; they exist if the job has `keep`
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
        """The open dev perplexity at the end, `WORST` if it diverged."""
        return self.dev()[-1] if self.epochs and not self.failed else WORST

    @property
    def seconds(self) -> float:
        """Pure training time."""
        return float(sum(line["seconds"] for line in self.epochs))

    def curve(self) -> dict[str, Any]:
        """The values for plots, rounded: dev and training perplexities, losses and time."""
        return {
            "dev": rounded(self.dev()),
            "train": rounded(line["train_per_token"] for line in self.epochs),
            "seconds": rounded(np.cumsum([line["seconds"] for line in self.epochs])),
            "losses": self.losses,
            "best_epoch": self.best_epoch,
            "failed": self.failed,
        }


class TrainingCache:
    """Trains and computes for studies, and keeps the results in `folder` (`studies_home()`).

    The name of a result is the digest of everything that decides it, so studies share equal
    trainings, and a study that was stopped repeats none that were finished. `say` shows a line.
    """

    def __init__(
        self, folder: Path | None = None, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.folder, self.say = folder or studies_home(), say

    def train_all(self, jobs: list[Job], what: str) -> list[Training]:
        """Train one job after the other; `what` describes them in a few words."""
        return [self.train(job, f"{what} {n}/{len(jobs)}") for n, job in enumerate(jobs, 1)]

    def train(self, job: Job, what: str) -> Training:
        """Train, or read the result from the cache; a diverged training is a result too.

        Raises:
            InterruptedRun: the user stopped it.
        """
        record = self.folder / "trainings" / f"{self.name_of(job)}.json"
        best, last = (record.with_suffix(f".{which}.safetensors") for which in ("best", "last"))
        if record.exists() and (last.exists() or not job.keep):
            found = json.loads(record.read_text(encoding="utf-8"))
        else:
            self.say(what)
            found = self._train(job, best, last)
            write_json(record, found)
        return Training(found["epochs"], found["losses"], found["failed"], best, last)

    def name_of(self, job: Job) -> str:
        """The digest of everything that decides the result of a training."""
        return _digest(
            recipe={key: v for key, v in job.recipe.as_dict().items() if key != "name"},
            precision=chosen_precision(job.recipe.training.precision, torch.device("cpu")),
            poems=_sha256(job.own.read_bytes()) if job.own else _corpus_facts(),
        )

    def compute(self, what: str, settings: dict[str, Any], function: Callable[[], Any]) -> Any:
        """Compute something else, JSON values that `settings` decide, or read it from the cache."""
        path = self.folder / "computed" / f"{what}-{_digest(settings=settings, what=what)}.json"
        if not path.exists():
            self.say(what.replace("-", " "))
            write_json(path, function(), allow_nan=False)
        return json.loads(path.read_text(encoding="utf-8"))

    def poem_file(
        self, train: Iterable[str], dev: Iterable[str], titles: Iterable[str] = ()
    ) -> Path:
        """A file of training and dev poems, named by its content; `titles` are of the former."""
        records = [{"text": text, "part": "train"} for text in train]
        for record, title in zip(records, titles, strict=False):
            record["title"] = title
        records += [{"text": text, "part": "dev"} for text in dev]
        content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        path = self.folder / "poems" / f"{_sha256(content.encode())[:16]}.jsonl"
        if not path.exists():
            make_folder(path.parent)
            write_whole(path, content)
        return path

    def _train(self, job: Job, best: Path, last: Path) -> dict[str, Any]:
        """Train, and return the record."""
        make_folder(self.folder)
        recorder = LossRecorder(self.say)
        failed, model = "", None
        recipe = replace(job.recipe, name="study")
        with TemporaryDirectory(dir=self.folder) as folder:
            run = RunFolder(Path(folder))
            try:
                model = train(recipe, run, own=job.own, callback=recorder)
            except InterruptedRun as stop:
                raise InterruptedRun("study.stopped", stop.exit_code) from stop
            except DivergedError as error:
                failed = str(error.params.get("fault", error))
            if job.keep and model is not None:
                make_folder(best.parent)
                save_model(model, best)
                save_model(last_weights(recipe, run, model), last)
            lines = run.metrics.read_text("utf-8").splitlines() if run.metrics.exists() else []
        return {
            "recipe": job.recipe.as_dict(),
            "epochs": [json.loads(line) for line in lines],
            "losses": recorder.losses,
            "failed": failed,
            "made": made(),
        }


def last_weights(recipe: Recipe, run: RunFolder, best: ModelFile) -> ModelFile:
    """The last weights of a finished run, in a model file like that of the best ones."""
    model = LanguageModel(best.architecture, best.vocabulary)
    optimizer = make_optimizer(recipe.optimizer, model)
    newest = checkpoints(run.checkpoint)[0]
    begun = Progress(best.training["poems_sha256"], recipe=recipe.as_dict())
    load_checkpoint(newest, model, optimizer, begun)
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    return replace(best, tensors=tensors, figures={})


def outcome(job: Job, trained: list[Training]) -> dict[str, Any]:
    """`parameters`, and for each seed the open dev perplexities and `seconds` per epoch."""
    return {
        "parameters": parameters(job),
        "best": rounded(training.best_dev() for training in trained),
        "best_epoch": [training.best_epoch for training in trained],
        "train": rounded(training.epochs[-1]["train_per_token"] for training in trained),
        "seconds": rounded(training.seconds / len(training.epochs) for training in trained),
        "dev": [rounded(training.dev()) for training in trained],
    }


def ends(job: Job, trained: list[Training]) -> dict[str, Any]:
    """`parameters`, and for each seed the last dev perplexities and the seconds of training."""
    names = {"closed": "per_token_closed", "open": "per_token", "per_hanzi": "per_hanzi_closed"}
    return {
        "parameters": parameters(job),
        **{
            name: rounded(WORST if t.failed else t.dev(figure)[-1] for t in trained)
            for name, figure in names.items()
        },
        "seconds": rounded(training.seconds for training in trained),
    }


def parameters(job: Job) -> int:
    """The number of weights that the network learns."""
    vocabulary = load_dataset(job.recipe.data, job.own).vocabulary
    with torch.device("meta"):
        model = LanguageModel(job.recipe.model.architecture, vocabulary)
    return sum(parameter.numel() for parameter in model.parameters())


def made() -> dict[str, Any]:
    """The versions and the machine that made a result."""
    return {
        "tangyin": source_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": _processor(),
        "threads": torch.get_num_threads(),
        "precision": chosen_precision("auto", torch.device("cpu")),
    }


def _processor() -> str:
    """The name of the processor, and the number of cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    named = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    name = named[1].strip() if named else platform.processor() or platform.machine()
    return f"{name}, {cores} cores"


def rounded(values: Iterable[float], digits: int = 5) -> list[float]:
    """Numbers rounded to significant digits, more than a plot shows."""
    return [float(f"{value:.{digits}g}") for value in values]


def _corpus_facts() -> dict[str, str]:
    facts = load_corpus().facts
    return {"integrity": facts["integrity"], "split": facts["split_sha256"]}


def _digest(**facts: Any) -> str:
    facts |= {"numerics": NUMERICS, "corpus": _corpus_facts()}
    return _sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode())[:20]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, value: Any, **options: Any) -> None:
    """Write JSON values to a file, and make its folder."""
    make_folder(path.parent)
    write_whole(path, json.dumps(value, ensure_ascii=False, **options) + "\n")
