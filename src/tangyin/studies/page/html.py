"""The report as one HTML page that needs nothing beside it: no script, no file, no network."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

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
from tangyin.studies.page.phrases import CONTENTS, LIMITS, READING, SUMMARY, SUMMARY_HEAD
from tangyin.studies.page.style import FORMULA_POINTS, PALETTE, glyphs, inline_svg

WIDE = 6
"""Columns from which a table is set smaller."""

SUBSCRIPT = re.compile(r"\b([A-Za-z])_([A-Za-z]{1,2})\b")
CHINESE = re.compile(
    r"[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uff64]*[\u3001-\u303f\u3400-\u9fff])?"
)

CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def html_page(report: Report) -> str:
    """The whole page."""
    contents = "\n".join(
        f'<li value="{number}"><a href="#{part.name}">{inline(part.title)}</a></li>'
        for number, part in enumerate(report.parts, 1)
    )
    parts = "\n".join(_part(number, part, report) for number, part in enumerate(report.parts, 1))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(report.title)}</title>
<style>
{_colours()}
{CSS}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the studies</a>
{glyphs(report.drawn.values())}
<header>
<h1>{inline(report.title)}</h1>
{_paragraphs(report.lead)}
<section id="summary">
<h2>{inline(SUMMARY)}</h2>
{_summary(report)}
</section>
<nav aria-labelledby="contents">
<h2 id="contents">{inline(CONTENTS)}</h2>
<ol>
{contents}
</ol>
</nav>
</header>
<main id="main" tabindex="-1">
{parts}
<section id="reading">
<h2>{inline(READING)}</h2>
{_paragraphs(report.reading)}
</section>
</main>
<footer>
{_paragraphs(report.tail)}
</footer>
</body>
</html>
"""


