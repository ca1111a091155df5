"""Lessons on the site: what the cells print, and solutions folded.

A hook of MkDocs (mkdocs.yml). The outputs are those of the notebook beside the page, which
`scripts/build_lessons.py` writes.
"""

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page

CELL = re.compile(r"^```(python|bash)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COLOURS = re.compile("\x1b\\[[0-9;]*m")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Add the outputs to a lesson, and the way to its notebook."""
    notebook = (Path(config.docs_dir) / page.file.src_uri).with_suffix(".ipynb")
    if not notebook.is_file():
        return markdown
    heading, rest = markdown.split("\n", 1)
    cells = json.loads(notebook.read_text(encoding="utf-8"))
    return f"{heading}\n\n[The notebook]({notebook.name})\n{with_outputs(rest, cells)}"


def with_outputs(markdown: str, notebook: dict[str, Any]) -> str:
    """The page with the outputs of the notebook's cells below its blocks.

    Raises:
        PluginError: the notebook has other cells than the page.
    """
    cells = iter([cell for cell in notebook["cells"] if cell["cell_type"] == "code"])

    def shown(block: re.Match[str]) -> str:
        language, options, source = block.groups()
        cell = next(cells, {"source": ""})
        if "".join(cell["source"]).removeprefix("%%bash\n") != source.removesuffix("\n"):
            raise PluginError("a notebook is not that of its page: python scripts/build_lessons.py")
        text = f"```{language}\n{source}```\n\n" + "\n".join(map(_output, cell["outputs"]))
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
        return (
            f"![What the cell draws](data:image/png;base64,{''.join(data['image/png']).strip()})\n"
        )
    text = COLOURS.sub("", "".join(data["text/plain"])).rstrip("\n")
    return f"```text\n{text}\n```\n"
