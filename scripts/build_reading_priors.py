"""Build `data/reading_priors.tsv`: how often verse reads a character 平, and in which rhyme.

    python scripts/build_reading_priors.py [../shared/data/reading_priors.tsv]

Tones. In each training poem the second character of the core of a line must be level or oblique
by 粘 and 對, the fourth of an even line is its opposite, and in 七言 the second of the line too.
Which of the two courses a poem takes is plain from its unambiguous characters. Where all of these
keep the rules, each ambiguous character at such a place is counted with the tone demanded there.
Unambiguous characters, counted in the same way where all *others* keep the rules, tell how often
the demand itself is wrong (about 0.3 %); that noise is taken off.

Rhymes. Where three rhymes of an eight-line poem have one level rhyme in common, the fourth
character is counted in it.

Words. Some readings belong to a word: 唯 is oblique in 唯唯 and 唯阿 and nowhere else. A pair of
neighbours in a line is listed (`data/reading_words.tsv`) when it was counted at least 3 times and
its share lies 0.3 or more from the character's. The character's own share then speaks for all
other places, so it is counted only where neither neighbour makes a pair seen so often.

Columns: character, share of 平 (noise removed, half a count of each tone added), level count,
oblique count, counts by level rhyme. Given the table to check against, the script compares the
two. It ends with the share of ambiguous Tang places that the majority reading, counted on Song
poems alone, gets right, without and with words.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from shared import write_rows
from tangyin.corpus import TRAIN, load_corpus
from tangyin.metre.lexicon import readings_of
from tangyin.verse import FORMS

Z_FIRST = (1, 0, 0, 1, 1, 0, 0, 1)
"""Tone at core 2 of each line in a poem whose first line is oblique there: 0 level, 1 oblique."""

LEVEL, OBLIQUE, EITHER = 0, 1, 2


Pair = tuple[str, int]
"""Two neighbours, and which of them (0 or 1) is the ambiguous character."""

SEEN, DECISIVE = 3, 0.3
"""A pair is listed when counted so often and so far from the character's share."""

ENOUGH = 10
"""Counts outside frequent pairs that are enough for a share."""


class Counts:
    """Demands met at fixed places by ambiguous characters, and by unambiguous ones."""

    def __init__(self) -> None:
        self.ambiguous: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.pairs: dict[Pair, list[int]] = defaultdict(lambda: [0, 0])
        self.alone: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.certain = [[0, 0], [0, 0]]

    def noise(self, tone: int) -> float:
        """The rate at which a character of this tone alone stands where the other is required."""
        return self.certain[tone][1 - tone] / sum(self.certain[tone])

    def share(self, counts: list[int]) -> float:
        """The share of 平 without the noise, between 0 and 1, half a count of each tone added."""
        total = sum(counts)
        if not total:
            return 0.5
        stray_level, stray_oblique = self.noise(OBLIQUE), self.noise(LEVEL)
        share = (counts[LEVEL] / total - stray_level) / (1 - stray_level - stray_oblique)
        return (min(max(share, 0.0), 1.0) * total + 0.5) / (total + 1)

    def words(self) -> dict[Pair, float]:
        """The decisive pairs with their shares."""
        found = {}
        for pair, counts in self.pairs.items():
            own = self.share(counts)
            whole = self.own_share(pair[0][pair[1]])
            if sum(counts) >= SEEN and abs(own - whole) >= DECISIVE:
                found[pair] = own
        return found

    def own_share(self, character: str) -> float:
        """The share of a character outside frequent pairs, or everywhere when that is rare."""
        alone = self.alone[character]
        return self.share(alone if sum(alone) >= ENOUGH else self.ambiguous[character])


def tone_of(character: str) -> int:
    """LEVEL, OBLIQUE, or EITHER for a character of both tones or none known."""
    tones = {reading.level for reading in readings_of(character)}
    return EITHER if len(tones) != 1 else LEVEL if True in tones else OBLIQUE