def inline(text: str) -> str:
    """The Markdown of blocks as HTML; Chinese is marked as such, apostrophes are curved."""
    codes: list[str] = []

    def kept(match: re.Match[str]) -> str:
        codes.append(f"<code>{match[1]}</code>")
        return f"\0{len(codes) - 1}\0"

    text = re.sub(r"`([^`]+)`", kept, html.escape(text, quote=False))
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*", r"<em>\1</em>", text)
    text = re.sub(r"\[([^]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', text).replace("'", "’")
    text = SUBSCRIPT.sub(r"\1<sub>\2</sub>", text)
    text = CHINESE.sub(r'<span lang="zh-Hant">\g<0></span>', text)
    return re.sub("\0(\\d+)\0", lambda match: codes[int(match[1])], text)


def _paragraphs(texts: Sequence[str]) -> str:
    return "\n".join(f"<p>{inline(text)}</p>" for text in texts)


def _colours() -> str:
    """The colours of plots as variables, for light and dark paper."""
    light = " ".join(f"--{name}: {colour};" for colour, (name, _) in PALETTE.items())
    dark = " ".join(f"--{name}: {colour};" for name, colour in PALETTE.values())
    return (
        f":root {{ {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def _summary(report: Report) -> str:
    """What the report claims, and what was found."""
    rows = []
    for number, part in enumerate(report.parts, 1):
        for claim in part.claims:
            said = inline(claim.said) if claim.said else f"<em>{inline(part.question)}</em>"
            rows.append(
                f'<tr><td><a href="#{part.name}" aria-label="{html.escape(part.title)}">'
                f'<span lang="zh-Hant">{NUMERALS[number]}</span></a></td>'
                f'<th scope="row">{said}</th><td>{inline(claim.found)}</td>'
                f'<td class="decides">{inline(claim.number)}</td></tr>'
            )
    heads = "".join(f'<th scope="col">{inline(word)}</th>' for word in SUMMARY_HEAD)
    return (
        '<table class="claims">\n'
        f'<thead><tr><td></td>{heads}</tr></thead>\n<tbody>\n{chr(10).join(rows)}\n'
        "</tbody>\n</table>"
    )  # fmt: skip


def _part(number: int, part: Part, report: Report) -> str:
    body = "\n".join(_block(block, report) for block in part.shown)
    if not part.blocks:
        body = f'<p class="missing">{inline(part.missing)}</p>'
    return (
        f'<section id="{part.name}">\n<h2>{inline(f"{NUMERALS[number]}、{part.title}")}</h2>\n'
        f'<p class="question">{inline(part.question)}</p>\n{body}\n</section>'
    )


def _block(block: Block, report: Report) -> str:
    match block:
        case Claim():
            return ""
        case Finding(text):
            return f'<p class="finding">{inline(text)}</p>'
        case Limits(text):
            return f'<p class="limits"><strong>{inline(LIMITS)}</strong> {inline(text)}</p>'
        case Heading(text):
            return f"<h3>{inline(text)}</h3>"
        case Text(text):
            return f"<p>{inline(text)}</p>"
        case Formula(tex, text):
            svg = inline_svg(report.drawn[tex], f"formula-{report.formulas.index(tex)}", text)
            return f'<p class="formula">{_as_large_as_text(svg)}</p>'
        case Figure():
            return _figure(block, report)
        case Table():
            return _table(block, report.number_of(block))
        case Poems(caption, poems):
            shown = "\n".join(
                f'<div class="poem"><p class="how">{inline(how)}</p>'
                f'<p lang="zh-Hant">{_lines(text)}</p></div>'
                for how, text in poems
            )
            return (
                f'<figure class="verse">\n<div class="poems">\n{shown}\n</div>\n'
                f"<figcaption>{inline(caption)}</figcaption>\n</figure>"
            )


def _figure(figure: Figure, report: Report) -> str:
    number = report.figures.index(figure.name) + 1
    svg = inline_svg(report.drawn[figure.name], figure.name, figure.alt)
    switch = (
        '<label class="switch"><input type="checkbox" class="still"> Stop the moving dots</label>\n'
        if figure.moving
        else ""
    )
    return (
        f'<figure class="plot" id="figure-{figure.name}">\n{switch}'
        f'<div class="drawing" tabindex="0" role="group" aria-label="Figure {number}">{svg}</div>\n'
        f"<figcaption><strong>Figure {number}.</strong> {inline(figure.caption)}</figcaption>\n"
        "</figure>"
    )


def _as_large_as_text(svg: str) -> str:
    """A formula's SVG, as wide as its letters want it beside the page's."""
    box = re.search(r'viewBox="\S+ \S+ (\S+) ', svg)
    width = float(box[1]) / FORMULA_POINTS if box else 10
    return svg.replace("<svg ", f'<svg style="width:{width:.2f}em" ', 1)


def _table(table: Table, number: int) -> str:
    def cell(column: int, text: str, head: bool) -> str:
        kind = "" if column in table.words else ' class="number"'
        if head:
            return f'<th scope="col"{kind}>{inline(text)}</th>' if text else f"<td{kind}></td>"
        if column == 0:
            return f'<th scope="row"{kind}>{inline(text)}</th>'
        return f"<td{kind}>{inline(text)}</td>"

    def row(cells: Sequence[str], head: bool = False) -> str:
        inside = "".join(cell(column, text, head) for column, text in enumerate(cells))
        return f"<tr>{inside}</tr>"

    body = "\n".join(row(cells) for cells in table.rows)
    kind = "cells wide" if len(table.head) >= WIDE else "cells"
    return (
        f'<figure class="table">\n<div class="{kind}" tabindex="0" role="region" '
        f'aria-label="Table {number}">\n<table>\n'
        f"<thead>{row(table.head, True)}</thead>\n<tbody>\n{body}\n</tbody>\n"
        f"</table>\n</div>\n<figcaption><strong>Table {number}.</strong> "
        f"{inline(table.caption)}</figcaption>\n</figure>"
    )


def _lines(text: str) -> str:
    """A poem with a couplet a line."""
    pieces = [html.escape(piece) for piece in re.findall(r"[^。？！]*[。？！]|.+$", text)]
    return "<br>".join(pieces)
