"""Search is the same wherever the site is built.

A hook of MkDocs (mkdocs.yml). Where jieba is installed, Material has it cut Chinese text into words
of today, which is slow and splits verse at will. The separator in mkdocs.yml cuts by the character.
"""

from material.plugins.search import plugin
from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take jieba from Material's search."""
    plugin.jieba = None
    return config
