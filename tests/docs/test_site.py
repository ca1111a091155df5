"""The documentation as a site: whole, strict, and complete."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def address(page: str) -> str:
    """Where the site has a page."""
    if page.endswith(".zh.md"):
        return f"zh/{page.removesuffix('.zh.md')}.html"
    return f"{page.removesuffix('.md')}.html"


SMALL = f"""
site_name: small
theme: {{name: material, font: false}}
plugins: [offline, autorefs]
hooks: ["{ROOT}/scripts/docs_contents.py", "{ROOT}/scripts/docs_links.py"]
nav: [index.md, report/report.md, {{Poems: "poems/*.md"}}]
validation: {{links: {{not_found: warn, anchors: warn}}}}
"""

Mkdocs = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def build_small(tmp_path, mkdocs):
    """Builds a site of the given documents by our hooks; gives the run and the site's folder."""

    def build(**documents: str) -> tuple["subprocess.CompletedProcess[str]", Path]:
        (tmp_path / "mkdocs.yml").write_text(SMALL, encoding="utf-8")
        for name, text in documents.items():
            path = tmp_path / "docs" / f"{name.replace('__', '/')}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return mkdocs(tmp_path / "site", cwd=tmp_path), tmp_path / "site"

    return build


def hrefs(file: Path) -> set[str]:
    return set(re.findall(r'href="([^"]*)"', file.read_text(encoding="utf-8")))


def test_every_document_is_in_the_contents(built) -> None:
    pages = {address(page) for page in PAGES}
    assert all((built / html).is_file() for html in pages)
    chinese = {html for html in pages if html.startswith("zh/")}
    assert pages - chinese <= hrefs(built / "index.html") | {"index.html"}
    listed = {f"zh/{html}" for html in hrefs(built / "zh/index.html")}
    assert chinese <= listed | {"zh/index.html"}


def test_every_page_leads_to_itself_in_the_other_language(built) -> None:
    link = re.compile(r'<a href="([^"]*)" hreflang="(\w+)"')
    for page in PAGES:
        html = built / address(page)
        found = {
            language: (html.parent / target).resolve()
            for target, language in link.findall(html.read_text(encoding="utf-8"))
        }
        english = page.replace(".zh.md", ".md")
        assert found == {"en": built / address(english), "zh": built / "zh" / address(english)}
        assert found["zh"].is_file()


def test_no_page_takes_anything_from_another_host(built) -> None:
    sources = re.compile(
        r'<(?:script|img|iframe|source)[^>]*\ssrc="(https?:|//)|<link[^>]*href="http'
    )
    pages = list(built.rglob("*.html"))
    assert len(pages) > 20
    assert [page for page in pages if sources.search(page.read_text(encoding="utf-8"))] == []
    for sheet in built.rglob("*.css"):
        assert not re.search(r"url\((['\"]?)(https?:|//)", sheet.read_text(encoding="utf-8")), sheet


def test_a_file_outside_docs_is_shown_and_a_folder_named_or_replaced_by_pages(build_small) -> None:
    index = "# A\n\n[recipe](../configs/report.toml) [recipes](../configs) `tensor.py:f`\n"
    done, site = build_small(index=index, poems__b="# B\n", poems__a="# C\n")
    assert done.returncode == 0, done.stderr
    assert {"poems/a.html", "poems/b.html"} <= hrefs(site / "index.html")
    page = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="source/configs/report.toml.html"' in page
    assert "<span>recipes</span>" in page
    shown = re.sub(r"<[^>]*>", "", (site / "source/configs/report.toml.html").read_text("utf-8"))
    first = (ROOT / "configs/report.toml").read_text(encoding="utf-8").splitlines()[0]
    assert first in shown


def test_links_of_our_documents_to_files_outside_are_pages_of_the_site(built) -> None:
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        for link in re.findall(r"\]\((\.\./[^)#\s]*)", text):
            target = (DOCS / page).parent.joinpath(link).resolve()
            if target.is_file() and not target.is_relative_to(DOCS):
                home = built / address(page).partition("zh/")[1]
                assert (home / f"source/{target.relative_to(ROOT)}.html").is_file(), (page, link)


@pytest.mark.parametrize(
    "link", ["../configs/none.toml", "none.md", "#none"], ids=["outside", "inside", "place"]
)
def test_a_broken_link_breaks_the_build(build_small, link) -> None:
    done, _ = build_small(index=f"# A\n\n[there]({link})\n")
    assert done.returncode != 0
    assert link.split("/")[-1].removeprefix("#") in done.stderr


def test_the_site_has_the_report_where_it_was_built(build_small, tmp_path) -> None:
    index = "# A\n\n[the report](report/report.md#perplexity)\n"
    done, site = build_small(index=index)
    assert done.returncode == 0, done.stderr
    assert "<span>the report</span>" in (site / "index.html").read_text(encoding="utf-8")
    (tmp_path / "docs/report").mkdir()
    (tmp_path / "docs/report/index.html").write_text("alone", encoding="utf-8")
    done, site = build_small(index=index, report__report='# R\n\n<a id="perplexity"></a>\n\n## P\n')
    assert done.returncode == 0, done.stderr
    assert "report/report.html#perplexity" in hrefs(site / "index.html")
    assert "index.html" in hrefs(site / "report/report.html")
    assert (site / "report/index.html").read_text(encoding="utf-8") == "alone"


def test_no_list_and_no_table_is_left_as_text(built) -> None:
    # A forge begins them right under a paragraph; MkDocs needs an empty line before.
    left = re.compile(r"\n(- |\d+\. |\| )")
    for page in PAGES:
        html = (built / address(page)).read_text(encoding="utf-8")
        for paragraph in re.findall(r"<p>.*?</p>", html, flags=re.DOTALL):
            assert not left.search(paragraph), (page, paragraph)


def test_lists_are_nested_so_that_the_site_sees_it() -> None:
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", (DOCS / page).read_text("utf-8"), flags=re.S | re.M)
        nested = re.findall(r"^( +)(?:[-*+]|\d+\.) ", text, flags=re.M)
        assert [spaces for spaces in nested if len(spaces) % 4] == [], page
