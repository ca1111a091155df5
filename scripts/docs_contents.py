"""The contents of the documentation site, as far as its pages are there.

A hook of MkDocs (mkdocs.yml). `tangyin report -o docs/report` writes the report; a checkout
without it has a site without it. A section that is `FOLDER/*.md` in mkdocs.yml has all pages of
that folder.
"""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

REPORT = "report/report.md"
ALONE = "\n\n[This report as one page that stands alone](index.html)\n"


def has_report(config: MkDocsConfig) -> bool:
    """Whether the report was built into the documents."""
    return (Path(config.docs_dir) / REPORT).is_file()


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave out the report where there is none, and list the pages of folders."""
    config.nav = _contents(config.nav, config)
    return config


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Link the report to its self-contained page."""
    return markdown + ALONE if page.file.src_uri == REPORT else markdown


def _contents(nav: Any, config: MkDocsConfig) -> Any:
    """The contents without missing pages; None if nothing is left."""
    docs = Path(config.docs_dir)
    match nav:
        case list():
            return [kept for item in nav if (kept := _contents(item, config))] or None
        case dict():
            kept = {title: _contents(item, config) for title, item in nav.items()}
            return {title: item for title, item in kept.items() if item} or None
        case str() if "*" in nav:
            return [path.relative_to(docs).as_posix() for path in sorted(docs.glob(nav))]
        case _:
            return nav if nav != REPORT or has_report(config) else None
