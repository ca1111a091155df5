"""The six marks that end a line of verse, and its characters."""

import re
import unicodedata

MARKS = "，。？！；："
"""The marks that may end a line. Everything else in a poem is a CJK character."""

FIRST_CJK, LAST_CJK = "\u3400", "\u9fff"
"""CJK here means U+3400-U+9FFF, as in the corpus rules."""

LINE = re.compile(f"([{FIRST_CJK}-{LAST_CJK}]+)([{MARKS}])")
HANZI = re.compile(f"[{FIRST_CJK}-{LAST_CJK}]")

_FULL_WIDTH = str.maketrans(
    {",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "：", "、": "，", "．": "。",
     "｡": "。", "﹐": "，", "､": "，"}
)  # fmt: skip
_DROPPED = dict.fromkeys(map(ord, "「」『』“”‘’\"'〝〞﹁﹂﹃﹄\ufeff"), None)


def is_hanzi(character: str) -> bool:
    """Whether `character` is one CJK character (U+3400-U+9FFF)."""
    return len(character) == 1 and FIRST_CJK <= character <= LAST_CJK


def split_lines(text: str) -> tuple[tuple[str, ...], str] | None:
    """Split lines of CJK characters, each followed by one of the six marks, from their marks.

    Returns:
        The lines without marks and the marks as one string, or None for any other text (a line
        without a mark, two marks in a row, a foreign character).
    """
    pairs = LINE.findall(text)
    if not pairs or sum(len(line) + 1 for line, _ in pairs) != len(text):
        return None
    return tuple(line for line, _ in pairs), "".join(mark for _, mark in pairs)


def normalize(text: str) -> str:
    """A typed text as the corpus writes it.

    NFC (which also replaces compatibility ideographs by unified ones), full-width marks, no
    quotation marks, no white space, no byte order mark.
    """
    bare = "".join(text.translate(_DROPPED).split())
    return unicodedata.normalize("NFC", bare).translate(_FULL_WIDTH)
