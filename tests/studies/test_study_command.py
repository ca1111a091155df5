"""`tangyin study`: what it runs, what it keeps, and what it says when something fails."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tangyin import studies
from tangyin.cli.main import main
from tangyin.errors import TangyinError
from tangyin.studies import Study, TrainingCache
from tangyin.training import InterruptedRun

Install = Callable[..., None]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path))
    return tmp_path


def works(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    workshop.progress.plan(2)
    workshop.progress.doing("something")
    workshop.progress.advance(2)
    return {"settings": {"quick": quick}, "figure": 7}


def fails(_: TrainingCache, __: bool) -> dict[str, Any]:
    raise TangyinError("the disk is full; free some space")


def stops(_: TrainingCache, __: bool) -> dict[str, Any]:
    raise InterruptedRun("stopped, and saved; go on with the same command")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put studies of these names in the place of ours."""

    def put(**runs: Callable[[TrainingCache, bool], dict[str, Any]]) -> None:
        known = {
            name: Study(name, name, "Why?", 3, "small", run, lambda _: [])
            for name, run in runs.items()
        }
        monkeypatch.setattr(studies, "STUDIES", known)
        monkeypatch.setattr(studies, "TOGETHER", tuple(known))

    return put


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["study", *words])


def test_the_list_says_how_long_each_takes_and_all_together() -> None:
    done = call("--list")
    assert done.exit_code == 0
    for found in studies.STUDIES.values():
        assert f"{found.name} " in done.output
        assert f"{found.minutes:g} min" in done.output
    total = sum(studies.STUDIES[name].minutes for name in studies.TOGETHER)
    assert f"{total:g} min" in done.output.splitlines()[-1]


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


def test_what_runs_is_told_where_nobody_watches_a_bar(install: Install) -> None:
    install(one=works)
    assert "one: something (0 of 2 epochs' work)" in call("one").stderr


def test_one_failure_does_not_keep_the_others_from_running(install: Install, home: Path) -> None:
    def errs(*_: Any) -> dict[str, Any]:
        return {}["nothing"]  # a fault of ours, which needs its traceback

    install(bad=fails, worse=errs, good=works)
    done = call("all")
    assert "bad failed: the disk is full" in done.stderr
    assert "worse failed:" in done.stderr
    assert "Traceback" in done.stderr
    assert "bad, worse failed; mend" in str(done.exception)
    assert (home / "studies/results/good.json").exists()
    assert "disk is full" in str(call("bad").exception)


def test_a_stop_stops_everything(install: Install, home: Path) -> None:
    install(first=stops, second=works)
    done = call("all")
    assert isinstance(done.exception, InterruptedRun)
    assert not (home / "studies/results/second.json").exists()


@pytest.mark.parametrize(
    ("words", "sentence"), [((), "name a study, or all"), (("non",), "there is no study 'non'")]
)
def test_a_wrong_call_is_refused(words: tuple[str, ...], sentence: str) -> None:
    done = call(*words)
    assert getattr(done.exception, "exit_code", None) == 2
    assert sentence in str(done.exception)
