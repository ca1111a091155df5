"""The rhyme that a poem is written in."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

from tangyin.prosody.lexicon import readings_of
from tangyin.prosody.rhyme import LEVEL_RHYMES


def rhyme_of_poem(lines: Sequence[str]) -> str | None:
    """The level rhyme that the ends of all even lines can be read in.

    Args:
        lines: the poem's lines without marks.

    Returns:
        One of `LEVEL_RHYMES`, the first in their order where several fit; None where none does, or
        no line is even.
    """
    ends = [line[-1] for line in lines[1::2]]
    fitting = Counter(rhyme for end in ends for rhyme in _level_rhymes(end))
    return next((rhyme for rhyme in LEVEL_RHYMES if ends and fitting[rhyme] == len(ends)), None)


@cache
def _level_rhymes(character: str) -> frozenset[str]:
    return frozenset(r.rhyme for r in readings_of(character) if r.level)
