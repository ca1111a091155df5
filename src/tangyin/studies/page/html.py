"""The report as one HTML page that needs nothing beside it: no script, no file, no network."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

from tangyin.studies.page.blocks import (
    Block,
    Figure,
    Finding,
    Formula,
    Poems,
    Table,
    Text,
)
from tangyin.studies.page.outline import NUMERALS, Part, Report
from tangyin.studies.page.style import FORMULA_POINTS, inline_svg

WIDE = 6
"""Columns from which a table is set smaller."""

CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def html_page(report: Report) -> str:
    """The whole page."""
    contents = "\n".join(
        f'<li><a href="#{part.name}">{inline(part.title)}</a>'
        + (f"<br>{inline(part.finding)}" if part.finding else f"<br>{inline(part.missing)}")
        + "</li>"
        for part in report.parts
    )
    parts = "\n".join(_part(number, part, report) for number, part in enumerate(report.parts, 1))
    lead = "\n".join(f"<p>{inline(text)}</p>" for text in report.lead)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(report.title)}</title>
<style>
{CSS}</style>
</head>
<body>
<header>
<h1>{inline(report.title)}</h1>
{lead}
</header>
<nav aria-label="Contents">
<h2>提要 What was found</h2>
<ol>
{contents}
</ol>
</nav>
<main>
{parts}
</main>
<footer>
{"".join(f"<p>{inline(text)}</p>" for text in report.tail)}
</footer>
</body>
</html>
"""


def inline(text: str) -> str:
    """The Markdown of blocks as HTML."""
    escaped = html.escape(text, quote=False)
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    escaped = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", escaped)
    escaped = re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*", r"<em>\1</em>", escaped)
    return re.sub(r"\[([^]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', escaped)


def _part(number: int, part: Part, report: Report) -> str:
    body = "\n".join(_block(block, report) for block in part.blocks)
    if not part.blocks:
        body = f'<p class="missing">{inline(part.missing)}</p>'
    return (
        f'<section id="{part.name}">\n<h2>{NUMERALS[number]}、{inline(part.title)}</h2>\n'
        f'<p class="question">{inline(part.question)}</p>\n{body}\n</section>'
    )


def _block(block: Block, report: Report) -> str:
    match block:
        case Finding(text):
            return f'<p class="finding">{inline(text)}</p>'
        case Text(text):
            return f"<p>{inline(text)}</p>"
        case Formula(tex, text):
            svg = inline_svg(report.drawn[tex], f"formula-{report.formulas.index(tex)}", text)
            return f'<p class="formula">{_as_large_as_text(svg)}</p>'
        case Figure(name=name, caption=caption, alt=alt):
            number = report.figures.index(name) + 1
            return (
                f'<figure id="figure-{name}">\n{inline_svg(report.drawn[name], name, alt)}\n'
                f"<figcaption><strong>Figure {number}.</strong> {inline(caption)}</figcaption>\n"
                "</figure>"
            )
        case Table():
            return _table(block)
        case Poems(caption, poems):
            shown = "\n".join(
                f'<div class="poem"><p class="how">{inline(how)}</p>'
                f'<p lang="zh-Hant">{_lines(text)}</p></div>'
                for how, text in poems
            )
            return f'<div class="poems">\n{shown}\n</div>\n<p class="caption">{inline(caption)}</p>'


def _as_large_as_text(svg: str) -> str:
    """A formula's SVG, as wide as its letters want it beside the page's."""
    box = re.search(r'viewBox="\S+ \S+ (\S+) ', svg)
    width = float(box[1]) / FORMULA_POINTS if box else 10
    return svg.replace("<svg ", f'<svg style="width:{width:.2f}em" ', 1)


def _table(table: Table) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        kinds = ["" if column in table.words else ' class="number"' for column in range(len(row))]
        return "".join(
            f"<{tag}{kind}>{inline(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True)
        )

    body = "\n".join(f"<tr>{cells(row, 'td')}</tr>" for row in table.rows)
    kind = "table wide" if len(table.head) >= WIDE else "table"
    return (
        f'<div class="{kind}" tabindex="0" role="region" aria-label="Table">\n<table>\n'
        f"<thead><tr>{cells(table.head, 'th')}</tr></thead>\n<tbody>\n{body}\n</tbody>\n"
        f'</table>\n</div>\n<p class="caption">{inline(table.caption)}</p>'
    )


def _lines(text: str) -> str:
    """A poem with a couplet a line."""
    pieces = [html.escape(piece) for piece in re.findall(r"[^。？！]*[。？！]|.+$", text)]
    return "<br>".join(pieces)
