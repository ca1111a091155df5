"""The six marks that close a line of verse, and what counts as a character of it."""

import re
import unicodedata

MARKS = "，。？！；："
"""The marks that may close a line. Everything else in a poem is a CJK character."""

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
    """Cut a text into its lines and the marks that close them.

    Args:
        text: CJK characters in runs, each run closed by one of the six marks.

    Returns:
        The lines without marks and the marks as one string, or None when the text is
        anything else (an unclosed line, two marks in a row, a foreign character).
    """
    pairs = LINE.findall(text)
    if not pairs or sum(len(line) + 1 for line, _ in pairs) != len(text):
        return None
    return tuple(line for line, _ in pairs), "".join(mark for _, mark in pairs)


def normalize(text: str) -> str:
    """Bring what a person typed to the corpus' way of writing.

    NFC (which also turns compatibility ideographs into unified ones), full-width marks,
    no quotation marks, no white space, no byte order mark.
    """
    bare = "".join(text.translate(_DROPPED).split())
    return unicodedata.normalize("NFC", bare).translate(_FULL_WIDTH)
