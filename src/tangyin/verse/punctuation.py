"""The six marks that end a line of verse, and its characters."""

import re
import unicodedata

from tangyin.errors import UsageError

MARKS = "，。？！；："
"""The marks that may end a line. Everything else in a poem is a Chinese character."""

STOPS = "。？！"
"""The marks that end a sentence."""

PLACEHOLDER = "囗"
"""U+56D7, which some editions print where a character is missing."""

_HAN = (
    "〇\u3400-\u4dbf\u4e00-\u56d6\u56d8-\u9fff"
    "\ufa0e\ufa0f\ufa11\ufa13\ufa14\ufa1f\ufa21\ufa23\ufa24\ufa27-\ufa29"
    "\U00020000-\U0002f7ff\U0002fa20-\U0003ffff"
)
"""〇 and the unified ideographs of every block, but not `PLACEHOLDER`. Planes 2 and 3 are taken
whole, since later versions of Unicode fill them with ideographs."""

HANZI = re.compile(f"[{_HAN}]")
LINE = re.compile(f"([{_HAN}]+)([{MARKS}])")
FOREIGN = re.compile(f"[^{_HAN}{MARKS}]")
"""What is neither a Chinese character nor a mark."""

IN_CORPUS = "\u3400-\u9fff"
"""The range that poems of the corpus, and titles that a model reads, are confined to."""

_MARKS_TYPED = {
    ",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "：", "、": "，", "．": "。",
    "｡": "。", "﹐": "，", "､": "，", "\u037e": "；",
}  # fmt: skip
_DROPPED = (
    "「」『』“”‘’\"'〝〞﹁﹂﹃﹄\ufeff\u200b-\u200f\u2060\u00ad\ufe00-\ufe0f\U000e0100-\U000e01ef"
)
_COMPATIBLE = (*range(0x2E80, 0x2FD6), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20))
_UNIFIED = {chr(point): unicodedata.normalize("NFKC", chr(point)) for point in _COMPATIBLE}
_NORMAL = str.maketrans(_UNIFIED | _MARKS_TYPED)
_NOTHING = re.compile(f"[\\s{_DROPPED}]+")


def is_hanzi(character: str) -> bool:
    """Whether `character` is one Chinese character: of any CJK block or 〇, and not 囗."""
    return HANZI.fullmatch(character) is not None


def check_hanzi(text: str) -> None:
    """Refuse a text that has other than Chinese characters.

    Raises:
        UsageError: text.foreign.
    """
    for character in text:
        if not is_hanzi(character):
            point = f"U+{ord(character):04X}"
            raise UsageError("text.foreign", character=character, point=point)


def is_in_corpus(character: str) -> bool:
    """Whether a character is in the range `IN_CORPUS`."""
    return len(character) == 1 and IN_CORPUS[0] <= character <= IN_CORPUS[-1]


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

    Unified ideographs for compatibility forms and radicals (by NFKC), full-width marks, no
    quotation marks, no white space, no variation selectors. The work is linear in the length:
    `unicodedata.normalize` itself takes minutes for a long run of combining marks.
    """
    return _NOTHING.sub("", text.translate(_NORMAL))
