"""The cache: nothing is trained twice, and what diverges is a result."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from tangyin.errors import TangyinError
from tangyin.model.file import load_model
from tangyin.studies import TrainingCache, training_cache
from tangyin.studies.losses import LossRecorder
from tangyin.studies.recipes import Base, changed
from tangyin.studies.training_cache import Job
from tangyin.training import DivergedError, InterruptedRun, Step


@pytest.fixture
def cache(tmp_path: Path) -> TrainingCache:
    return TrainingCache(tmp_path)


def job(cache: TrainingCache, changes: dict[str, Any] | None = None) -> Job:
    return Base.of(cache, quick=True).job(
        {"training.epochs": 3, "training.patience": 3} | (changes or {})
    )


def test_a_training_is_done_once_whatever_its_recipe_is_called(cache, monkeypatch) -> None:
    asked = job(cache)
    first = cache.train(asked, "first")
    again = Mock(side_effect=AssertionError("trained again"))
    monkeypatch.setattr(training_cache, "train", again)
    renamed = Job(changed(asked.recipe, {"name": "other"}), asked.own)
    assert cache.train(renamed, "again") == first
    assert [path.name for path in cache.folder.iterdir() if path.name.startswith("tmp")] == []
    with pytest.raises(AssertionError, match="trained again"):
        cache.train(job(cache, {"training.seed": 9}), "another")
    monkeypatch.setattr(training_cache, "NUMERICS", training_cache.NUMERICS + 1)
    with pytest.raises(AssertionError, match="trained again"):
        cache.train(asked, "of other numbers")


def test_a_stopped_training_leaves_nothing_and_is_done_again(cache, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        stop = Mock(side_effect=InterruptedRun("training.stopped"))
        patched.setattr(training_cache, "train", stop)
        with pytest.raises(InterruptedRun) as stopped:
            cache.train(job(cache), "stopped")
    assert stopped.value.code == "study.stopped"
    found = cache.train(job(cache), "again")
    places = [at for at, _ in found.losses]
    assert places == sorted(set(places))
    assert places[-1] == len(found.dev()) == 3


def test_a_diverged_training_is_a_result_and_other_failures_are_not(cache, monkeypatch) -> None:
    wild = {"optimizer.name": "sgd", "optimizer.learning_rate": 1000.0, "optimizer.clip_norm": 1e9}
    found = cache.train(job(cache, wild), "wild")
    assert found.failed
    assert found.final_dev == training_cache.WORST
    assert cache.train(job(cache, wild), "wild") == found

    train = Mock(side_effect=DivergedError("training.dev_diverged", value=1e9))
    monkeypatch.setattr(training_cache, "train", train)
    assert cache.train(job(cache, {"training.seed": 8}), "dev loss diverges").failed
    train.side_effect = TangyinError("file.full")
    with pytest.raises(TangyinError) as failure:
        cache.train(job(cache), "full")
    assert failure.value is train.side_effect


def test_weights_are_kept_where_they_are_asked_for(cache: TrainingCache) -> None:
    plain = job(cache, {"optimizer.learning_rate": 0.1})
    assert not cache.train(plain, "plain").best.exists()
    found = cache.train(Job(plain.recipe, plain.own, keep=True), "kept")
    best, last = load_model(found.best), load_model(found.last)
    assert best.tensors.keys() == last.tensors.keys()
    same = np.array_equal(best.tensors["output.bias"], last.tensors["output.bias"])
    assert same == (found.best_epoch == 3)


def test_other_work_is_done_once_and_known_by_its_settings(cache: TrainingCache) -> None:
    work = Mock(side_effect=[{"made": 1}, {"made": 2}])
    found = [cache.compute("count", {"of": of}, work) for of in (1, 1, 2)]
    assert found == [{"made": 1}, {"made": 1}, {"made": 2}]


def test_recorded_losses_are_the_means_of_their_steps() -> None:
    generator = np.random.default_rng(4)
    recorder = LossRecorder(print)
    steps, size = 40, 7
    for epoch in (1, 2):
        losses = generator.uniform(2, 8, steps)
        for number in range(steps):
            done = size * (number + 1)
            mean = float(losses[: number + 1].mean())
            recorder.step(Step(epoch, 2, size, done, steps * size, mean))
        points = [(at, loss) for at, loss in recorder.losses if at > epoch - 1]
        assert 10 < len(points) <= 17
        before = 0
        for at, loss in points:
            until = round((at - epoch + 1) * steps)
            assert loss == pytest.approx(losses[before:until].mean(), abs=1e-4)
            before = until
