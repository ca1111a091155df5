"""Lessons on the site: their notebooks, the outputs of cells, and folded solutions.

A hook of MkDocs (mkdocs.yml). A lesson is a page of Markdown (jupytext's format): every fenced
block of `python` or `bash` is a cell. A build writes a notebook with the same cells beside each
page; `scripts/build_lessons.py` runs it and adds the outputs.
"""

import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page
from nbformat import NotebookNode

from tangyin.files import write_whole

LESSONS = "lessons/[0-9]*.md"
CELL = re.compile(r"^```(python|bash)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COLOURS = re.compile("\x1b\\[[0-9;]*m")

HIDDEN = {"cellView": "form", "jupyter": {"source_hidden": True}}
"""The metadata by which Colab and JupyterLab fold a cell, here a solution."""


def notebook(page: str) -> NotebookNode:
    """The cells of a lesson, without outputs."""
    made: NotebookNode = jupytext.reads(page, fmt="md")
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
        if "solution" in cell.metadata.get("tags", []):
            cell.metadata.update(HIDDEN)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made.metadata.clear()
    made.metadata.update(kernelspec=kernel, language_info={"name": "python"})
    return made


def on_pre_build(config: MkDocsConfig) -> None:
    """Write each lesson's notebook, unless it has the cells of its page."""
    for page in Path(config.docs_dir).glob(LESSONS):
        path, made = page.with_suffix(".ipynb"), notebook(page.read_text(encoding="utf-8"))
        if not path.is_file() or _sources(_read(path)) != _sources(made):
            write_whole(path, f"{nbformat.writes(made)}\n")  # type: ignore[no-untyped-call]


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Add to a lesson its outputs and a link to its notebook."""
    path = Path(config.docs_dir) / page.file.src_uri
    if not path.match(LESSONS):
        return markdown
    heading, rest = markdown.split("\n", 1)
    path = path.with_suffix(".ipynb")
    return f"{heading}\n\n[The notebook]({path.name})\n{with_outputs(rest, _read(path))}"


def _read(path: Path) -> NotebookNode:
    made: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return made


def _sources(lesson: NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in lesson.cells]


def with_outputs(markdown: str, lesson: NotebookNode) -> str:
    """The page, each block followed by the outputs of its cell."""
    cells = iter([cell for cell in lesson.cells if cell.cell_type == "code"])

    def shown(block: re.Match[str]) -> str:
        language, options, source = block.groups()
        outputs = "\n".join(map(_output, next(cells).get("outputs", [])))
        text = f"```{language}\n{source}```\n\n{outputs}"
        if "solution" not in options:
            return text
        indented = "".join(
            f"    {line}" if line.strip() else line for line in text.splitlines(True)
        )
        return f'??? success "Solution 答案"\n\n{indented}'

    return CELL.sub(shown, markdown)


def _output(output: dict[str, Any]) -> str:
    """An output as Markdown."""
    data = output.get("data", {"text/plain": output.get("text", "")})
    if "image/png" in data:
        return f"![What the cell draws](data:image/png;base64,{data['image/png'].strip()})\n"
    return f"```text\n{COLOURS.sub('', data['text/plain']).rstrip()}\n```\n"
