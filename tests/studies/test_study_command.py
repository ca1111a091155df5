"""`tangyin study`: what it runs, what it keeps, and what it says when something fails."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tangyin import studies
from tangyin.cli.main import main
from tangyin.errors import TangyinError, UsageError
from tangyin.studies import TrainingCache
from tangyin.training import InterruptedRun

Install = Callable[..., None]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path))
    return tmp_path


def works(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    cache.progress.plan(2)
    cache.progress.doing("something")
    cache.progress.advance(2)
    return {"settings": {"quick": quick}, "figure": 7}


def fails(_: TrainingCache, __: bool) -> dict[str, Any]:
    raise TangyinError("study.results_damaged", path="x", fault="y")


def stops(_: TrainingCache, __: bool) -> dict[str, Any]:
    raise InterruptedRun("study.stopped")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put studies of these names in the place of ours."""

    def put(**runs: Callable[[TrainingCache, bool], dict[str, Any]]) -> None:
        common = {"minutes": 3, "sizes": "small", "reported": True, "apart": False}
        known = {name: SimpleNamespace(name=name, run=run, **common) for name, run in runs.items()}
        monkeypatch.setattr(studies, "all_studies", lambda: known)

    return put


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["study", *words])


def test_the_list_says_how_long_each_takes_and_all_together() -> None:
    lines = call("--list").output.splitlines()
    known = studies.all_studies()
    assert len(lines) == 2 * len(known) + 1
    for found in known.values():
        assert any(
            ln.startswith(f"{found.name} ") and f"{found.minutes:g} min" in ln for ln in lines
        )
    total = sum(s.minutes for s in known.values() if s.reported and not s.apart)
    assert f"{total:g} min  the first 10;" in lines[-1]


def test_results_are_kept_and_written_where_they_are_asked_for(
    install: Install, home: Path, tmp_path: Path
) -> None:
    install(one=works, two=works)
    assert call("one", "-o", str(tmp_path / "one.json")).exit_code == 0
    wanted = {"settings": {"quick": False}, "figure": 7}
    assert json.loads((tmp_path / "one.json").read_text(encoding="utf-8")) == wanted
    kept = json.loads((home / "studies/results/one.json").read_text(encoding="utf-8"))
    assert kept["results"] == wanted
    assert {"tangyin", "torch", "machine", "precision", "seconds"} <= kept["made"].keys()
    assert call("all", "one", "--quick", "-o", str(tmp_path / "all.json")).exit_code == 0
    assert list(json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))) == ["one", "two"]
    # Quick sizes stand apart: they must not end up in the report.
    assert (home / "studies/quick/two.json").exists()
    assert not (home / "studies/results/two.json").exists()


def test_without_a_terminal_each_piece_of_work_is_a_line(install: Install) -> None:
    install(one=works)
    assert "one: something (0 of 2 epochs' work)" in call("one").stderr


def test_one_failure_does_not_keep_the_others_from_running(install: Install, home: Path) -> None:
    def errs(*_: Any) -> dict[str, Any]:
        return {}["nothing"]  # a fault of ours, which needs its traceback

    install(bad=fails, worse=errs, good=works)
    done = call("all")
    assert "tangyin: bad failed: " in done.stderr
    assert "tangyin: worse failed: Traceback" in done.stderr
    assert isinstance(done.exception, TangyinError)
    assert done.exception.code == "study.failed"
    assert done.exception.params == {"names": ["bad", "worse"]}
    assert (home / "studies/results/good.json").exists()
    alone = call("bad").exception
    assert isinstance(alone, TangyinError)
    assert alone.code == "study.results_damaged"


def test_a_stop_stops_everything(install: Install, home: Path) -> None:
    install(first=stops, second=works)
    done = call("all")
    assert isinstance(done.exception, InterruptedRun)
    assert not (home / "studies/results/second.json").exists()


@pytest.mark.parametrize(("words", "code"), [((), "study.none_named"), (("non",), "study.unknown")])
def test_a_wrong_call_is_refused(words: tuple[str, ...], code: str) -> None:
    error = call(*words).exception
    assert isinstance(error, UsageError)
    assert error.code == code
