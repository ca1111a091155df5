"""Poems that are nearly another poem, by their lines."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tangyin.corpus.corpus import Corpus
from tangyin.corpus.split import NEAR, TRAIN
from tangyin.verse import fold_variants, split_lines


class NearDuplicates:
    """Finds whether a poem is a near-duplicate of one of a given set.

    Two lines match when all but at most one of their characters are equal at their places. Two
    poems are near-duplicates when at least half of the lines of either match lines of the other.
    Variants are folded first.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Index the given clean texts by their lines, each with one character removed."""
        self._poems = list(map(_folded_lines, texts))
        self._index: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        for number, lines in enumerate(self._poems):
            for place, line in enumerate(lines):
                for key in _holes(line):
                    self._index[key].add((number, place))

    def matches(self, text: str) -> bool:
        """Whether `text` is a near-duplicate of one of the indexed poems."""
        return next(self.near(text), None) is not None

    def shares(self, text: str, count: int) -> bool:
        """Whether `text` has so many whole lines of one of the indexed poems."""
        shared = Counter[int]()
        for line in set(_folded_lines(text)):
            places = self._index.get(next(_holes(line)), ())
            shared.update({n for n, there in places if self._poems[n][there] == line})
        return max(shared.values(), default=0) >= count

    def near(self, text: str) -> Iterator[int]:
        """The numbers of the indexed poems that `text` is a near-duplicate of."""
        lines = _folded_lines(text)
        ours, theirs = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
        for here, line in enumerate(lines):
            for key in _holes(line):
                for number, there in self._index.get(key, ()):
                    ours[number].add(here)
                    theirs[number].add(there)
        for number, own in ours.items():
            if 2 * len(own) >= len(lines) or 2 * len(theirs[number]) >= len(self._poems[number]):
                yield number


def mark_near_duplicates(corpus: Corpus, parts: list[str], first: int = 0) -> None:
    """Move training poems that are near-duplicates of poems in `parts` to the part `NEAR`.

    Only poems from number `first` on are moved.
    """
    held = NearDuplicates(corpus.select(parts=parts).text)
    for number in range(first, len(corpus)):
        if corpus.part[number] == TRAIN and held.matches(corpus.text[number]):
            corpus.part[number] = NEAR


def _folded_lines(text: str) -> tuple[str, ...]:
    """The lines of a clean text without marks, variants folded."""
    return (split_lines(fold_variants(text)) or ((), ""))[0]


def _holes(line: str) -> Iterator[str]:
    """The line with a hole at each of its places; matching lines have one of these in common."""
    return (f"{line[:place]}_{line[place + 1 :]}" for place in range(len(line)))
