"""Run the lessons of docs/lessons and write their notebooks.

    python scripts/build_lessons.py [docs/lessons/1-one-step.md ...]

A lesson is a page of Markdown (jupytext's format): every fenced block of `python` or `bash` is a
cell. The notebook beside it has the same cells with their outputs, for Jupyter and hosted services;
`scripts/docs_lessons.py` shows the outputs on the site. For each lesson the CPU time of its
run is printed.
"""

import os
import resource
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from tangyin.files import write_whole

FOLDER = Path(__file__).parents[1] / "docs/lessons"
SMALL = "TANGYIN_LESSONS_SMALL"
"""The environment variable with which lessons train for seconds instead of a minute."""

HIDDEN = {"cellView": "form", "jupyter": {"source_hidden": True}}
"""How Colab and JupyterLab know that a cell, a solution, is folded."""


def notebook(page: Path) -> NotebookNode:
    """The cells of a lesson, not run."""
    made: NotebookNode = jupytext.reads(page.read_text(encoding="utf-8"), fmt="md")
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
        if "solution" in cell.metadata.get("tags", []):
            cell.metadata.update(HIDDEN)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made.metadata.clear()
    made.metadata.update(kernelspec=kernel, language_info={"name": "python"})
    return made


def run(lesson: NotebookNode, small: bool = False) -> float:
    """Run all cells in an empty folder and keep their outputs; return the seconds of processor.

    Raises:
        CellExecutionError: a cell fails.
    """
    before = _seconds()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "IPYTHONDIR": folder, "TANGYIN_LANG": "en"}
        client = NotebookClient(
            lesson,
            timeout=600,
            record_timing=False,
            coalesce_streams=True,
            startup_timeout=600,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": folder}},
        )
        client.execute(env={**os.environ, **own, **({SMALL: "1"} if small else {})})
    lesson.metadata.language_info = {"name": "python"}  # without the version of this machine
    return _seconds() - before


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(pages: list[str]) -> None:
    """Build the notebooks of the pages named, or of all."""
    for page in [Path(name) for name in pages] or sorted(FOLDER.glob("[0-9]*.md")):
        lesson = notebook(page)
        seconds = run(lesson)
        text: str = nbformat.writes(lesson)  # type: ignore[no-untyped-call]
        write_whole(page.with_suffix(".ipynb"), text + "\n")
        print(f"{page.stem}: {seconds:.1f} s of processor")


if __name__ == "__main__":
    main(sys.argv[1:])
