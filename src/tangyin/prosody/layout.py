"""Lines of verse from what a person typed: any even or odd number of lines, five or seven long."""

from tangyin.errors import UsageError, counted
from tangyin.verse import FORMS, MARKS, is_hanzi, normalize, split_poems, to_traditional


def read_verse(text: str) -> tuple[str, ...]:
    """The lines of one poem.

    Marks close lines; without any, line breaks do; without these too, the number of characters
    tells the length of a line (the four forms first, then whatever only one length divides).

    Args:
        text: the poem, with or without marks and line breaks.

    Returns:
        Two or more lines, all of five or all of seven characters.

    Raises:
        UsageError: there is no such poem in the text.
    """
    rows = [row for row in map(normalize, text.splitlines()) if row]
    joined = "".join(rows)
    if not joined:
        raise UsageError("there is no poem in an empty text; give lines of 5 or 7 characters")
    for character in joined:
        if not is_hanzi(character) and character not in MARKS:
            raise UsageError(
                f"{character!r} (U+{ord(character):04X}) is neither a Chinese character nor one of "
                f"the marks {MARKS}; take it out of the poem"
            )
    lines = _cut(joined, rows)
    if not lines:
        raise UsageError("there is nothing but marks; give lines of 5 or 7 characters")
    lengths = sorted({len(line) for line in lines})
    if len(lengths) > 1:
        raise UsageError(
            f"the lines have {', '.join(map(str, lengths[:-1]))} and {lengths[-1]} characters; "
            "give a poem whose lines all have 5 or all have 7"
        )
    if lengths[0] not in (5, 7):
        raise UsageError(
            f"a line has {counted(lengths[0], 'character')}; give a poem whose lines have 5 or 7"
        )
    if len(lines) < 2:
        raise UsageError("one line is no poem yet; give at least a couplet")
    return lines


def in_traditional(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines in traditional characters, converted as one poem when they are simplified."""
    return tuple(to_traditional("\n".join(lines)).split("\n"))


def poems_in(text: str) -> list[str]:
    """The texts of the poems in a file: one a line, or separated by blank lines.

    As `verse.split_poems`, but a line that holds four or more lines of verse, marks and all, is a
    poem by itself, whatever its form.
    """
    poems: list[str] = []
    for poem in split_poems(text):
        rows = poem.splitlines()
        if len(rows) > 1 and all(_verses(row) >= 4 for row in rows):
            poems.extend(rows)
        else:
            poems.append(poem)
    return poems


def _verses(row: str) -> int:
    """How many runs of characters marks cut a row of text into."""
    return len(_closed(normalize(row)))


def _closed(text: str) -> tuple[str, ...]:
    """The runs of characters that marks, one or several, close."""
    for mark in MARKS:
        text = text.replace(mark, "。")
    return tuple(run for run in text.split("。") if run)


def _cut(joined: str, rows: list[str]) -> tuple[str, ...]:
    if any(character in MARKS for character in joined):
        lines = _closed(joined)
        # A row may end a line without a mark, unless it is long text that was wrapped.
        return lines if len({len(line) for line in lines}) == 1 else _closed("。".join(rows))
    if len(rows) > 1 and all(len(row) in (5, 7) for row in rows):
        return tuple(rows)
    lengths = [form.characters for form in FORMS if form.hanzi == len(joined)]
    lengths = lengths or [length for length in (5, 7) if len(joined) % length == 0]
    if len(lengths) != 1:
        raise UsageError(
            "where the lines of 5 or 7 end is not to be seen from "
            f"{counted(len(joined), 'character')} without marks; put a mark after each line"
        )
    step = lengths[0]
    return tuple(joined[start : start + step] for start in range(0, len(joined), step))
