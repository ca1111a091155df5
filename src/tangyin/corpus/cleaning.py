"""Which records are poems in the four forms, and why the others are not."""

import re

from tangyin.verse import MARKS, Form, form_of_shape, split_lines

# Asked in this order; the first that fits names the dirt.
_DIRT = (
    ("missing_character", re.compile(r"[□■○●◇囗�]")),
    ("brackets", re.compile(r"[{}()\[\]（）［］【】〔〕〈〉《》｛｝/]")),
    ("latin", re.compile(r"[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]")),
    ("private_use", re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010ffff]")),
    ("rare_character", re.compile(r"[\U00020000-\U0003ffff\uf900-\ufaff]")),
)
_FOREIGN = re.compile(f"[^\u3400-\u9fff{MARKS}]")


def clean(text: str) -> tuple[Form | None, str]:
    """Judge the text of a record.

    Args:
        text: the joined paragraphs.

    Returns:
        The form and "" for a poem that is kept; None and the reason for one that is not:
        `empty`, a kind of dirt (`missing_character`, `brackets`, `latin`, `private_use`,
        `rare_character`, `other_character`), `punctuation` (a line without a mark, or a mark
        without a line), `unequal_lines`, or `other_shape` (lines of equal length, but in none
        of the four forms).
    """
    if not text:
        return None, "empty"
    if _FOREIGN.search(text):
        for reason, pattern in _DIRT:
            if pattern.search(text):
                return None, reason
        return None, "other_character"
    parts = split_lines(text)
    if parts is None:
        return None, "punctuation"
    lines, _ = parts
    if len({len(line) for line in lines}) != 1:
        return None, "unequal_lines"
    form = form_of_shape(len(lines), len(lines[0]))
    return (form, "") if form and form.in_corpus else (None, "other_shape")
