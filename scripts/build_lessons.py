"""Run the lessons of docs/lessons and write their notebooks.

    python scripts/build_lessons.py [docs/lessons/1-one-step.md ...]

The notebook beside each page then has outputs, which `make docs` shows on the site
(`docs_lessons.py`). The CPU time of each lesson is printed.
"""

import os
import resource
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from docs_lessons import notebook
from tangyin.files import write_whole

FOLDER = Path(__file__).parents[1] / "docs/lessons"
SMALL = "TANGYIN_LESSONS_SMALL"
"""The environment variable with which lessons train for seconds instead of a minute."""


def run(lesson: NotebookNode, small: bool = False) -> float:
    """Run all cells in an empty folder and keep their outputs; return the seconds of CPU time.

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
    return _seconds() - before


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(pages: list[str]) -> None:
    """Build the notebooks of the pages named, or of all."""
    for page in [Path(name) for name in pages] or sorted(FOLDER.glob("[0-9]*.md")):
        lesson = notebook(page.read_text(encoding="utf-8"))
        seconds = run(lesson)
        text: str = nbformat.writes(lesson)  # type: ignore[no-untyped-call]
        write_whole(page.with_suffix(".ipynb"), text + "\n")
        print(f"{page.stem}: {seconds:.1f} s of CPU time")


if __name__ == "__main__":
    main(sys.argv[1:])
