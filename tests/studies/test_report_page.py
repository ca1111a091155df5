"""The report: it stands alone, says what the results say, and is the one that is committed."""

import json
import re
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

from tangyin.cli.main import main
from tangyin.studies import (
    REPORTED,
    STUDIES,
    TOGETHER,
    TrainingCache,
    build,
    gather,
    read_results,
    render,
)
from tangyin.studies.page.blocks import Finding

DOCS = Path(__file__).parents[2] / "docs/report"
DRAWING = re.compile(r"<svg.*?</svg>", re.DOTALL)


@pytest.fixture(scope="session")
def results(quick: Callable[[str], Any], studies_folder: Path) -> dict[str, Any]:
    for name in REPORTED:
        quick(name)
    return gather(TrainingCache(studies_folder), quick=True)


@pytest.fixture(scope="session")
def files(results: dict[str, Any]) -> dict[str, str]:
    """The report of all quick sizes. A missing glyph is a warning, and warnings are errors."""
    return render(results, STUDIES)


@pytest.mark.parametrize("name", ["ingredients", "scaling"])
def test_the_page_of_the_strong_model_says_what_the_studies_found(name: str) -> None:
    section, found = STUDIES[name].section, read_results(DOCS / "results.json")["studies"][name]
    assert section is not None
    page = " ".join((DOCS.parent / "model.md").read_text(encoding="utf-8").split())
    sentences = [block.text for block in section(found["results"]) if isinstance(block, Finding)]
    assert sentences
    assert all(sentence in page for sentence in sentences)


def test_the_committed_report_is_what_its_results_say() -> None:
    if not (DOCS / "results.json").exists():
        pytest.skip("docs/report is committed with the first full run")
    found = read_results(DOCS / "results.json")
    wanted = render(found, STUDIES)
    committed = {
        str(path.relative_to(DOCS)): path.read_text(encoding="utf-8")
        for path in DOCS.rglob("*")
        if path.is_file()
    }
    assert committed.keys() == wanted.keys()
    same_matplotlib = found["matplotlib"] == mpl.__version__
    for name, content in wanted.items():
        if name.endswith(".svg") and not same_matplotlib:
            continue
        if same_matplotlib:
            assert committed[name] == content, name
        else:
            assert DRAWING.sub("", committed[name]) == DRAWING.sub("", content), name
    assert not any(s["results"]["settings"].get("quick") for s in found["studies"].values())


class Page(HTMLParser):
    """Tags, ids, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "xlink:href", "src") and value:
                self.links.append(value)


def test_the_page_stands_alone(files: dict[str, str]) -> None:
    page = Page(files["index.html"])
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert [ln for ln in page.links if not ln.startswith("#")] == []
    assert {ln[1:] for ln in page.links} <= set(page.ids)
    assert [name for name, count in Counter(page.ids).items() if count > 1] == []
    assert "@import" not in files["index.html"]
    assert set(REPORTED) | {"summary", "reading"} <= set(page.ids)


def test_every_figure_is_in_both_pages_with_seeds_poems_and_command(files: dict[str, str]) -> None:
    drawn = [name for name in files if name.endswith(".svg")]
    assert len(drawn) >= 15
    html, markdown = files["index.html"], files["report.md"]
    assert html.count('<figure class="plot"') == len(drawn)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", html, re.DOTALL)
    assert all("<code>tangyin study " in caption for caption in captions)
    assert len(captions) > len(drawn)  # tables and poems have theirs
    for name in drawn:
        assert f"({name})" in markdown
        ET.fromstring(files[name])


def test_the_same_results_give_the_same_bytes(
    results: dict[str, Any], files: dict[str, str], tmp_path: Path
) -> None:
    one = {"studies": {"capacity": results["studies"]["capacity"]}}
    first, second = (render(results | one, STUDIES) for _ in range(2))
    assert first == second
    stale = tmp_path / "figures/old.svg"
    stale.parent.mkdir()
    stale.touch()
    written = build(results | one, STUDIES, tmp_path)
    assert not stale.exists()
    assert {path.relative_to(tmp_path).as_posix() for path in written} == first.keys()
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == first["index.html"]


def test_text_and_figures_move_with_the_results(results: dict[str, Any]) -> None:
    other = deepcopy({"studies": {"capacity": results["studies"]["capacity"]}})
    before = render(results | other, STUDIES)
    for line in other["studies"]["capacity"]["results"]["hidden_size"]:
        line["best"] = [value * 3 for value in line["best"]]
    after = render(results | other, STUDIES)
    assert DRAWING.sub("", before["index.html"]) != DRAWING.sub("", after["index.html"])
    assert before["figures/capacity.svg"] != after["figures/capacity.svg"]


def test_studies_that_were_not_run_say_how_to_run_them(results: dict[str, Any]) -> None:
    found = render(results | {"studies": {}}, STUDIES)
    for name in TOGETHER:
        assert f"<code>tangyin study {name}</code>" in found["index.html"]
        assert f"`tangyin study {name}`" in found["report.md"]
    for name in set(REPORTED) - set(TOGETHER):
        assert STUDIES[name].title not in found["report.md"]
    assert not [name for name in found if name.endswith(".svg")]


def test_quick_sizes_are_called_so_on_the_page(files: dict[str, str]) -> None:
    assert "Quick sizes." in files["index.html"]
    assert "--quick" in files["report.md"]


def test_plots_have_one_ink_that_follows_light_and_dark(files: dict[str, str]) -> None:
    drawn = "".join(DRAWING.findall(files["index.html"]))
    assert "currentColor" in drawn
    assert "#222222" not in drawn
    assert "var(--grid)" in drawn


def test_the_command_builds_the_page_from_given_results(
    results: dict[str, Any], tmp_path: Path
) -> None:
    small = results | {"studies": {"update-rules": results["studies"]["update-rules"]}}
    given = tmp_path / "given.json"
    given.write_text(json.dumps(small), encoding="utf-8")
    words = ["report", "--results", str(given), "-o", str(tmp_path / "page")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "page/results.json").read_text(encoding="utf-8")) == small
    assert "1 of 12 studies" in done.stderr


def test_studies_that_were_not_run_here_keep_the_results_the_folder_has(
    results: dict[str, Any], tmp_path: Path, studies_folder: Path
) -> None:
    before = deepcopy(results["studies"]["capacity"])
    before["results"]["settings"]["quick"] = False
    page = tmp_path / "page"
    build(results | {"studies": {"capacity": before}}, STUDIES, page)
    empty = TrainingCache(tmp_path / "empty")
    assert gather(empty, False, page / "results.json")["studies"] == {"capacity": before}
    # Quick results and full ones stay apart.
    assert gather(empty, True, page / "results.json")["studies"] == {}
    here = gather(TrainingCache(studies_folder), True, page / "results.json")["studies"]
    assert here["capacity"] == results["studies"]["capacity"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "there are no results"), ("{", "are damaged"), ("{}", "of this version")],
)
def test_results_that_cannot_be_used_are_refused(
    content: str | None, sentence: str, tmp_path: Path
) -> None:
    given = tmp_path / "given.json"
    if content is not None:
        given.write_text(content, encoding="utf-8")
    done = CliRunner().invoke(main, ["report", "--results", str(given), "-o", str(tmp_path / "p")])
    assert done.exit_code != 0
    assert sentence in str(done.exception)
