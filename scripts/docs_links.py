"""Links of the documents on the site: to files outside docs/, from derivations to their code.

A Chinese page also has the anchors of its English twin, so that a link by an English heading, from
a page that has no Chinese version, arrives.

A hook of MkDocs (mkdocs.yml). The documents link as the repository lies, so that the links work
where its files are read. On the site a file outside docs/ is a page that shows it, a folder is only
named, and a name such as `step.py:step_forward` in the derivation leads to the API reference.
"""

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink

from docs_contents import has_report

ROOT = Path(__file__).parents[1]
SHOWN = "source"
"""The folder of the site that shows files from outside docs/."""

CODE = {"derivation.md": "tangyin.lstm", "layers.md": "tangyin.lstm"}
"""The package that the names of code on a page belong to."""

NAME = re.compile(r"([a-z_/]+)\.py:([A-Za-z_.]+)")
TARGETS = re.compile(r"\]\(([^)\s]+)|^\[[^\]]+\]: *(\S+)", re.MULTILINE)
ALTERNATE = re.compile(r'<link rel="alternate"[^>]*\bhreflang=[^>]*>\s*')
LANGUAGES = {".py": "python", ".toml": "toml", ".md": "markdown", ".json": "json", ".c": "c"}


class Links(Treeprocessor):
    """Rewrites the links of one page."""

    page: Page
    report: bool

    def run(self, root: Element) -> None:
        """Change the tree of the page in place."""
        for element in root.iter():
            for place, child in enumerate(element):
                if child.tag == "code" and element.tag not in ("a", "autoref"):
                    element[place] = self._named(child)
        for link in root.iter("a"):
            self._turn(link)

    def _turn(self, link: Element) -> None:
        target = outside(self.page.file.src_uri, link.get("href", ""))
        if target is not None and (ROOT / target).is_file():
            link.set("href", relative(shown_at(target), self.page.file.src_uri))
        elif (target is not None and (ROOT / target).is_dir()) or self._absent_report(link):
            link.tag = "span"
            link.attrib.clear()

    def _absent_report(self, link: Element) -> bool:
        path = resolved(self.page.file.src_uri, link.get("href", ""))
        return not self.report and path is not None and path.startswith("report/")

    def _named(self, code: Element) -> Element:
        package = CODE.get(english(self.page.file.src_uri))
        name = NAME.fullmatch(code.text or "")
        if package is None or name is None:
            return code
        module = name[1].replace("/", ".")
        link = Element("autoref", {"identifier": f"{package}.{module}.{name[2]}"})
        link.tail, code.tail = code.tail, None
        link.append(code)
        return link


class LinksExtension(Extension):
    """Puts `Links` between the parser and MkDocs' own check of all links."""

    def __init__(self) -> None:
        super().__init__()
        self.links = Links()

    def extendMarkdown(self, md: Markdown) -> None:
        """Register with the parser of a page."""
        md.treeprocessors.register(self.links, "tangyin-links", 15)


_extension = LinksExtension()


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the extension to every page's parser."""
    config.markdown_extensions.append(_extension)  # type: ignore[arg-type] # an object may be given
    _extension.links.report = has_report(config)
    return config


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Store the page whose links come next."""
    _extension.links.page = page
    return markdown


_anchors: dict[str, list[str]] = {}
"""The anchors of the headings of each English page; those pages are built first."""


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Give the headings of a Chinese page the anchors of its English twin as well."""
    own = _ids(page.toc)
    twin = english(page.file.src_uri)
    if twin == page.file.src_uri:
        _anchors.setdefault(twin, own)
        return html
    for anchor, other in zip(own, _anchors.get(twin, []), strict=False):
        if anchor != other:
            head = re.compile(rf'(<h[1-6] [^>]*\bid="{re.escape(anchor)}"[^>]*>)')
            html = head.sub(rf'\1<a id="{other}"></a>', html, count=1)
            page.present_anchor_ids.add(other)  # type: ignore[union-attr] # it was rendered
    return html


def on_post_page(output: str, **_: Any) -> str:
    """Leave out the head's links to the other language; the menu of the page has them.

    Material's script asks for a site map beside each of them, which a page on the disk may not.
    """
    return ALTERNATE.sub("", output)


def _ids(headings: Iterable[AnchorLink]) -> list[str]:
    return [name for head in headings for name in (head.id, *_ids(head.children))]


def english(page: str) -> str:
    """The English twin of a page; an English page itself."""
    return page.removesuffix(".zh.md") + ".md" if page.endswith(".zh.md") else page


# After the plugin of the languages, which fails on a page that has no file.
@event_priority(-200)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file outside docs/ that a document links to."""
    language = config.theme["language"]
    targets = {
        target
        for file in files.documentation_pages()
        for found in TARGETS.finditer(file.content_string)
        if (target := outside(file.src_uri, found[1] or found[2])) is not None
    }
    for target in sorted(target for target in targets if (ROOT / target).is_file()):
        page = File.generated(
            config, shown_at(target), content=shown(target), inclusion=InclusionLevel.NOT_IN_NAV
        )
        if language != "en":
            page.dest_uri = f"{language}/{page.dest_uri}"
        # The language switch of such a page leads to the first page: it has no alternates.
        vars(page).update(locale=language, locale_alternate_of=language, alternates={})
        files.append(page)
    return files


def resolved(page: str, link: str) -> str | None:
    """The target of a link as a path from docs/; None for an address or a place on the page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), parts.path))


def outside(page: str, link: str) -> str | None:
    """The path in the repository of a link that leaves docs/; None for any other link."""
    path = resolved(page, link)
    if path is None or not path.startswith("../"):
        return None
    target = path.removeprefix("../")
    return None if target.startswith("..") else target


def shown_at(target: str) -> str:
    """The place on the site that shows a file of the repository."""
    return f"{SHOWN}/{target}.md"


def shown(target: str) -> str:
    """The page that shows a file of the repository."""
    text = (ROOT / target).read_text(encoding="utf-8")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = LANGUAGES.get(Path(target).suffix, "text")
    return f"---\nsearch:\n  exclude: true\n---\n\n# {target}\n\n{fence}{language}\n{text}{fence}\n"


def relative(path: str, page: str) -> str:
    """The path from a page to another."""
    return posixpath.relpath(path, posixpath.dirname(page) or ".")
