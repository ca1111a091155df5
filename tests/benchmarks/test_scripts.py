"""The benchmarks of training run, and print what they promise; no test looks at a time."""

import gzip
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = ("--size", "6,8,40,4,5")


@pytest.fixture
def call(monkeypatch):
    """Runs a script in this process, which has imported torch already."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def run(script: str, *options: str) -> None:
        monkeypatch.setattr("sys.argv", [script, *options])
        runpy.run_path(str(BENCHMARKS / script), run_name="__main__")

    return run


@pytest.fixture
def printed(call, capsys):
    def run(script: str, *options: str) -> dict[str, Any]:
        call(script, *SMALL, "--format", "json", *options)
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert {"processor", "units", "cores", "torch", "torch_threads"} <= set(found["machine"])
        return found

    return run


def test_train_step_prints_every_way_with_its_spread_ratios_and_memory(printed, tmp_path) -> None:
    file = tmp_path / "results.json"
    found = printed("train_step.py", "--rounds", "2", "--memory", "-o", str(file))
    (figures,) = found["sizes"].values()
    (spread,) = found["spread"].values()
    ways = ("ours_bf16", "ours_fp32", "nn_lstm_fp32", "nn_lstm_bf16", "report_way")
    assert set(spread) <= {f"{way}_ms" for way in (*ways, "floor", "floor_fp32")} <= set(figures)
    assert {"ours_bf16_mib", "ours_fp32_mib", "nn_lstm_fp32_mib", "report_way_mib"} <= set(figures)
    assert found["rounds"] == {SMALL[1]: 2}
    for name, times in spread.items():
        assert 0 < times["min"] <= figures[name] <= times["max"]
    (ratios,) = found["ratios"].values()
    assert len(ratios) >= 6
    assert json.loads(file.read_text(encoding="utf-8")) == found


@pytest.mark.corpus
def test_train_growth_prints_and_draws_each_point_of_each_axis(printed, tmp_path) -> None:
    plot = tmp_path / "growth.svg"
    varied = ("--vary", "H=8,16", "--vary", "poems=32,8")
    found = printed("train_growth.py", *varied, "--rounds", "1", "--plot", str(plot))
    assert [point["value"] for point in found["axes"]["H"]] == [8, 16]
    assert [point["value"] for point in found["axes"]["poems"]] == [8, 32]
    for point in found["axes"]["H"]:
        assert all(point[way]["median"] > 0 for way in ("ours_bf16", "ours_fp32", "nn_lstm_fp32"))
    (growth,) = found["growth"]["poems"]["ours_bf16"]
    assert growth["ratio"] == pytest.approx(4 ** growth["power"], rel=0.01)
    assert "hidden units" in plot.read_text(encoding="utf-8")


def test_profile_step_names_the_phases_and_writes_a_trace_of_them(printed, tmp_path) -> None:
    trace = tmp_path / "step.trace.json.gz"
    found = printed("profile_step.py", "--steps", "2", "--trace", str(trace))
    phases = found["phases_ms"]
    named = ("forward: recurrent", "forward: loss", "backward", "clip", "optimizer")
    assert all(phases[phase] > 0 for phase in named)
    assert sum(phases.values()) == pytest.approx(found["profiled_step_ms"], rel=0.01)
    assert found["operators"]
    assert found["backward_ms"]
    with gzip.open(trace, "rt", encoding="utf-8") as file:
        names = [event.get("name") for event in json.load(file)["traceEvents"]]
    assert names.count("phase: recurrent") == 2


@pytest.mark.parametrize(
    ("script", "options", "mend"),
    [
        ("train_step.py", ["--size", "huge"], "give report, large or five numbers"),
        ("train_step.py", ["--size", "8,8,8,4,5"], "V from 9"),
        ("train_step.py", ["--rounds", "0"], "whole number from 1 up"),
        ("train_growth.py", ["--vary", "E=1,2"], "give H, V, T, B or poems"),
        ("profile_step.py", ["--way", "gru"], "ours_bf16"),
        ("profile_step.py", ["--trace", "none/x.json"], "no folder none; make it first"),
    ],
)
def test_a_wrong_option_is_refused_with_what_is_right(script, options, mend, call, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        call(script, *options)
    assert ended.value.code == 2
    assert mend in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("script", ["train_step.py", "profile_step.py"])
def test_people_are_shown_tables(script, call, capsys, tmp_path) -> None:
    trace = ("--trace", str(tmp_path / "trace.json")) if script == "profile_step.py" else ()
    call(script, *SMALL, *trace, "--rounds" if not trace else "--steps", "1")
    assert "| median, ms |" in (text := capsys.readouterr().out) or "| ms by itself |" in text
    assert "V 40, E 6, H 8, B 4, T 5" in text
