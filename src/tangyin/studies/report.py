"""From results to the files of the report.

A study's part is a Jinja template that yields Markdown; the report as Markdown and the report as an
HTML page are made from the same parts. In a part `![…](figures/NAME.svg)` is drawn by the function
NAME of the study's plots, and `**Figure.**` and `**Table.**` get numbers.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import jinja2
from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from tangyin.errors import TangyinError, UsageError
from tangyin.files import make_folder, write_whole
from tangyin.studies import filters, style
from tangyin.studies.study import Study, read_results

FIGURE = re.compile(r"!\[([^\]]*)\]\(figures/([\w-]+)\.svg\)")
LABEL = re.compile(r"^\*\*(Figure|Table)\.\*\*", re.MULTILINE)
SPANS = (
    r"(?<![A-Za-z])(?P<base>[A-Za-z])_(?P<below>[A-Za-z]{1,2})\b"
    r"|[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uff64]*[\u3001-\u303f\u3400-\u9fff])?"
)
"""W_hh, or a run of Chinese with the marks inside it."""
FORMULA = re.compile(r"\$\$(.+?)\$\$\n<!-- (.+?) -->", re.DOTALL)
"""A formula in TeX and in words."""
CAPTION = r"\n<p><strong>({} \d+).</strong>(.*?)</p>"
PLOT = re.compile(
    r'<p><img alt="[^"]*" src="figures/([\w-]+)\.svg" /></p>' + CAPTION.format("Figure"), re.DOTALL
)
POEM_LABEL = re.compile(r'(?<=<p class="how">)[^<]+')
LIMITS = '<strong><span lang="zh-Hant">不能說明</span>'
TABLE = re.compile(r"(<table>.*?</table>)" + CAPTION.format("Table"), re.DOTALL)


@dataclass(frozen=True)
class Drawing:
    """A figure or a formula: a unique name, the SVG of `svg_of`, and what a reader would see."""

    name: str
    svg: str
    alt: str
    formula: bool = False

    @property
    def inline(self) -> str:
        """The SVG inside a page; formulas have the font size of the text."""
        svg = style.inline_svg(self.svg, self.name, self.alt)
        if not self.formula:
            return svg
        width = float(svg.split('viewBox="')[1].split()[2]) / style.FORMULA_POINTS
        return svg.replace("<svg ", f'<svg style="width:{width:.2f}em" ', 1)


@dataclass
class Part:
    """A study's part of the report.

    `claims` are its rows of the summary: the course report's claim, empty where it makes none; the
    verdict and why; the decisive figure. Figures are `drawn` by name, formulas by their TeX.
    """

    study: Study
    found: dict[str, Any] | None  # from `run_study`, None if it was not run
    claims: list[tuple[str, str, str]] = field(default_factory=list)
    text: str = ""
    drawn: dict[str, Drawing] = field(default_factory=dict)


def build(results: dict[str, Any], studies: Mapping[str, Study], folder: Path) -> list[Path]:
    """Write the report's files (`render`), delete stale figures, and return the paths.

    Raises:
        UsageError: quick results, or none, would replace full ones.
    """
    before, found = folder / "results.json", results["studies"].values()
    lesser = not found or any(map(_quick, found))
    if (
        lesser
        and before.exists()
        and not all(map(_quick, read_results(before)["studies"].values()))
    ):
        raise UsageError("study.full_report", path=folder)
    files = render(results, studies)
    make_folder(folder / "figures")
    for stale in (folder / "figures").glob("*.svg"):
        if f"figures/{stale.name}" not in files:
            stale.unlink()
    for name, content in files.items():
        write_whole(folder / name, content)
    return [folder / name for name in files]


def render(results: dict[str, Any], studies: Mapping[str, Study]) -> dict[str, str]:
    """The report's files by their paths in its folder; the same results give the same files.

    They are `index.html`, `report.md`, `figures/*.svg` and `results.json`.

    Raises:
        TangyinError: a template needs a number that the results do not have, or the results
            contradict what it says.
    """
    found = results["studies"]
    parts = [
        _part(study, found.get(study.name))
        for study in studies.values()
        if study.reported and (study.name in found or not study.apart)
    ]
    counts = {"Figure": count(1), "Table": count(1)}
    for part in parts:
        part.text = LABEL.sub(lambda m: f"**{m[1]} {next(counts[m[1]])}.**", part.text)
    drawn = {name: drawing for part in parts for name, drawing in part.drawn.items()}
    environment = _environment(style.HERE, quick=False)
    environment.filters["filled"] = _filled
    blocks = environment.get_template("blocks.html.j2").module
    environment.filters["html"] = lambda text: _page_html(text, drawn, blocks)
    environment.globals.update(
        parts=parts,
        made=_by_origin(found),
        matplotlib=results["matplotlib"],
        palette=style.PALETTE,
        glyphs=style.glyphs(drawing.svg for drawing in drawn.values()),
        quick=any(map(_quick, found.values())),
    )
    figures = {name: drawing for name, drawing in drawn.items() if not drawing.formula}
    return {
        "index.html": environment.get_template("index.html.j2").render(),
        "report.md": FORMULA.sub(r"$$\1$$", environment.get_template("report.md.j2").render()),
        "results.json": json.dumps(results, ensure_ascii=False, indent=1) + "\n",
        **{f"figures/{name}.svg": style.file_svg(drawing.svg) for name, drawing in figures.items()},
    }


def _part(study: Study, found: dict[str, Any] | None) -> Part:
    part = Part(study, found)
    if found is None:
        return part
    results, plots = found["results"], study.plots

    def claim(said: str = "", *, caller: Callable[[], str]) -> str:
        sentences, _, number = caller().strip().partition("\n\n")
        part.claims.append((said, _filled(sentences), number.strip()))
        return ""

    def check(condition: Any, claim: str) -> str:
        if not (condition or _quick(found)):
            raise TangyinError("study.contradicted", study=study.name, claim=claim)
        return ""

    environment = _environment(study.template.parent, quick=_quick(found))
    environment.globals.update(claim=claim, check=check, apart=filters.apart, study=study)
    try:
        derived = plots.facts(results) if hasattr(plots, "facts") else {}
        template = environment.get_template(study.template.name)
        part.text = _filled(template.render({**results, **derived}, results=results))
        for alt, name in FIGURE.findall(part.text):
            draw = getattr(plots, name.replace("-", "_"))
            part.drawn[name] = Drawing(name, style.svg_of(partial(draw, results), name), alt)
    except (jinja2.UndefinedError, KeyError) as error:
        raise TangyinError("study.missing_number", study=study.name, missing=str(error)) from error
    for number, (tex, spoken) in enumerate(FORMULA.findall(part.text)):
        name = f"formula-{study.name}-{number}"
        part.drawn[tex] = Drawing(name, style.formula_svg(tex), spoken, formula=True)
    return part


def _filled(text: str) -> str:
    """Markdown with each paragraph on one line."""
    blocks = re.split(r"\n(?:[ \t]*\n)+", text.strip())
    return "\n\n".join(
        block if block.startswith(("|", "<", "$$")) else re.sub(r"[ \n]+(?:> )?", " ", block)
        for block in blocks
    )


def _environment(folder: Path, *, quick: bool) -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 (it yields Markdown)
        loader=jinja2.FileSystemLoader([folder, style.HERE]),
        undefined=filters.Absent if quick else jinja2.StrictUndefined,
        extensions=["jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters.FILTERS)
    return environment


def _quick(found: dict[str, Any]) -> bool:
    return bool(found["results"]["settings"].get("quick"))


def _by_origin(studies: dict[str, Any]) -> list[dict[str, Any]]:
    """How the results were made, each way once with its `studies`."""
    ways: dict[str, dict[str, Any]] = {}
    for name, found in studies.items():
        made = {key: value for key, value in found["made"].items() if key != "seconds"}
        ways.setdefault(json.dumps(made), {**made, "studies": []})["studies"].append(name)
    return list(ways.values())


class _Inline(InlineProcessor):
    """Marks Chinese with its language, and sets the letters of W_hh below the line."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]  # noqa: ARG002
        span = Element("span") if m["base"] else Element("span", {"lang": "zh-Hant"})
        span.text = AtomicString(m["base"] or m[0])
        if m["base"]:
            SubElement(span, "sub").text = m["below"]
        return span, m.start(), m.end()


