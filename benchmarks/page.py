"""Fill the tables of docs/performance.md from the results beside it.

    python benchmarks/page.py

Rewrites what is between `<!-- NAME -->` and `<!-- /NAME -->` in the page if the results exist. The
page names the commands that make them.
"""

import json
import re
from pathlib import Path

import speed
import train_growth
import train_step
from measuring import heading
from tangyin.files import write_whole

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"
BLOCK = re.compile(r"<!-- ([a-z]+) -->\n.*?<!-- /\1 -->", re.DOTALL)
PLOT = (
    "![A step of ours and of nn.LSTM against hidden units, vocabulary, steps and batch; an epoch "
    "against poems](images/train_growth.svg)"
)


def blocks(results: Path) -> dict[str, str]:
    """The text of each block whose results are in a folder."""
    found = {}
    for name in ("report", "large"):
        file = results / f"train_step_{name}.json"
        if file.exists():
            found[name] = train_step.text(json.loads(file.read_text(encoding="utf-8")))
    files = sorted((results / "speed").glob("*.json"))
    if files:
        every = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        found["speed"] = speed.by_processor(every)
    file = results / "train_growth.json"
    if file.exists():
        growth = json.loads(file.read_text(encoding="utf-8"))
        found["growth"] = f"{PLOT}\n\n{heading(growth)}"
        found |= {name.lower(): train_growth.tables(growth, name) for name in growth["axes"]}
    return found


def filled(page: str, texts: dict[str, str]) -> str:
    """The page with the text of each block that has a new one."""

    def block(match: re.Match[str]) -> str:
        name = match[1]
        if name not in texts:
            return match[0]
        # Blank lines, without which Markdown takes the comment for a part of the paragraph.
        return f"<!-- {name} -->\n\n{texts[name]}\n\n<!-- /{name} -->"

    return BLOCK.sub(block, page)


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    write_whole(PAGE, filled(page, blocks(DOCS / "results")))
