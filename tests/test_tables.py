"""Tables of the packaged data are those that their scripts build from the corpus of today."""

import runpy
from pathlib import Path

import pytest

import shared

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["build_line_ends", "build_spellings", "build_reading_priors"])
def test_a_script_builds_the_tables_that_are_shipped(name, monkeypatch) -> None:
    built: dict[Path, str] = {}
    monkeypatch.setattr(shared, "write_whole", built.__setitem__)
    monkeypatch.setattr("sys.argv", [name])
    runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
    assert built
    assert {path: path.read_text("utf-8") for path in built} == built
