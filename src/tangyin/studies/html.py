"""The report's Markdown as HTML that needs nothing beside it: no script, no file, no network."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from tangyin.studies.style import FORMULA_POINTS, inline_svg

SPANS = (
    r"(?<![A-Za-z])(?P<base>[A-Za-z])_(?P<below>[A-Za-z]{1,2})\b"
    r"|[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uff64]*[\u3001-\u303f\u3400-\u9fff])?"
)
"""W_hh, or a run of Chinese with the marks inside it."""
FORMULA = re.compile(r"\$\$(.+?)\$\$\n<!-- .+? -->", re.DOTALL)
CAPTION = r"\n<p><strong>({} \d+).</strong>(.*?)</p>"
PLOT = re.compile(
    r'<p><img alt="[^"]*" src="figures/([\w-]+)\.svg" /></p>' + CAPTION.format("Figure"), re.DOTALL
)
LABEL = re.compile(r'(?<=<p class="how">)[^<]+')
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

    @property
    def inline(self) -> str:
        """The SVG inside a page; the letters of a formula are as large as the text's."""
        svg = inline_svg(self.svg, self.name, self.alt)
        if not self.formula:
            return svg
        width = float(svg.split('viewBox="')[1].split()[2]) / FORMULA_POINTS
        return svg.replace("<svg ", f'<svg style="width:{width:.2f}em" ', 1)


class _Inline(InlineProcessor):
    """Marks Chinese as such, and sets W_hh with its letters below the line."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: ARG002
        span = Element("span") if m["base"] else Element("span", {"lang": "zh-Hant"})
        span.text = AtomicString(m["base"] or m[0])
        if m["base"]:
            SubElement(span, "sub").text = m["below"]
        return span, m.start(), m.end()


def page_html(text: str, drawn: Mapping[str, Drawing], blocks: Any) -> str:
    """Markdown as HTML, with drawings inside and captions where they belong.

    Args:
        text: the Markdown.
        drawn: figures by name and formulas by TeX.
        blocks: the macros of `page/blocks.html.j2`.
    """
    converter = Markdown(
        extensions=["tables", "smarty"],
        extension_configs={"tables": {"use_align_attribute": True}},
    )
    converter.inlinePatterns.register(_Inline(SPANS), "spans", 20)
    text = FORMULA.sub(lambda m: f'<div class="formula">{drawn[m[1]].inline}</div>', text)
    page = PLOT.sub(lambda m: blocks.plot(drawn[m[1]], m[2], m[3]), converter.convert(text))
    page = TABLE.sub(lambda m: blocks.table(_headed(m[1]), m[2], m[3]), page)
    page = LABEL.sub(lambda m: converter.convert(m[0]).removeprefix("<p>")[:-4], page)
    page = page.replace(f"<p>{LIMITS}", f'<p class="limits">{LIMITS}')
    return re.sub(r'<a href="\.\./[^"]*">(.*?)</a>', r"\1", page)


def _headed(table: str) -> str:
    """The table with heads of rows and columns, and numbers to the right."""
    head, body = table.split("<tbody>")
    head = re.sub(r"<th\b(.*?)>", r'<th scope="col"\1>', head)
    head = re.sub(r"<th scope=\"col\"(.*?)></th>", r"<td\1></td>", head)
    body = re.sub(r"<tr>\n<td(.*?)>(.*?)</td>", r'<tr>\n<th scope="row"\1>\2</th>', body)
    return f"{head}<tbody>{body}".replace('align="right"', 'class="number"')
