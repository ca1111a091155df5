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
from tangyin.errors import TangyinError
from tangyin.studies import TrainingCache
from tangyin.training import InterruptedRun

Install = Callable[..., None]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path))
    return tmp_path


def works(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    cache.say("something")
    return {"settings": {"quick": quick}, "figure": 7}


def failing(error: Exception) -> Callable[..., Any]:
    def run(*_: Any) -> Any:
        raise error

    return run


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Replace the studies by others of these names."""

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
    for line, found in zip(lines[::2], known.values(), strict=False):
        assert line.split()[:3] == [found.name, f"{found.minutes:g}", "min"]
    total = sum(s.minutes for s in known.values() if s.reported and not s.apart)
    assert f"{total:g} min  the first 12;" in lines[-1]


def test_results_are_kept_and_written_where_they_are_asked_for(install, home) -> None:
    def read(name: str) -> Any:
        return json.loads((home / name).read_text(encoding="utf-8"))

    install(one=works, two=works)
    done = call("one", "-o", str(home / "one.json"))
    assert done.exit_code == 0
    assert "one: something" in done.stderr
    kept = read("studies/results/one.json")
    assert kept["results"] == read("one.json") == {"settings": {"quick": False}, "figure": 7}
    assert {"tangyin", "torch", "machine", "precision", "seconds"} <= kept["made"].keys()
    assert call("all", "one", "--quick", "-o", str(home / "all.json")).exit_code == 0
    assert list(read("all.json")) == ["one", "two"]
    # Quick results have a folder of their own: they must not end up in the report.
    assert (home / "studies/quick/two.json").exists()
    assert not (home / "studies/results/two.json").exists()


def test_one_failure_does_not_keep_the_others_from_running(install: Install, home: Path) -> None:
    bad = TangyinError("study.results_damaged", path="x", fault="y")
    install(bad=failing(bad), worse=failing(KeyError("a fault of ours")), good=works)
    done = call("all")
    assert "tangyin: bad failed: " in done.stderr
    assert "tangyin: worse failed: Traceback" in done.stderr
    assert isinstance(done.exception, TangyinError)
    assert done.exception.code == "study.failed"
    assert done.exception.params == {"names": ["bad", "worse"]}
    assert (home / "studies/results/good.json").exists()
    assert call("bad").exception is bad


def test_a_stop_stops_everything(install: Install, home: Path) -> None:
    install(first=failing(InterruptedRun("study.stopped")), second=works)
    assert isinstance(call("all").exception, InterruptedRun)
    assert not (home / "studies/results/second.json").exists()


@pytest.mark.parametrize(("words", "code"), [((), "study.none_named"), (("non",), "study.unknown")])
def test_a_wrong_call_is_refused(words: tuple[str, ...], code: str) -> None:
    assert call(*words).exception.code == code  # type: ignore[union-attr]
