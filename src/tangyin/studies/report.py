"""From results to the files of the report.

A study's part is a Jinja template that yields Markdown; the report as Markdown and the report as an
HTML page are made from the same parts. In a part `![…](figures/NAME.svg)` is drawn by the function
NAME of the study's module, and `**Figure.**` and `**Table.**` get numbers.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markdown import markdown

from tangyin.errors import TangyinError
from tangyin.files import make_folder, write_whole
from tangyin.studies import filters, style
from tangyin.studies.study import Study

FIGURE = re.compile(r"!\[[^\]]*\]\(figures/([\w-]+)\.svg\)")
LABEL = re.compile(r"^\*\*(Figure|Table)\.\*\*", re.MULTILINE)
FORMULA = re.compile(r"\$\$(.+?)\$\$\n<!-- (.+?) -->", re.DOTALL)
"""A formula in TeX and in words."""


@dataclass
class Part:
    """A study's part of the report.

    `claims` are its rows of the summary: the course report's claim, empty where it makes none; the
    verdict and why; the decisive figure. `figures` are the SVG of each by its name.
    """

    study: Study
    found: dict[str, Any] | None  # from `run_study`, None if it was not run
    claims: list[tuple[str, str, str]] = field(default_factory=list)
    text: str = ""
    figures: dict[str, str] = field(default_factory=dict)


def build(results: dict[str, Any], studies: Mapping[str, Study], folder: Path) -> list[Path]:
    """Write the report's files (`render`), delete stale figures, and return the paths."""
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
    environment = _environment(style.HERE)
    environment.filters["filled"] = _filled
    environment.globals.update(
        parts=parts,
        made=_by_origin(found),
        matplotlib=results["matplotlib"],
    )
    text = environment.get_template("report.md.j2").render()
    figures = {f"figures/{n}.svg": svg for part in parts for n, svg in part.figures.items()}
    body = _page_html(text, figures)
    return {
        "index.html": environment.get_template("index.html.j2").render(body=body),
        "report.md": FORMULA.sub(r"$$\1$$", text),
        "results.json": json.dumps(results, ensure_ascii=False, indent=1) + "\n",
        **figures,
    }


def _part(study: Study, found: dict[str, Any] | None) -> Part:
    part = Part(study, found)
    if found is None:
        return part
    results, module = found["results"], study.module

    def claim(said: str = "", *, caller: Callable[[], str]) -> str:
        sentences, _, number = caller().strip().partition("\n\n")
        part.claims.append((said, _filled(sentences), number.strip()))
        return ""

    def check(condition: Any, claim: str) -> str:
        if not condition:
            raise TangyinError("study.contradicted", study=study.name, claim=claim)
        return ""

    environment = _environment(study.template.parent)
    environment.globals.update(claim=claim, check=check, apart=filters.apart, study=study)
    try:
        derived = module.facts(results) if hasattr(module, "facts") else {}
        template = environment.get_template(study.template.name)
        part.text = _filled(template.render({**results, **derived}, results=results))
        for name in FIGURE.findall(part.text):
            draw = getattr(module, name.replace("-", "_"))
            part.figures[name] = style.svg_of(partial(draw, results), name)
    except (jinja2.UndefinedError, KeyError) as error:
        raise TangyinError("study.missing_number", study=study.name, missing=str(error)) from error
    return part


def _filled(text: str) -> str:
    """Markdown with each paragraph on one line."""
    blocks = re.split(r"\n(?:[ \t]*\n)+", text.strip())
    return "\n\n".join(
        block if block.startswith(("|", "<", "$$")) else re.sub(r"[ \n]+(?:> )?", " ", block)
        for block in blocks
    )


def _environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 (it yields Markdown)
        loader=jinja2.FileSystemLoader([folder, style.HERE]),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters.FILTERS)
    return environment


def _by_origin(studies: dict[str, Any]) -> list[dict[str, Any]]:
    """How the results were made, each way once with its `studies`."""
    ways: dict[str, dict[str, Any]] = {}
    for name, found in studies.items():
        made = {key: value for key, value in found["made"].items() if key != "seconds"}
        ways.setdefault(json.dumps(made), {**made, "studies": []})["studies"].append(name)
    return list(ways.values())


def _page_html(text: str, figures: Mapping[str, str]) -> str:
    """Markdown as HTML with its figures and formulas inside; links leave no page of the docs."""
    text = FORMULA.sub(lambda m: _image(m[2], style.formula_svg(m[1])), text)
    options = {"tables": {"use_align_attribute": True}}
    page = markdown(text, extensions=["tables", "smarty"], extension_configs=options)
    page = page.replace("<table>", '<table tabindex="0">')  # it may have to be scrolled by keys
    page = re.sub(
        r'<img alt="([^"]*)" src="([^"]*)" />', lambda m: _image(m[1], figures[m[2]]), page
    )
    return re.sub(r'<a href="\.\./[^"]*">(.*?)</a>', r"\1", page)


def _image(alt: str, svg: str) -> str:
    return f'<img alt="{alt}" src="data:image/svg+xml,{quote(svg, safe=" /:;=,()")}">'
