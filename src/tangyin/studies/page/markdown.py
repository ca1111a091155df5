"""The report in Markdown, its figures in files beside it."""

from collections.abc import Sequence

from tangyin.studies.page.blocks import Block, Figure, Finding, Formula, Poems, Table, Text
from tangyin.studies.page.outline import NUMERALS, Part, Report


def markdown_page(report: Report) -> str:
    """The whole page."""
    contents = [
        f"{number}. [{part.title}](#{part.name}): {part.finding or part.missing}"
        for number, part in enumerate(report.parts, 1)
    ]
    parts = [_part(number, part, report) for number, part in enumerate(report.parts, 1)]
    pieces = [
        f"# {report.title}",
        *report.lead,
        "## 提要 What was found",
        "\n".join(contents),
        *parts,
        "---",
        *report.tail,
    ]
    return "\n\n".join(pieces) + "\n"


def _part(number: int, part: Part, report: Report) -> str:
    head = f'<a id="{part.name}"></a>\n\n## {NUMERALS[number]}、{part.title}'
    body = [_block(block, report) for block in part.blocks] or [part.missing]
    return "\n\n".join([head, f"*{part.question}*", *body])


def _block(block: Block, report: Report) -> str:
    match block:
        case Finding(text):
            return f"**{text}**" if "**" not in text else text
        case Text(text):
            return text
        case Formula(tex, _):
            return f"$${tex}$$"
        case Figure(name=name, caption=caption, alt=alt):
            number = report.figures.index(name) + 1
            plain = alt.replace("[", "(").replace("]", ")")
            return f"![{plain}](figures/{name}.svg)\n\n**Figure {number}.** {caption}"
        case Table(caption, head, rows, words):
            rule = ["---" if column in words else "---:" for column in range(len(head))]
            lines = [_row(line) for line in (head, rule, *rows)]
            return "\n".join(lines) + f"\n\n{caption}"
        case Poems(caption, poems):
            shown = [("", ""), ("---", "---"), *poems]
            return "\n".join(map(_row, shown)) + f"\n\n{caption}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
