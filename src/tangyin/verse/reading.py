"""Poems in a file: one a line, or separated by blank lines."""

from tangyin.verse.form import known_forms
from tangyin.verse.poem import form_of_text
from tangyin.verse.punctuation import MARKS, normalize


def split_poems(text: str) -> list[str]:
    """Cut the text of a file into the texts of its poems.

    Blank lines separate poems. A block of several lines holds one poem a line when each of its
    lines is a whole poem by itself (by its marks, or, without marks, by its length);
    otherwise the block is one poem broken over lines.

    Args:
        text: the file's content, any line ends.

    Returns:
        The poems' texts, line breaks inside a poem kept.
    """
    blocks: list[list[str]] = [[]]
    for line in text.replace("\ufeff", "").splitlines():
        if line.strip():
            blocks[-1].append(line.strip())
        elif blocks[-1]:
            blocks.append([])
    poems: list[str] = []
    for block in blocks:
        if len(block) > 1 and all(_is_whole(line) for line in block):
            poems.extend(block)
        elif block:
            poems.append("\n".join(block))
    return poems


def _is_whole(line: str) -> bool:
    text = normalize(line)
    if not any(mark in text for mark in MARKS):
        return any(form.hanzi == len(text) for form in known_forms())
    return form_of_text(text) is not None or form_of_text(text + "。") is not None
