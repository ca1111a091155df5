"""Search is the same wherever the site is built, and finds pages in one language.

A hook of MkDocs (mkdocs.yml). Where jieba is installed, Material has it cut Chinese text into words
of today, which is slow and splits verse at will. The separator in mkdocs.yml cuts by the character.
The language of a page is its tag, which search.js asks for.
"""

from typing import Any

from material.plugins.search import plugin
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take jieba from Material's search."""
    plugin.jieba = None
    return config


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Tag a page with its language."""
    page.meta["tags"] = [config.theme["language"]]
    return markdown
