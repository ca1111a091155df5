"""The lessons run, and each notebook is that of its page."""

import json
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

import build_lessons
import docs_lessons

LESSONS = sorted((Path(__file__).parents[2] / "docs/lessons").glob("[0-9]*.md"))


def printed(lesson):
    outputs = [output for cell in lesson.cells for output in cell.get("outputs", [])]
    return "".join(str(output.get("text", "")) for output in outputs)


@pytest.mark.timeout(400)
@pytest.mark.corpus
@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)
def test_every_cell_of_the_lesson_runs(page):
    lesson = build_lessons.notebook(page)
    build_lessons.run(lesson, small=True)
    assert "Traceback" not in printed(lesson)
    assert "Warning" not in printed(lesson)


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)
def test_the_notebook_has_the_cells_of_its_page_with_outputs_and_folded_solutions(page):
    kept = json.loads(page.with_suffix(".ipynb").read_text("utf-8"))
    made = build_lessons.notebook(page)
    assert [(c["cell_type"], "".join(c["source"]), c["metadata"]) for c in kept["cells"]] == [
        (cell.cell_type, cell.source, dict(cell.metadata)) for cell in made.cells
    ], f"python scripts/build_lessons.py {page}"
    outputs = [output for cell in kept["cells"] for output in cell.get("outputs", [])]
    assert len(outputs) > 5
    assert not any("/tmp/" in json.dumps(output) for output in outputs)
    exercises = page.read_text("utf-8").partition("## Exercises")[2]
    assert exercises.count("\n**") == exercises.count('tags=["solution"]') == 3
    solutions = [c.metadata for c in made.cells if "solution" in c.metadata.get("tags", [])]
    assert len(solutions) == 3
    assert all(cell["jupyter"]["source_hidden"] for cell in solutions)


PAGE = '# A\n\n```python\n1 + 1\n```\n\n```python tags=["solution"]\nprint("x")\n```\n'


def small_notebook(first="1 + 1"):
    two = {"data": {"text/plain": ["2"]}, "output_type": "execute_result"}
    x = {"name": "stdout", "text": ["x\n"], "output_type": "stream"}
    cells = [("code", first, [two]), ("markdown", "text", []), ("code", 'print("x")', [x])]
    return {
        "cells": [{"cell_type": kind, "source": [s], "outputs": o} for kind, s, o in cells],
    }


def test_the_site_shows_outputs_and_folds_solutions_and_refuses_a_notebook_of_other_cells():
    shown = docs_lessons.with_outputs(PAGE, small_notebook())
    assert "```python\n1 + 1\n```\n\n```text\n2\n```\n" in shown
    assert '??? success "Solution 答案"\n\n    ```python\n    print("x")\n    ```\n' in shown
    assert "    ```text\n    x\n    ```\n" in shown
    with pytest.raises(PluginError, match="build_lessons"):
        docs_lessons.with_outputs(PAGE, small_notebook("1 + 2"))
