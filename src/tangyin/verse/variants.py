"""Folding of variant characters (敎 → 教), for comparing and looking up, never for rewriting."""

from functools import cache

from tangyin.data.files import data_text


def fold_variants(text: str) -> str:
    """The text with each variant replaced by the common form of the same character.

    The table is `data/character_variants.tsv`; the length of the text stays the same.
    """
    return text.translate(_table())


@cache
def _table() -> dict[int, str]:
    rows = (line.split("\t") for line in data_text("character_variants.tsv").splitlines())
    return {ord(row[0]): row[1] for row in rows}
