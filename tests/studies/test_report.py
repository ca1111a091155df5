"""The report: it needs nothing beside it, it is the committed one, and it fails where it lies."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from click.testing import CliRunner

from tangyin import studies
from tangyin.cli.main import main
from tangyin.errors import TangyinError
from tangyin.scoring.perplexity import ALL_HANZI
from tangyin.studies import TrainingCache, all_studies, gather, read_results, render

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs/report"
DRAWING = re.compile(r"<svg.*?</svg>", re.DOTALL)
STUDIES = all_studies()
REPORTED = [name for name, study in STUDIES.items() if study.reported]
APART = {"ingredients", "scaling"}

Results = dict[str, Any]


@pytest.fixture(scope="session")
def shipped() -> Results:
    return read_results(DOCS / "results.json")


@pytest.fixture(scope="session")
def built(shipped: Results) -> dict[str, str]:
    return render(shipped, STUDIES)


@pytest.fixture(scope="session")
def results(quick: Callable[[str], Any], studies_folder: Path) -> Results:
    for name in REPORTED:
        quick(name)
    return gather(TrainingCache(studies_folder), quick=True)


@pytest.fixture(scope="session")
def files(results: Results) -> dict[str, str]:
    """The report of all quick sizes. A missing glyph is a warning, and warnings are errors."""
    return render(results, STUDIES)


def one(results: Results, name: str) -> Results:
    """A copy of gathered results with one study alone."""
    return results | {"studies": {name: deepcopy(results["studies"][name])}}


# What is committed


def test_the_committed_report_is_what_its_results_build(
    shipped: Results, built: dict[str, str]
) -> None:
    paths = [path for path in DOCS.rglob("*") if path.is_file()]
    committed = {str(p.relative_to(DOCS)): p.read_text(encoding="utf-8") for p in paths}
    assert committed.keys() == built.keys()
    same_matplotlib = shipped["matplotlib"] == mpl.__version__
    for name, content in built.items():
        if same_matplotlib:
            assert committed[name] == content, name
        elif not name.endswith(".svg"):
            assert DRAWING.sub("", committed[name]) == DRAWING.sub("", content), name
    assert not any(s["results"]["settings"].get("quick") for s in shipped["studies"].values())


def test_every_part_has_a_claim_a_finding_limits_and_captions_that_say_how(
    built: dict[str, str],
) -> None:
    claims, *parts = re.split(r'<a id="[\w-]+"></a>', built["report.md"])
    assert len(parts) == len(REPORTED)
    for name, part in zip(REPORTED, parts, strict=True):
        assert f"](#{name})" in claims
        _, question, finding, *_ = part.split("\n\n")[1:]
        assert question.startswith("*")
        assert finding.startswith("> ")
        assert "**不能說明 What this cannot show.**" in part
        captions = re.findall(r"^\*\*(?:Figure|Table) \d+\.\*\* .*$", part, re.MULTILINE)
        assert captions
        assert all(f"`tangyin study {name}`" in caption for caption in captions)


@pytest.mark.parametrize("name", sorted(APART))
def test_the_page_of_the_strong_model_says_what_the_studies_found(
    name: str, built: dict[str, str]
) -> None:
    page = " ".join((ROOT / "docs/model.md").read_text(encoding="utf-8").split())
    part = built["report.md"].partition(f'<a id="{name}">')[2]
    finding = re.search(r"^> (.+)$", part, re.MULTILINE)
    assert finding
    assert finding[1] in page


ALLOWED = {
    # What is not measured: the course report's words, definitions, and settings of the code.
    "perplexity": {"47", "15,000", "80", "20"},
    "optimizers": {"0.9", "0.01", "0.001", "1"},
    "update-rules": {"0", "45"},
    "initialization": {"0", "1", "2"},  # names of starts
    "sampling": {"0", "1", "2", "3", "4", "5", "10", "95"},  # names of rules and measures
    "forms": {"95", "1"},
    "gradients": {"0", "1"},
    "data": {"15,000", "10", "1"},
    "scaling": {"2020"},
}


@pytest.mark.parametrize("name", REPORTED)
def test_no_measured_number_is_typed_into_a_template(name: str) -> None:
    text = STUDIES[name].template.read_text(encoding="utf-8")
    prose = re.sub(
        r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\$\$.*?\$\$|<!--.*?-->", "", text, flags=re.DOTALL
    )
    found = set(re.findall(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?", prose))
    assert found <= ALLOWED.get(name, set())


def test_the_network_is_described_as_it_is_configured(shipped: Results) -> None:
    page = render(shipped | {"studies": {}}, STUDIES)["report.md"]
    recipe = tomllib.loads((ROOT / "configs/report.toml").read_text(encoding="utf-8"))
    assert f"{recipe['model']['hidden_size']} hidden units" in page
    assert f"embedding of size {recipe['model']['embedding_size']}" in page
    assert f"batches of {recipe['training']['batch_size']} poems" in page
    assert f"Adam with a learning rate of {recipe['optimizer']['learning_rate']}" in page
    assert f"{ALL_HANZI:,}" in page


# What cannot be built


@pytest.mark.parametrize("name", REPORTED)
def test_a_missing_number_fails_the_build(name: str, shipped: Results) -> None:
    found = one(shipped, name)
    numbers = found["studies"][name]["results"]
    del numbers[next(key for key in numbers if key != "settings")]
    with pytest.raises(TangyinError) as failure:
        render(found, STUDIES)
    assert failure.value.code == "study.missing_number"
    assert failure.value.params["study"] == name


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "study.no_results"),
        ("{", "study.results_damaged"),
        ("{}", "study.results_format"),
    ],
)
def test_results_that_cannot_be_read_are_refused(
    content: str | None, code: str, tmp_path: Path
) -> None:
    given = tmp_path / "given.json"
    if content is not None:
        given.write_text(content, encoding="utf-8")
    with pytest.raises(TangyinError) as failure:
        read_results(given)
    assert failure.value.code == code


# What is built


class Page(HTMLParser):
    """Tags, ids and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [v for name, v in attrs if name in ("href", "xlink:href", "src") and v]


