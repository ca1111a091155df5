"""The table of `make bench`: rows have jobs, and are held to their bounds from the right side."""

import runpy
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def speed(monkeypatch) -> dict[str, Any]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return runpy.run_path(str(BENCHMARKS / "speed.py"))


def test_every_row_and_every_peer_has_a_job(speed) -> None:
    jobs = runpy.run_path(str(BENCHMARKS / "jobs.py"))["JOBS"]
    rows = speed["ROWS"]
    assert set(rows) | {job for row in rows.values() for job in row.peers.values()} == set(jobs)


@pytest.mark.parametrize(
    ("name", "ours", "peer", "ratio", "verdict"),
    [
        ("regulated", 0.1, 0.4, 4, "goal met"),
        ("regulated", 0.3, None, None, "missed"),
        ("free", 200.0, 100.0, 2, "must met"),
        ("random-k", 1.0, 1.0, 1, "missed"),
        ("random-k", 3.0, 1.0, 3, "goal met"),
        ("step bf16", 0.032, 0.022, 0.6875, "must met"),
        ("step bf16", 0.028, 0.022, 0.7857, "goal met"),
        ("busy", 0.8, 1.0, 0.8, "missed"),
    ],
)
def test_rows_are_held_to_their_bounds(speed, name, ours, peer, ratio, verdict) -> None:
    row = speed["ROWS"][name]
    found = None if peer is None else row.times_better(ours, peer)
    assert found == (None if ratio is None else pytest.approx(ratio, rel=1e-3))
    assert row.verdict(ours, found) == verdict


def test_the_table_says_when_the_machine_was_not_quiet(speed) -> None:
    found = {
        "ours": 0.1, "peer": "base", "of_peer": 0.4, "ratio": 4.0, "verdict": "goal met",
        "spread": {"ours": [0.1, 0.2], "base": [0.4, 0.5]},
    }  # fmt: skip
    facts = {"processor": "a processor", "units": [], "cores": 2}
    results = {"machine": facts, "other_load": 0.5, "rows": {"regulated": found}}
    shown = speed["text"](results)
    assert "DISTURBED: other processes took 50%" in shown
    assert "0.4 (base)" in shown
    assert "DISTURBED" not in speed["text"]({**results, "other_load": 0.0})
