"""The two lines of a 對聯, recognized by their shape."""

import re

from tangyin.verse.punctuation import MARKS, is_hanzi, normalize
from tangyin.verse.scan import BLANK, NOTE

SHORTEST, LONGEST = 3, 80
"""Characters of a line of a text that is taken for a 對聯."""

_LABEL = re.compile(r"^\s*[(（【]?[上下][聯联][)）】]?[:：]?\s*")
_LOWER = re.compile(r"\s*(?=[(（【]?下[聯联][)）】]?[:：])")
_ABOVE_THE_DOOR = re.compile(r"^\s*[(（【]?[橫横](?:批|額|额|披|聯|联)[)）】]?[:：\s]")
_TITLE = re.compile(f"^[^{MARKS}]+[聯联][》】]?\\s*$")


def is_labelled(text: str) -> bool:
    """Whether a text says which line is 上聯 and which is 下聯."""
    rows = _rows(text)
    return len(rows) == 2 and all(map(_LABEL.match, rows))


def couplet_lines(text: str, *, sure: bool = False) -> tuple[str, str] | None:
    """The lines of a text that has the shape of a 對聯, with ， at their pauses, or None.

    It has one where two rows are labelled 上聯 and 下聯, or where both halves have segments of the
    same lengths. The halves of one row may be apart by a blank. A 橫批 and a title that ends in 聯
    are left out. Four and more lines all of five or all of seven characters are a poem. To be
    `sure`, several segments before 。 are not an upper line: they may be half of a stanza of 詞.
    Nor are three characters, as many as a title and an author may have.
    """
    rows = _rows(text)
    if not 1 <= len(rows) <= 2 or len(text) > 3 * LONGEST:
        return None
    labelled = is_labelled(text)
    segments = [split_segments(_LABEL.sub("", row) if labelled else row) for row in rows]
    if not all(map(is_verse, segments)):
        return None
    if labelled:
        return "，".join(segments[0]), "，".join(segments[1])
    together = [segment for own in segments for segment in own]
    half, odd = divmod(len(together), 2)
    shape = [len(segment) for segment in together]
    divided = [len(own) for own in segments] in ([half, half], [2 * half])
    if odd or not divided or shape[:half] != shape[half:]:
        return None
    stanza = sure and ((half > 1 and "。" in _middle(rows, half)) or shape == [SHORTEST] * 2)
    poem = half > 1 and set(shape) in ({5}, {7})
    if poem or stanza or not SHORTEST <= sum(shape[:half]) <= LONGEST:
        return None
    return "，".join(together[:half]), "，".join(together[half:])


def _rows(text: str) -> list[str]:
    """The rows without title and 橫批; the halves of one row with one blank are two."""
    rows = [row for row in NOTE.sub("", _LOWER.sub("\n", text)).splitlines() if row.strip()]
    rows = [row for row in rows if not _ABOVE_THE_DOOR.match(row)]
    rows = rows[len(rows) > 2 and bool(_TITLE.match(rows[0])) :]
    halves = rows[0].split() if len(rows) == 1 else []
    return halves if len(halves) == 2 else rows


def _middle(rows: list[str], half: int) -> str:
    """The marks between the halves."""
    runs = re.findall(f"[^{MARKS}]+([{MARKS}]*)", normalize("".join(rows)))
    return str(runs[half - 1]) if len(rows) == 1 else normalize(rows[0])[-1]


def split_segments(line: str) -> list[str]:
    """What marks divide a typed line into."""
    return [part for part in re.split(f"[{MARKS}]", normalize(line)) if part]


def is_verse(segments: list[str]) -> bool:
    """Whether there is something, and nothing but Chinese characters and □."""
    text = "".join(segments)
    return bool(text) and all(is_hanzi(character) or character == BLANK for character in text)
