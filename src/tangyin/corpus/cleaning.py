"""Which records are poems in one of the forms, and why the others are not."""

import re

from tangyin.verse import MARKS, Form, form_of_shape, split_lines

# The first pattern that matches is the reason.
_DIRT = (
    ("missing_character", re.compile(r"[□■○●◇囗�]")),
    ("brackets", re.compile(r"[{}()\[\]（）［］【】〔〕〈〉《》｛｝/]")),
    ("latin", re.compile(r"[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]")),
    ("private_use", re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010ffff]")),
    ("rare_character", re.compile(r"[\U00020000-\U0003ffff\uf900-\ufaff]")),
)
_FOREIGN = re.compile(f"[^\u3400-\u9fff{MARKS}]")


def clean(text: str) -> tuple[Form | None, str]:
    """Find the form of a record, or the reason to drop it.

    Args:
        text: the joined paragraphs.

    Returns:
        The form and ""; or None and the reason: `empty`, a foreign character
        (`missing_character`, `brackets`, `latin`, `private_use`, `rare_character`,
        `other_character`), `punctuation` (a line without a mark, or a mark without a line),
        `unequal_lines`, or `other_shape` (lines of equal length, but not of a form).
    """
    if not text:
        return None, "empty"
    if _FOREIGN.search(text):
        reasons = (reason for reason, pattern in _DIRT if pattern.search(text))
        return None, next(reasons, "other_character")
    lines, _ = split_lines(text) or ((), "")
    if not lines:
        return None, "punctuation"
    if len({len(line) for line in lines}) != 1:
        return None, "unequal_lines"
    form = form_of_shape(len(lines), len(lines[0]))
    return (form, "") if form and form.in_corpus else (None, "other_shape")
