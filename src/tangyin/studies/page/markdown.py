"""The report in Markdown, its figures in files beside it."""

import re
from collections.abc import Sequence

from tangyin.studies.page.blocks import (
    Block,
    Claim,
    Figure,
    Finding,
    Formula,
    Heading,
    Limits,
    Poems,
    Table,
    Text,
)
from tangyin.studies.page.outline import NUMERALS, Part, Report
from tangyin.studies.page.phrases import LIMITS, READING, SUMMARY, SUMMARY_HEAD

DOCUMENT = re.compile(r"(?<!\[)`docs/([\w/-]+\.md)`")


def markdown_page(report: Report) -> str:
    """The whole page; it lies in docs/report/."""
    rows = [
        (f"[{NUMERALS[number]}](#{part.name})", claim.said or f"*{part.question}*", claim.found,
         claim.number)
        for number, part in enumerate(report.parts, 1)
        for claim in part.claims
    ]  # fmt: skip
    parts = [_part(number, part, report) for number, part in enumerate(report.parts, 1)]
    pieces = [
        f"# {report.title}",
        *report.lead,
        f"## {SUMMARY}",
        "\n".join(map(_row, [("", *SUMMARY_HEAD), ["---"] * 4, *rows])),
        *parts,
        f"## {READING}",
        *report.reading,
        "---",
        *report.tail,
    ]
    return DOCUMENT.sub(r"[`docs/\1`](../\1)", "\n\n".join(pieces)) + "\n"


def _part(number: int, part: Part, report: Report) -> str:
    head = f'<a id="{part.name}"></a>\n\n## {NUMERALS[number]}、{part.title}'
    body = [_block(block, report) for block in part.shown] or [part.missing]
    return "\n\n".join([head, f"*{part.question}*", *body])


def _block(block: Block, report: Report) -> str:
    match block:
        case Claim():
            return ""
        case Finding(text):
            return f"> **{text}**" if "**" not in text else f"> {text}"
        case Limits(text):
            return f"**{LIMITS}** {text}"
        case Heading(text):
            return f"### {text}"
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
            return "\n".join(lines) + f"\n\n**Table {report.number_of(block)}.** {caption}"
        case Poems(caption, poems):
            shown = [("", ""), ("---", "---"), *((how, _plain(text)) for how, text in poems)]
            return "\n".join(map(_row, shown)) + f"\n\n{caption}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _plain(text: str) -> str:
    """A poem's text, in which `<unk>` would be taken for a tag."""
    return text.replace("<", r"\<")
