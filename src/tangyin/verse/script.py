"""Traditional and simplified characters (by OpenCC), the corpus' spelling, and variants."""

from functools import cache

import opencc

from tangyin.data.files import data_text


def to_simplified(text: str) -> str:
    """The text in simplified characters (OpenCC t2s)."""
    return _converted("t2s", text)


def to_traditional(text: str) -> str:
    """A simplified text in the corpus' traditional characters.

    A traditional text is not changed: 里, 后 or 云 are traditional characters too.
    """
    if not is_simplified(text):
        return text
    return corpus_spelling(_converted("s2t", text))


def traditional_alternative(character: str) -> str:
    """The traditional form of a character of both scripts that is meant as simplified: 丰, 豐."""
    return corpus_spelling(_converted("s2t", character))


def is_simplified(text: str) -> bool:
    """Whether more characters exist only in simplified than only in traditional script."""
    # Most texts have none at all, and then OpenCC need not be loaded.
    simplified = _characters("simplified_only.txt")
    return not simplified.isdisjoint(text) and sum(map(_leaning, text)) > 0


@cache
def _leaning(character: str) -> int:
    """1 for a character of the simplified script alone, -1 of the traditional, 0 of both."""
    if character in _characters("simplified_only.txt"):
        return 1
    if character in _characters("both_scripts.txt"):
        return 0
    return -int(_converted("t2s", character) != character)


def corpus_spelling(text: str) -> str:
    """Replace rare variants by the spelling of the corpus (為 by 爲).

    The table is `data/orthography.tsv`, made by `scripts/build_orthography.py`.
    """
    return text.translate(_table("orthography.tsv"))


def fold_variants(text: str) -> str:
    """Replace each variant by the common form of the same character (敎 by 教).

    For comparing and looking up, never for rewriting. The table is `data/character_variants.tsv`;
    the length of the text stays the same.
    """
    return text.translate(_table("character_variants.tsv"))


_converter = cache(opencc.OpenCC)


def _converted(name: str, text: str) -> str:
    try:
        return str(_converter(name).convert(text))
    except UnicodeEncodeError:  # bytes from a shell that are not UTF-8
        return text


@cache
def _characters(file: str) -> frozenset[str]:
    return frozenset(data_text(file).strip())


@cache
def _table(file: str) -> dict[int, str]:
    rows = (line.split("\t") for line in data_text(file).splitlines())
    return {ord(row[0]): row[1] for row in rows}