def test_the_page_needs_nothing_beside_it(files: dict[str, str]) -> None:
    page = Page(files["index.html"])
    assert not {"script", "link", "img"} & set(page.tags)
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    assert "@import" not in files["index.html"]
    assert set(REPORTED) | {"summary", "reading"} <= set(page.ids)


def test_every_figure_and_table_is_in_both_pages(files: dict[str, str]) -> None:
    html, markdown = files["index.html"], files["report.md"]
    drawn = [name for name in files if name.endswith(".svg")]
    assert len(drawn) >= 15
    assert html.count('<figure class="plot"') == len(drawn)
    assert html.count('<figure class="table"') == len(re.findall(r"\*\*Table \d+\.\*\*", markdown))
    for name in drawn:
        assert f"({name})" in markdown
        ET.fromstring(files[name])
    inline = "".join(DRAWING.findall(html))
    assert {"currentColor", "var(--grid)"} <= set(re.findall(r"currentColor|var\(--grid\)", inline))
    assert "#222222" not in inline


def test_quick_results_are_called_so_and_missing_numbers_are_dashes(
    files: dict[str, str], results: Results
) -> None:
    assert "Quick sizes." in files["index.html"]
    assert "--quick" in files["report.md"]
    few = one(results, "capacity")
    few["studies"]["capacity"]["results"]["hidden_size"] = few["studies"]["capacity"]["results"][
        "hidden_size"
    ][:1]
    assert "embedding size by –" in render(few, STUDIES)["report.md"]


def test_text_and_figures_follow_the_results(results: Results) -> None:
    before, after = one(results, "capacity"), one(results, "capacity")
    for line in after["studies"]["capacity"]["results"]["hidden_size"]:
        line["best"] = [value * 3 for value in line["best"]]
    first, again, other = (render(found, STUDIES) for found in (before, before, after))
    assert first == again
    assert DRAWING.sub("", first["index.html"]) != DRAWING.sub("", other["index.html"])
    assert first["figures/capacity.svg"] != other["figures/capacity.svg"]


def test_studies_that_were_not_run_say_how_to_run_them(results: Results) -> None:
    found = render(results | {"studies": {}}, STUDIES)
    for name in REPORTED:
        assert (f"<code>tangyin study {name}</code>" in found["index.html"]) == (name not in APART)
        assert (f"`tangyin study {name}`" in found["report.md"]) == (name not in APART)
    assert not [name for name in found if name.endswith(".svg")]


def test_the_command_builds_the_page_and_deletes_stale_figures(
    results: Results, tmp_path: Path
) -> None:
    small = one(results, "update-rules")
    given, page = tmp_path / "given.json", tmp_path / "page"
    given.write_text(json.dumps(small), encoding="utf-8")
    (page / "figures").mkdir(parents=True)
    (page / "figures/old.svg").touch()
    done = CliRunner().invoke(main, ["report", "--results", str(given), "-o", str(page)])
    assert done.exit_code == 0, done.output
    assert f"1 of {len(REPORTED)} studies" in done.stderr
    written = {p.relative_to(page).as_posix() for p in page.rglob("*") if p.is_file()}
    assert written == render(small, STUDIES).keys()
    assert json.loads((page / "results.json").read_text(encoding="utf-8")) == small


def test_studies_that_were_not_run_here_keep_the_results_of_the_folder(
    results: Results, tmp_path: Path, studies_folder: Path
) -> None:
    full = one(results, "update-rules")
    full["studies"]["update-rules"]["results"]["settings"]["quick"] = False
    before = tmp_path / "results.json"
    before.write_text(json.dumps(full), encoding="utf-8")
    empty = TrainingCache(tmp_path / "empty")
    assert gather(empty, False, before)["studies"] == full["studies"]
    assert gather(empty, True, before)["studies"] == {}  # quick and full results are kept apart
    here = gather(TrainingCache(studies_folder), True, before)["studies"]
    assert here["update-rules"] == results["studies"]["update-rules"]


RUN = """
from tangyin.studies import Study

def run(cache, quick):
    return {"settings": {"quick": quick}, "answer": 42.0}

STUDY = Study("新 New", "What is the answer?", 1, "one number", run)
"""
PLOTS = """
from tangyin.studies.style import panels

def new_study(results):
    figure, axes = panels()
    axes.plot([0, results["answer"]])
    return figure
"""
TEMPLATE = """
{% do check(answer > 40, "the answer is large") %}
{% call claim() %}
**Large.** It is {{ answer | number(1) }}.

{{ answer | short }}
{% endcall %}

> It is {{ answer | number(1) }}.

![A line.](figures/new-study.svg)

**Figure.** A line.
"""


def test_a_study_is_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "new_study"
    folder.mkdir()
    texts = {"__init__.py": "", "run.py": RUN, "plots.py": PLOTS, "report.md.j2": TEMPLATE}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(tmp_path)])
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path / "home"))
    for words in (["study", "new-study"], ["report", "-o", str(tmp_path / "page")]):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
    page = (tmp_path / "page/report.md").read_text(encoding="utf-8")
    assert "| **Large.** It is 42.0. | 42 |" in page
    assert "**Figure 1.** A line." in page
    assert (tmp_path / "page/figures/new-study.svg").exists()
