"""Draw docs/images/architecture.svg: the folders of src/tangyin, and how poems flow through them.

    python scripts/draw_architecture.py [TARGET]

The folders, their order and which of them know torch are read from the import contracts in
pyproject.toml, which import-linter checks; what each holds is the first line of its docstring. The
picture has its own background, and dark colours where the reader's system asks for them.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs/images/architecture.svg"

WIDTH = 1060
ROW = 34
TOP = 250
LEFT, NAME, RIGHT = 34, 52, WIDTH - 34
WORDS = 236

ROAD = (
    "raw corpus", "clean poems", "batches", "trained LSTM", "model file", "verse", "a reader",
)  # fmt: skip
"""What a poem is on its way."""

WORKERS = (
    ("corpus", "verse"),
    ("corpus",),
    ("training", "nn"),
    ("model",),
    ("writing", "metre"),
    ("api", "cli", "web"),
)
"""The folders that take it from each of these to the next."""

STYLE = """
  .ground { fill: #fbfaf6; stroke: #d8d4c8; }
  .thing { fill: #fdeede; stroke: #b4601a; stroke-width: 1.4; }
  .layer { fill: #e6eefb; stroke: #2f5da8; stroke-width: 1; }
  .torch { fill: #f9dfe3; stroke: #a3273d; stroke-width: 1; }
  .road { fill: none; stroke: #37404c; stroke-width: 1.6; marker-end: url(#head); }
  .head { fill: #37404c; }
  text { font-family: "Helvetica", "Noto Sans", "DejaVu Sans", sans-serif; font-size: 15px;
         fill: #1d242c; }
  .middle { text-anchor: middle; }
  .code { font-family: ui-monospace, "Menlo", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
          font-size: 14px; }
  .step { fill: #37404c; }
  .number { font-size: 12.5px; font-weight: bold; fill: #fbfaf6; }
  .small { font-size: 12.5px; fill: #5b6470; }
  .head-line { font-size: 16px; font-weight: bold; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1b2027; stroke: #39424e; }
    .thing { fill: #4a2f18; stroke: #f0b27a; }
    .layer { fill: #1f3354; stroke: #8db4f2; }
    .torch { fill: #4d2029; stroke: #f08a9b; }
    .road { stroke: #c3cad3; }
    .head { fill: #c3cad3; }
    text { fill: #e8ecf1; }
    .step { fill: #c3cad3; }
    .number { fill: #1b2027; }
    .small { fill: #a7b0bb; }
  }
"""


def contracts() -> tuple[list[str], frozenset[str]]:
    """The folders from the highest to the lowest, and those that may import torch."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers, _, forbidden = project["tool"]["importlinter"]["contracts"]
    names = [name.removeprefix("tangyin.") for name in layers["layers"]]
    light = {name.removeprefix("tangyin.") for name in forbidden["source_modules"]}
    return names, frozenset(set(names) - light)


def sentence(name: str) -> str:
    """The first line of a module's docstring."""
    module = ROOT / "src/tangyin" / name
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].replace("`", "").rstrip(".")


def written(name: str) -> str:
    """The name of the folder or file in src/tangyin."""
    return f"{name}/" if (ROOT / "src/tangyin" / name).is_dir() else f"{name}.py"


def words(x: float, y: float, content: str, kind: str = "") -> str:
    """Words at a place."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(content)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A box."""
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
    )


def number(x: float, y: float, step: int) -> str:
    """The number of a step of the path."""
    return f'<circle class="step" cx="{x:g}" cy="{y:g}" r="10"/>' + words(
        x, y + 4.5, str(step), "middle number"
    )


def road() -> Iterator[str]:
    """The stages of a poem, and below each arrow the folders that do the next step."""
    yield words(LEFT, 38, "How poems flow", "head-line")
    width = 112
    gap = (RIGHT - LEFT - len(ROAD) * width) / (len(ROAD) - 1)
    for place, thing in enumerate(ROAD):
        x = LEFT + place * (width + gap)
        yield box(x, 60, width, 40, "thing")
        yield words(x + width / 2, 85, thing, "middle")
        if place < len(WORKERS):
            middle = x + width + gap / 2
            yield f'<path class="road" d="M {x + width + 2:g} 80 L {x + width + gap - 3:g} 80"/>'
            yield number(middle, 116, place + 1)
            for line, worker in enumerate(WORKERS[place]):
                yield words(middle, 146 + 19 * line, written(worker), "middle code")


def stack(names: list[str], torch: frozenset[str]) -> Iterator[str]:
    """The folders, each above those that it may import from."""
    yield words(LEFT, TOP - 20, "A folder imports only from those below it", "head-line")
    legend = RIGHT - 262
    yield box(legend, TOP - 34, 18, 16, "layer")
    yield words(legend + 26, TOP - 21, "without torch", "small")
    yield box(legend + 130, TOP - 34, 18, 16, "torch")
    yield words(legend + 156, TOP - 21, "may import torch", "small")
    for place, name in enumerate(names):
        y = TOP + place * ROW
        yield box(LEFT, y, RIGHT - LEFT, ROW - 5, "torch" if name in torch else "layer")
        yield words(NAME, y + 20, written(name), "code")
        yield words(WORDS, y + 20, sentence(name))
        steps = [step for step, workers in enumerate(WORKERS, 1) if name in workers]
        for back, step in enumerate(reversed(steps)):
            yield number(RIGHT - 20 - 26 * back, y + 14.5, step)


def drawing() -> str:
    """The picture."""
    names, torch = contracts()
    height = TOP + len(names) * ROW + 22
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">',
            '<title id="title">The folders of tangyin and how poems flow through them</title>',
            f"<style>{STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="8" '
            'markerHeight="8" orient="auto"><path class="head" d="M 0 1 L 9 5 L 0 9 z"/></marker>'
            "</defs>",
            f'<rect class="ground" x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="14"/>',
            *road(),
            *stack(names, torch),
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_text(drawing(), encoding="utf-8")