def fixed_places(lines: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    """Line, index and the tone demanded there when core 2 of line 1 is oblique."""
    front = len(lines[0]) - 5
    for number, line in enumerate(lines):
        demanded = Z_FIRST[number]
        yield line, front + 1, demanded
        if front:
            yield line, 1, 1 - demanded
        if number % 2:
            yield line, front + 3, 1 - demanded


def demands(poems: list[tuple[str, ...]]) -> Iterator[tuple[str, int, int, int]]:
    """Line, index, own tone and demanded tone of fixed places whose fellows all keep the rules."""
    for lines in poems:
        places = [(tone_of(line[at]), line, at, want) for line, at, want in fixed_places(lines)]
        certain = [(tone, demanded) for tone, _, _, demanded in places if tone != EITHER]
        # A line end tells nothing of the course, but it shows verse of another kind.
        ends = sum(tone_of(line[-1]) == LEVEL for line in lines[2::2])
        ends += sum(tone_of(line[-1]) == OBLIQUE for line in lines[1::2])
        wrong = sum(tone != demanded for tone, demanded in certain)
        turned = wrong * 2 > len(certain)
        wrong = ends + (len(certain) - wrong if turned else wrong)
        if wrong > 1 or len(certain) < 4:
            continue
        for tone, line, at, first in places:
            demanded = 1 - first if turned else first
            if wrong == (tone not in (EITHER, demanded)):
                yield line, at, tone, demanded


def pairs_at(line: str, at: int) -> tuple[Pair, Pair]:
    """The pairs that the character at a place makes with its neighbours."""
    return (line[at - 1 : at + 1], 1), (line[at : at + 2], 0)


def count_tones(poems: list[tuple[str, ...]]) -> Counts:
    """Count the tones demanded of characters in poems that keep the rules elsewhere."""
    counts = Counts()
    found = []
    for line, at, tone, demanded in demands(poems):
        if tone != EITHER:
            counts.certain[tone][demanded] += 1
        else:
            found.append((line, at, demanded))
            counts.ambiguous[line[at]][demanded] += 1
            for pair in pairs_at(line, at):
                counts.pairs[pair][demanded] += 1
    for line, at, demanded in found:
        if all(sum(counts.pairs[pair]) < SEEN for pair in pairs_at(line, at)):
            counts.alone[line[at]][demanded] += 1
    return counts


def try_out(counts: Counts, poems: list[tuple[str, ...]]) -> None:
    """Print how often the likelier tone of an ambiguous character is the one demanded."""
    words = counts.words()
    alone = {c: counts.share(n) for c, n in list(counts.ambiguous.items())}
    outside = {c: counts.own_share(c) for c in alone}
    right, with_words, total = 0, 0, 0
    for line, at, tone, demanded in demands(poems):
        if tone == EITHER:
            character = line[at]
            share = outside.get(character, 0.5)
            listed = [words[pair] for pair in pairs_at(line, at) if pair in words]
            share = max(listed, key=lambda s: abs(s - 0.5), default=share)
            right += (alone.get(character, 0.5) < 0.5) == demanded
            with_words += (share < 0.5) == demanded
            total += 1
    print(
        f"likelier reading by Song, tried on {total} Tang places: {right / total:.2%} right, "
        f"{with_words / total:.2%} with words"
    )


def count_rhymes(poems: list[tuple[str, ...]]) -> dict[str, Counter[str]]:
    """Count each rhyming character in the level rhyme that the other three agree on."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for lines in poems:
        ends = [line[-1] for line in lines[1::2]]
        rhymes = [{r.rhyme for r in readings_of(end) if r.level} for end in ends]
        if len(ends) != 4:
            continue
        for place, end in enumerate(ends):
            common = set.intersection(*(rhymes[:place] + rhymes[place + 1 :]))
            if len(common) == 1 and common <= rhymes[place]:
                counts[end].update(common)
    return counts


def compare(counts: Counts, path: Path) -> None:
    """Print how far the shares lie from those of another table."""
    distances = []
    for row in path.read_text(encoding="utf-8").splitlines()[1:]:
        character, *others, share = row.split("\t")
        if sum(map(int, others)) >= 20 and sum(counts.ambiguous[character]) >= 20:
            distances.append(
                (abs(counts.share(counts.ambiguous[character]) - float(share)), character, share)
            )
    distances.sort(reverse=True)
    near = sum(distance <= 0.05 for distance, *_ in distances)
    print(f"{path.name}: {near} of {len(distances)} characters within 0.05; the farthest:")
    for _, character, share in distances[:12]:
        print(f"  {character} {counts.share(counts.ambiguous[character]):.3f} against {share}")


if __name__ == "__main__":
    corpus = load_corpus().select(parts=[TRAIN], forms=FORMS)
    poems = corpus.lines()
    counts, rhymes = count_tones(poems), count_rhymes(poems)
    print(f"noise: {counts.noise(LEVEL):.4f} of level, {counts.noise(OBLIQUE):.4f} of oblique")
    several = {
        character
        for character in set("".join("".join(lines) for lines in poems))
        if (tone_of(character) == EITHER and readings_of(character))
        or len({r.rhyme for r in readings_of(character) if r.level}) > 1
    }
    words = counts.words()
    rows: list[tuple[object, ...]] = [("character", "share", "level", "oblique", "rhymes")]
    for character in sorted(several):
        by_rhyme = " ".join(f"{r}{n}" for r, n in sorted(rhymes[character].items()))
        own = f"{counts.own_share(character):.4f}"
        rows.append((character, own, *counts.ambiguous[character], by_rhyme))
    write_rows("reading_priors.tsv", rows)
    shares = [(pair, place, f"{share:.2f}") for (pair, place), share in sorted(words.items())]
    write_rows("reading_words.tsv", [("pair", "place", "share"), *shares])
    print(f"{len(several)} characters, {len(words)} pairs")
    if len(sys.argv) > 1:
        compare(counts, Path(sys.argv[1]))
    tang, song = (
        [poem for poem, d in zip(poems, corpus.dynasty, strict=True) if d == dynasty]
        for dynasty in ("tang", "song")
    )
    try_out(count_tones(song), tang)
