"""The report's Markdown as HTML that needs nothing beside it: no script, no file, no network."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from tangyin.studies.style import FORMULA_POINTS, inline_svg

WIDE = 6
"""Columns from which a table is set smaller."""

CHINESE = (
    r"[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uff64]*[\u3001-\u303f\u3400-\u9fff])?"
)
SUBSCRIPT = r"(?<![A-Za-z])([A-Za-z])_([A-Za-z]{1,2})\b"
FORMULA = re.compile(r"\$\$(.+?)\$\$\n<!-- .+? -->", re.DOTALL)
CAPTION = r"\n<p><strong>({} (\d+)).</strong>(.*?)</p>"
PLOT = re.compile(
    r'<p><img alt="[^"]*" src="figures/([\w-]+)\.svg" /></p>' + CAPTION.format("Figure"), re.DOTALL
)
LIMITS = '<strong><span lang="zh-Hant">不能說明</span>'
TABLE = re.compile(r"(<table>.*?</table>)" + CAPTION.format("Table"), re.DOTALL)


@dataclass(frozen=True)
class Drawing:
    """A figure or a formula.

    Attributes:
        name: unique on the page.
        svg: from `svg_of`.
        alt: what is to be seen.
        formula: whether it is a formula.
    """

    name: str
    svg: str
    alt: str
    formula: bool = False


class _Chinese(InlineProcessor):
    """Marks Chinese as such."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: ARG002
        span = Element("span", {"lang": "zh-Hant"})
        span.text = AtomicString(m[0])
        return span, m.start(), m.end()


class _Subscript(InlineProcessor):
    """Sets W_hh with its letters below the line."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: ARG002
        span, below = Element("span"), Element("sub")
        span.text, below.text = m[1], m[2]
        span.append(below)
        return span, m.start(), m.end()


def page_html(text: str, drawn: Mapping[str, Drawing]) -> str:
    """Markdown as HTML, with drawings inside and captions where they belong.

    Args:
        text: the Markdown.
        drawn: figures by name and formulas by TeX.
    """
    converter = Markdown(
        extensions=["tables", "smarty"],
        extension_configs={"tables": {"use_align_attribute": True}},
    )
    converter.inlinePatterns.register(_Chinese(CHINESE), "chinese", 20)
    converter.inlinePatterns.register(_Subscript(SUBSCRIPT), "subscript", 25)
    text = FORMULA.sub(lambda match: _formula(drawn[match[1]]), text)
    page = converter.convert(text)
    page = PLOT.sub(lambda match: _plot(drawn[match[1]], *match.groups()[1:]), page)
    page = TABLE.sub(_table, page)
    page = page.replace(f"<p>{LIMITS}", f'<p class="limits">{LIMITS}')
    return re.sub(r'<a href="\.\./[^"]*">(.*?)</a>', r"\1", page)


def _plot(drawing: Drawing, label: str, _: str, caption: str) -> str:
    switch = (
        '<label class="switch"><input type="checkbox" class="still"> Stop the moving dots</label>\n'
        if 'class="run-' in drawing.svg
        else ""
    )
    svg = inline_svg(drawing.svg, drawing.name, drawing.alt)
    return (
        f'<figure class="plot" id="figure-{drawing.name}">\n{switch}'
        f'<div class="drawing" tabindex="0" role="group" aria-label="{label}">{svg}</div>\n'
        f"<figcaption><strong>{label}.</strong>{caption}</figcaption>\n</figure>"
    )


def _formula(drawing: Drawing) -> str:
    """A formula's SVG, its letters as large as the text's."""
    svg = inline_svg(drawing.svg, drawing.name, drawing.alt)
    box = re.search(r'viewBox="\S+ \S+ (\S+) ', svg)
    width = float(box[1]) / FORMULA_POINTS if box else 10
    svg = svg.replace("<svg ", f'<svg style="width:{width:.2f}em" ', 1)
    return f'<div class="formula">{svg}</div>'


def _table(match: re.Match[str]) -> str:
    table, label, _, caption = match.groups()
    kind = "cells wide" if table.partition("</thead>")[0].count("</th>") >= WIDE else "cells"
    return (
        f'<figure class="table">\n<div class="{kind}" tabindex="0" role="region" '
        f'aria-label="{label}">\n{_headed(table)}\n</div>\n'
        f"<figcaption><strong>{label}.</strong>{caption}</figcaption>\n</figure>"
    )


def _headed(table: str) -> str:
    """The table with heads of rows and columns, and numbers to the right."""
    head, body = table.split("<tbody>")
    head = re.sub(r"<th\b(.*?)>", r'<th scope="col"\1>', head)
    head = re.sub(r"<th scope=\"col\"(.*?)></th>", r"<td\1></td>", head)
    body = re.sub(r"<tr>\n<td(.*?)>(.*?)</td>", r'<tr>\n<th scope="row"\1>\2</th>', body)
    return f"{head}<tbody>{body}".replace('align="right"', 'class="number"')
