"""Fill the tables of docs/studies/gradients.md from the results.

    tangyin study gradients -o docs/results/gradients.json
    python scripts/compare_numpy_torch.py
    python scripts/build_gradients_page.py

Whatever stands between `<!-- NAME -->` and `<!-- /NAME -->` in the page is written anew.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tangyin.files import write_whole

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "studies/gradients.md"
BLOCK = re.compile(r"<!-- ([a-z-]+) -->\n.*?<!-- /\1 -->", re.DOTALL)
LAGS = (1, 5, 10, 20, 30, 40, 48)


def results(name: str) -> dict[str, Any]:
    """The committed results of a study or script."""
    text = (DOCS / f"results/{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def filled(page: str, gradients: dict[str, Any], comparison: dict[str, Any]) -> str:
    """The page with every block written from the results."""
    blocks = {
        "how": how(gradients["settings"]),
        "jacobians": jacobian_table(gradients["jacobians"]),
        "parameters": parameter_table(gradients["parameters"]),
        "flow": flow_table(gradients["flow"]),
        "flow-how": flow_how(gradients["settings"]),
        "numpy-torch": comparison_table(comparison),
    }
    # Blank lines, without which Markdown takes the comment for a part of the paragraph.
    return BLOCK.sub(lambda m: f"<!-- {m[1]} -->\n\n{blocks[m[1]]}\n\n<!-- /{m[1]} -->", page)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """An error in two digits."""
    return f"{value:.1e}" if value else "0"


def symbol(name: str) -> str:
    """A quantity's name in TeX: c_prev becomes c_{t-1}, W_f stays."""
    return name.replace("_prev", "_{t-1}")


def largest(lines: list[dict[str, Any]], reference: str) -> str:
    """The largest error of a table."""
    return number(max(line[reference] for line in lines))


def jacobian_table(lines: list[dict[str, Any]]) -> str:
    """Every Jacobian with its errors, the largest ones in the last row."""
    rows = []
    for line in lines:
        code = line["name"]
        rows.append(
            (
                rf"$\partial {symbol(line['of'])} / \partial {symbol(line['by'])}$",
                f'`jacobians(…)["{line["by"]}"]`' if code == "jacobians" else f"`{code}`",
                " × ".join(map(str, line["shape"])),
                number(line["differences"]),
                number(line["autograd"]),
            )
        )
    last = ("the largest", "", "", largest(lines, "differences"), largest(lines, "autograd"))
    head = ("Jacobian", "code", "size", "against differences", "against autograd")
    return table(head, [*rows, last])


def parameter_table(lines: list[dict[str, Any]]) -> str:
    """The gradient by every parameter with its errors, the largest ones in the last row."""
    rows = [
        (
            f"`{line['by']}`",
            f"`{line['name']}`",
            " × ".join(map(str, line["shape"])),
            number(line["differences"]),
            number(line["autograd"]),
        )
        for line in lines
    ]
    last = ("the largest", "", "", largest(lines, "differences"), largest(lines, "autograd"))
    head = ("parameter", "gradient of", "size", "against differences", "against autograd")
    return table(head, [*rows, last])


def how(settings: dict[str, Any]) -> str:
    """How the errors were measured."""
    return (
        f"The largest error over {settings['draws']} random draws is shown. The differences are "
        f"central, of points {settings['difference']:g} to either side. Measured with NumPy "
        f"{settings['numpy']} and PyTorch {settings['torch']}."
    )


def flow_how(settings: dict[str, Any]) -> str:
    """How the norms were measured."""
    return (
        f"The networks have {settings['hidden_size']} units and {settings['input_size']} inputs, "
        f"as the report's, and T is {settings['steps']}, the characters and marks of a 五律. Lines "
        f"are medians over {settings['seeds']} seeds, bands go from the lowest to the highest."
    )


def flow_table(flow: dict[str, Any]) -> str:
    """The median norm of every network at some lags."""
    rows = []
    for curve in flow["curves"]:
        bias = curve["forget_bias"]
        name = curve["network"] if bias is None else f"LSTM, forget bias {bias:g}"
        medians = dict(zip(flow["lags"], curve["median"], strict=True))
        rows.append((name.replace("-", "−"), *(f"{medians[lag]:.1e}" for lag in LAGS)))
    return table(("$T - t$", *map(str, LAGS)), rows)


def comparison_table(comparison: dict[str, Any]) -> str:
    """The differences between NumPy's and PyTorch's losses over an epoch."""
    rows = [
        (
            name,
            str(run["steps"]),
            f"{run['first_loss']:.3f}",
            f"{run['last_loss']:.3f}",
            f"{number(run['largest_difference'])} (step {run['at_step']})",
            number(run["parameter_difference"]),
            f"{run['largest_gradient_norm']:.2f}",
        )
        for name, run in comparison["runs"].items()
    ]
    head = (
        "precision",
        "steps",
        "first loss",
        "last loss",
        "largest difference in loss",
        "of the parameters at the end",
        "largest gradient norm",
    )
    versions = (
        f"NumPy {comparison['numpy']}, PyTorch {comparison['torch']}, {comparison['machine']}, "
        f"threads: {comparison['threads']}."
    )
    return f"{table(head, rows)}\n\n{versions}"


if __name__ == "__main__":
    old = PAGE.read_text(encoding="utf-8")
    write_whole(PAGE, filled(old, results("gradients"), results("numpy_torch")))