def _page_html(text: str, drawn: Mapping[str, Drawing], blocks: Any) -> str:
    """Markdown as HTML, with inline drawings, and captions by the macros `blocks`."""
    tables = {"use_align_attribute": True}
    converter = Markdown(extensions=["tables", "smarty"], extension_configs={"tables": tables})
    converter.inlinePatterns.register(_Inline(SPANS), "spans", 20)
    text = FORMULA.sub(lambda m: f'<div class="formula">{drawn[m[1]].inline}</div>', text)
    page = PLOT.sub(lambda m: blocks.plot(drawn[m[1]], m[2], m[3]), converter.convert(text))
    page = TABLE.sub(lambda m: blocks.table(_headed(m[1]), m[2], m[3]), page)
    page = POEM_LABEL.sub(lambda m: converter.convert(m[0]).removeprefix("<p>")[:-4], page)
    page = page.replace(f"<p>{LIMITS}", f'<p class="limits">{LIMITS}')
    return re.sub(r'<a href="\.\./[^"]*">(.*?)</a>', r"\1", page)


def _headed(table: str) -> str:
    """The table with row and column headers, and numbers aligned right."""
    head, body = table.split("<tbody>")
    head = re.sub(r"<th\b(.*?)>", r'<th scope="col"\1>', head)
    head = re.sub(r"<th scope=\"col\"(.*?)></th>", r"<td\1></td>", head)
    body = re.sub(r"<tr>\n<td(.*?)>(.*?)</td>", r'<tr>\n<th scope="row"\1>\2</th>', body)
    return f"{head}<tbody>{body}".replace('align="right"', 'class="number"')
