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
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from tangyin.errors import TangyinError
from tangyin.files import make_folder, write_whole
from tangyin.studies import filters
from tangyin.studies.html import Drawing, page_html
from tangyin.studies.study import Study
from tangyin.studies.style import PALETTE, file_svg, formula_svg, glyphs, svg_of

PAGE = Path(__file__).parent / "page"
FIGURE = re.compile(r"!\[([^\]]*)\]\(figures/([\w-]+)\.svg\)")
FORMULA = re.compile(r"\$\$(.+?)\$\$\n<!-- (.+?) -->", re.DOTALL)
LABEL = re.compile(r"^\*\*(Figure|Table)\.\*\*", re.MULTILINE)


class Claim(NamedTuple):
    """A row of the summary, in Markdown.

    Attributes:
        said: the course report's claim; empty where it makes none.
        found: the verdict and why.
        number: the decisive figure.
    """

    said: str
    found: str
    number: str


@dataclass
class Part:
    """A study's part of the report.

    Attributes:
        study: the study.
        found: its results with how they were made, None if it was not run.
        claims: its rows of the summary.
        text: its Markdown, empty if it was not run.
        drawn: its figures by name, and its formulas by their TeX.
    """

    study: Study
    found: dict[str, Any] | None
    claims: list[Claim] = field(default_factory=list)
    text: str = ""
    drawn: dict[str, Drawing] = field(default_factory=dict)


def build(results: dict[str, Any], studies: Mapping[str, Study], folder: Path) -> list[Path]:
    """Write the report: `index.html`, `report.md`, `figures/*.svg` and `results.json`.

    Figures of an earlier report that this one does not have are deleted.

    Returns:
        The files.
    """
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

    Raises:
        TangyinError: a template needs a number that the results do not have, or the results
            contradict what it says.
    """
    parts = [
        _part(study, found)
        for study in studies.values()
        if study.reported
        and ((found := results["studies"].get(study.name)) is not None or not study.apart)
    ]
    counts = dict.fromkeys(("Figure", "Table"), 0)

    def numbered(match: re.Match[str]) -> str:
        counts[match[1]] += 1
        return f"**{match[1]} {counts[match[1]]}.**"

    for part in parts:
        part.text = LABEL.sub(numbered, part.text)
    drawn = {name: drawing for part in parts for name, drawing in part.drawn.items()}
    environment = _environment(PAGE, quick=False)
    environment.filters["filled"] = _filled
    blocks = environment.get_template("blocks.html.j2").module
    environment.filters["html"] = lambda text: page_html(text, drawn, blocks)
    environment.globals.update(
        parts=parts,
        made=_by_origin(results["studies"]),
        matplotlib=results["matplotlib"],
        palette=PALETTE,
        glyphs=glyphs(drawing.svg for drawing in drawn.values()),
        quick=any(_quick(found) for found in results["studies"].values()),
    )
    files = {
        "index.html": environment.get_template("index.html.j2").render(),
        "report.md": FORMULA.sub(r"$$\1$$", environment.get_template("report.md.j2").render()),
        "results.json": json.dumps(results, ensure_ascii=False, indent=1) + "\n",
    }
    for name, drawing in drawn.items():
        if not drawing.formula:
            files[f"figures/{name}.svg"] = file_svg(drawing.svg)
    return files


def _part(study: Study, found: dict[str, Any] | None) -> Part:
    part = Part(study, found)
    if found is None:
        return part
    results = found["results"]
    plots = study.plots

    def claim(said: str = "", *, caller: Callable[[], str]) -> str:
        sentences, _, number = caller().strip().partition("\n\n")
        part.claims.append(Claim(said, _filled(sentences), number.strip()))
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
            part.drawn[name] = Drawing(name, svg_of(partial(draw, results), name), alt)
    except (jinja2.UndefinedError, KeyError) as error:
        raise TangyinError("study.missing_number", study=study.name, missing=str(error)) from error
    for number, (tex, spoken) in enumerate(FORMULA.findall(part.text)):
        name = f"formula-{study.name}-{number}"
        part.drawn[tex] = Drawing(name, formula_svg(tex), spoken, formula=True)
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
        loader=jinja2.FileSystemLoader([folder, PAGE]),
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
