"""Draw docs/images/lstm_step.svg, the computational graph of one LSTM step.

    python scripts/draw_lstm_graph.py [TARGET]

The picture brings its own ground, so that it can be read on a light and on a dark page, and takes
dark colours where the reader's system asks for them. It needs nothing but the standard library.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

TARGET = Path(__file__).parents[1] / "docs/images/lstm_step.svg"
WIDTH, HEIGHT = 1060, 590

STYLE = """
  .ground { fill: #fbfaf6; stroke: #d8d4c8; }
  .node { fill: #ffffff; stroke: #37404c; stroke-width: 1.4; }
  .gate { fill: #e6eefb; stroke: #2f5da8; stroke-width: 1.4; }
  .state { fill: #fdeede; stroke: #b4601a; stroke-width: 1.4; }
  .weight { fill: #eef0f2; stroke: #8a929c; stroke-width: 1; }
  .edge { fill: none; stroke: #37404c; stroke-width: 1.4; marker-end: url(#head); }
  .adjoint { fill: none; stroke: #a3273d; stroke-width: 1.6; stroke-dasharray: 6 4;
             marker-end: url(#adjoint-head); }
  .head { fill: #37404c; }
  .adjoint-head { fill: #a3273d; }
  text { font-family: "STIX Two Text", "Times New Roman", "DejaVu Serif", serif;
         font-size: 19px; fill: #1d242c; text-anchor: middle; }
  .label { font-size: 16px; fill: #2f5da8; }
  .halo { font-size: 16px; fill: #fbfaf6; stroke: #fbfaf6; stroke-width: 7px;
          stroke-linejoin: round; }
  .back { font-size: 16px; fill: #a3273d; }
  .note { font-size: 14px; fill: #5b6470; font-family: "Helvetica", "DejaVu Sans", sans-serif; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1b2027; stroke: #39424e; }
    .node { fill: #262d36; stroke: #c3cad3; }
    .gate { fill: #1f3354; stroke: #8db4f2; }
    .state { fill: #4a2f18; stroke: #f0b27a; }
    .weight { fill: #2b323b; stroke: #8a929c; }
    .edge { stroke: #c3cad3; }
    .head { fill: #c3cad3; }
    .adjoint { stroke: #f08a9b; }
    .adjoint-head { fill: #f08a9b; }
    text { fill: #e8ecf1; }
    .label { fill: #9dc1f7; }
    .halo { fill: #1b2027; stroke: #1b2027; }
    .back { fill: #f08a9b; }
    .note { fill: #a7b0bb; }
  }
"""

X_INPUT, X_Z, X_Y, X_GATE, X_CELL, X_HIDDEN = 80, 205, 385, 560, 770, 935
Y_CELL, Y_X = 52, 420
ROWS = {"f": 147, "i": 247, "g": 347, "o": 457}
Y_C, Y_H = 197, 387
Y_Z = 307


def formula(content: str) -> str:
    """Tspans for a formula in which `_{…}` lowers and a letter is italic."""
    pieces = []
    for part in re.split(r"(_\{[^}]*\})", content):
        if part.startswith("_{"):
            lowered = italic(part[2:-1], size="70%")
            pieces.append(f'<tspan dy="5">{lowered}</tspan><tspan dy="-5">&#8203;</tspan>')
        else:
            pieces.append(italic(part))
    return "".join(pieces)


def italic(content: str, size: str = "") -> str:
    """Set single letters in italics and words such as tanh upright."""
    font = f' font-size="{size}"' if size else ""
    pieces = re.split(r"([A-Za-z]+)", content)
    return "".join(
        f'<tspan font-style="{"italic" if len(piece) == 1 and piece.isalpha() else "normal"}"'
        f"{font}>{escape(piece)}</tspan>"
        for piece in pieces
        if piece
    )


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "middle") -> str:
    """A formula at a place."""
    return (
        f'<text xml:space="preserve" x="{x}" y="{y}" class="{kind}" '
        f'style="text-anchor: {anchor}">{formula(content)}</text>'
    )


def label(x: float, y: float, content: str) -> str:
    """A formula on top of an arrow, which is interrupted around it."""
    return text(x, y, content, "halo") + text(x, y, content, "label")


def note(x: float, y: float, content: str, anchor: str = "middle") -> str:
    """Words at a place."""
    return f'<text x="{x}" y="{y}" class="note" style="text-anchor: {anchor}">{content}</text>'


def box(x: float, y: float, content: str, kind: str = "node", width: float = 64) -> str:
    """A node."""
    corner = f'x="{x - width / 2}" y="{y - 20}"'
    return f'<rect class="{kind}" {corner} width="{width}" height="40" rx="9"/>' + text(
        x, y + 6, content
    )


def edge(points: str, kind: str = "edge") -> str:
    """An arrow along a path."""
    return f'<path class="{kind}" d="{points}"/>'


def drawing() -> Iterator[str]:
    """The elements of the picture, arrows under nodes under words."""
    left_of_y = X_Y - 38
    for gate, row in ROWS.items():
        start = Y_Z + {"f": -12, "i": -5, "g": 5, "o": 12}[gate]
        yield edge(
            f"M {X_Z + 32} {start} C {X_Z + 75} {start}, {left_of_y - 60} {row}, {left_of_y} {row}"
        )
        yield edge(f"M {X_Y} {row - 42} L {X_Y} {row - 23}")
        yield edge(f"M {X_Y + 36} {row} L {X_GATE - 36} {row}")
    yield edge(f"M {X_INPUT + 32} {Y_Z - 60} L {X_Z - 34} {Y_Z - 14}")
    yield edge(f"M {X_INPUT + 32} {Y_X} L {X_Z - 28} {Y_Z + 23}")
    yield edge(f"M {X_INPUT + 32} {Y_CELL} L {X_CELL} {Y_CELL} L {X_CELL} {Y_C - 23}")
    for gate, end in (("f", -10), ("i", 4), ("g", 16)):
        row = ROWS[gate]
        yield edge(
            f"M {X_GATE + 34} {row} C {X_GATE + 110} {row}, {X_CELL - 110} {Y_C + end}, "
            f"{X_CELL - 36} {Y_C + end}"
        )
    row = ROWS["o"]
    yield edge(
        f"M {X_GATE + 34} {row} C {X_GATE + 200} {row}, {X_HIDDEN - 180} {Y_H + 8}, "
        f"{X_HIDDEN - 36} {Y_H + 8}"
    )
    yield edge(f"M {X_CELL + 14} {Y_C + 20} L {X_HIDDEN - 22} {Y_H - 23}")
    yield edge(f"M {X_CELL + 34} {Y_C - 8} L {WIDTH - 26} {Y_C - 8}")
    yield edge(f"M {X_HIDDEN + 34} {Y_H - 8} L {WIDTH - 26} {Y_H - 8}")
    yield edge(f"M {WIDTH - 26} {Y_C + 9} L {X_CELL + 38} {Y_C + 9}", "adjoint")
    yield edge(f"M {WIDTH - 26} {Y_H + 9} L {X_HIDDEN + 38} {Y_H + 9}", "adjoint")

    yield box(X_INPUT, Y_CELL, "c_{t−1}", "state")
    yield box(X_INPUT, Y_Z - 60, "h_{t−1}", "state")
    yield box(X_INPUT, Y_X, "x_{t}")
    yield box(X_Z, Y_Z, "z_{t}")
    yield box(X_CELL, Y_C, "c_{t}", "state")
    yield box(X_HIDDEN, Y_H, "h_{t}", "state")
    for gate, row in ROWS.items():
        yield f'<rect class="weight" x="{X_Y - 42}" y="{row - 67}" width="84" height="25" rx="4"/>'
        yield text(X_Y, row - 49, f"W_{{{gate}}}, b_{{{gate}}}", "label")
        yield box(X_Y, row, f"y_{{{gate}}}", width=70)
        yield box(X_GATE, row, f"{gate}_{{t}}", "gate")
        yield text(
            (X_Y + X_GATE) / 2,
            row - 9,
            "1 − g²" if gate == "g" else f"{gate} ⊙ (1 − {gate})",
            "label",
        )
    middle = (X_Z + 32 + left_of_y) / 2
    for gate, row in ROWS.items():
        yield label(middle + 8, (2 * Y_Z + 3 * row) / 5 + 6, f"W_{{{gate}}}")
    yield label((X_INPUT + X_CELL) / 2, Y_CELL + 6, "f_{t}")
    yield label(X_GATE + 88, ROWS["f"] + 12, "c_{t−1}")
    yield label(X_GATE + 88, ROWS["i"] - 13, "g_{t}")
    yield label(X_GATE + 92, ROWS["g"] - 55, "i_{t}")
    yield label((X_CELL + X_HIDDEN) / 2 + 10, (Y_C + Y_H) / 2 + 10, "o_{t} ⊙ (1 − tanh² c_{t})")
    yield label(X_CELL - 24, ROWS["o"] - 28, "tanh c_{t}")
    yield text(WIDTH - 24, Y_C - 18, "c_{t}", anchor="end")
    yield text(WIDTH - 24, Y_H - 18, "h_{t}", anchor="end")
    yield text(WIDTH - 24, Y_C + 33, "f_{t+1} ⊙ ∇c_{t+1}", "back", "end")
    yield text(WIDTH - 24, Y_H + 34, "∇h_{t}", "back", "end")

    yield note(X_INPUT, Y_Z - 25, "H")
    yield note(X_INPUT, Y_CELL + 36, "H")
    yield note(X_INPUT, Y_X + 36, "E")
    yield note(X_Z, Y_Z + 36, "H + E")
    legend = HEIGHT - 55
    yield edge(f"M 40 {legend} L 90 {legend}")
    yield note(
        100,
        legend + 5,
        "forward; in blue the local Jacobian of the arrow: W itself, or the diagonal of a matrix "
        "that has nothing else",
        "start",
    )
    yield edge(f"M 90 {legend + 28} L 40 {legend + 28}", "adjoint")
    yield note(
        100,
        legend + 33,
        "backward: the adjoints that reach the step from the loss and from the step after it",
        "start",
    )


def main() -> None:
    """Write the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="title">',
        '<title id="title">The computational graph of one LSTM step</title>',
        f"<style>{STYLE}</style>",
        "<defs>",
        *(
            f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="8" '
            'markerHeight="8" orient="auto">'
            f'<path class="{name}" d="M 0 1 L 9 5 L 0 9 z"/></marker>'
            for name in ("head", "adjoint-head")
        ),
        "</defs>",
        f'<rect class="ground" x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="14"/>',
        *drawing(),
        "</svg>",
    ]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
