"""The lessons run, and their notebooks are made when the site is built."""

from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import build_lessons
import docs_lessons

LESSONS = sorted((Path(__file__).parents[2] / "docs/lessons").glob("[0-9]*.md"))
per_lesson = pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)


def printed(lesson):
    outputs = [output for cell in lesson.cells for output in cell.get("outputs", [])]
    return "".join(str(output.get("text", "")) for output in outputs)


@pytest.mark.timeout(400)
@pytest.mark.corpus
@per_lesson
def test_every_cell_of_the_lesson_runs(page):
    lesson = docs_lessons.notebook(page.read_text("utf-8"))
    build_lessons.run(lesson, small=True)
    assert "Traceback" not in printed(lesson)
    assert "Warning" not in printed(lesson)


@per_lesson
def test_every_lesson_has_three_exercises_with_folded_solutions(page):
    text = page.read_text("utf-8")
    cells = docs_lessons.notebook(text).cells
    solutions = [c.metadata for c in cells if "solution" in c.metadata.get("tags", [])]
    assert len(solutions) == text.partition("## Exercises")[2].count("\n**") == 3
    assert all(cell["jupyter"]["source_hidden"] for cell in solutions)


PAGE = '# A\n\n```python\n1 + 1\n```\n\n```python tags=["solution"]\nprint("x")\n```\n'


def test_a_build_keeps_the_outputs_of_a_page_and_replaces_the_notebook_of_an_older_one(tmp_path):
    page, made = tmp_path / "lessons/1-a.md", tmp_path / "lessons/1-a.ipynb"
    page.parent.mkdir()
    page.write_text(PAGE, "utf-8")
    config = SimpleNamespace(docs_dir=str(tmp_path))
    docs_lessons.on_pre_build(config)
    run = nbformat.read(made, 4)
    run.cells[1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"})]
    run.cells[2].outputs = [nbformat.v4.new_output("stream", text="x\n")]
    nbformat.write(run, made)
    docs_lessons.on_pre_build(config)
    file = SimpleNamespace(file=SimpleNamespace(src_uri="lessons/1-a.md"))
    shown = docs_lessons.on_page_markdown(PAGE, file, config)
    assert "[The notebook](1-a.ipynb)" in shown
    assert "```python\n1 + 1\n```\n\n```text\n2\n```\n" in shown
    assert '??? success "Solution 答案"\n\n    ```python\n    print("x")\n    ```\n' in shown
    assert "    ```text\n    x\n    ```\n" in shown
    page.write_text(PAGE.replace("1 + 1", "1 + 2"), "utf-8")
    docs_lessons.on_pre_build(config)
    assert [cell.get("outputs") for cell in nbformat.read(made, 4).cells[1:]] == [[], []]
