"""Which lines of other variants of a tune have the places of some lines of a variant."""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from tangyin.verse.tune import Variant, shifted, tunes_named


@dataclass(frozen=True)
class Span:
    """The lines of another variant at some places of a variant."""

    start: int
    tones: str
    inside: int  # the places that may end a line, as bits
    ends: int  # those that do
    needed: int  # those of them that are not pauses
    moved: bool  # whether the variant itself is divided otherwise
    is_of_first: bool  # whether these are lines of the first variant, which are divided alike


@cache
def spans(variant: Variant) -> tuple[Span, ...]:
    """The spans of all variants of the tune: between places where lines of both begin.

    Places are counted from either end.
    """
    own = [0, *accumulate(len(line.tones) for line in variant.lines)]
    found: dict[Span, None] = {}
    variants = tunes_named(variant.name)[0].variants
    for other in variants:
        its = [0, *accumulate(len(line.tones) for line in other.lines)]
        lines, hanzi = len(its) - len(own), other.hanzi - variant.hanzi
        pairs = {
            (i, i + by) for i in range(len(own)) for by in (0, lines) if 0 <= i + by < len(its)
        }
        for by in {0, hanzi} | {its[j] - own[i] for i, j in pairs}:
            for a, b in pairwise(sorted(set(own) & {end - by for end in its})):
                if by not in (0, hanzi) and (own.index(a), its.index(a + by)) not in pairs:
                    continue
                inside = (1 << (b - 1)) - (1 << a)
                ends, needed = (shifted(e, -by) & inside for e in (other.ends, other.needed))
                moved = (ends, needed) != (variant.ends & inside, variant.needed & inside)
                tones = other.tones[a + by : b + by]
                is_of_first = other is variants[0] and not moved
                found[Span(a, tones, inside, ends, needed, moved, is_of_first)] = None
    return tuple(found)
