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

Columns: character, share of 平 (noise removed, one count of each tone added), level count, oblique
count, counts by level rhyme. Given the table to check against, the script compares the two.
It ends with the share of ambiguous Tang places that the majority reading gets right when it is
counted on Song poems alone.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tangyin.corpus import TRAIN, load_corpus
from tangyin.prosody.lexicon import readings_of
from tangyin.verse import split_lines

TARGET = Path(__file__).parents[1] / "src/tangyin/data/reading_priors.tsv"
Z_FIRST = (1, 0, 0, 1, 1, 0, 0, 1)
"""Tone at core 2 of each line in a poem whose first line is oblique there: 0 level, 1 oblique."""

LEVEL, OBLIQUE, EITHER = 0, 1, 2


class Counts:
    """Demands met at fixed places by ambiguous characters, and by unambiguous ones."""

    def __init__(self) -> None:
        self.ambiguous: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.certain = [[0, 0], [0, 0]]

    def noise(self, tone: int) -> float:
        """How often a character of only this tone stands where the other is demanded."""
        return self.certain[tone][1 - tone] / sum(self.certain[tone])

    def share(self, character: str) -> float:
        """The share of 平 without the noise, between 0 and 1, one count of each tone added."""
        level, oblique = self.ambiguous[character]
        if not level + oblique:
            return 0.5
        total = level + oblique
        stray_level, stray_oblique = self.noise(OBLIQUE), self.noise(LEVEL)
        share = (level / total - stray_level) / (1 - stray_level - stray_oblique)
        return (min(max(share, 0.0), 1.0) * total + 1) / (total + 2)


def tone_of(character: str) -> int:
    """LEVEL, OBLIQUE, or EITHER for a character of both tones or none known."""
    tones = {reading.level for reading in readings_of(character)}
    return EITHER if len(tones) != 1 else LEVEL if True in tones else OBLIQUE


def fixed_places(lines: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Characters at fixed places with the tone demanded when core 2 of line 1 is oblique."""
    front = len(lines[0]) - 5
    for number, line in enumerate(lines):
        demanded = Z_FIRST[number]
        yield line[front + 1], demanded
        if front:
            yield line[1], 1 - demanded
        if number % 2:
            yield line[front + 3], 1 - demanded


def count_tones(poems: list[tuple[str, ...]]) -> Counts:
    """Count the tones demanded of ambiguous characters in poems that keep the rules elsewhere."""
    counts = Counts()
    for lines in poems:
        places = [(c, tone_of(c), demanded) for c, demanded in fixed_places(lines)]
        certain = [(tone, demanded) for _, tone, demanded in places if tone != EITHER]
        # A line end tells nothing of the course, but it shows verse of another kind.
        ends = sum(tone_of(line[-1]) == LEVEL for line in lines[2::2])
        ends += sum(tone_of(line[-1]) == OBLIQUE for line in lines[1::2])
        wrong = sum(tone != demanded for tone, demanded in certain)
        turned = wrong * 2 > len(certain)
        wrong = ends + (len(certain) - wrong if turned else wrong)
        if wrong > 1 or len(certain) < 4:
            continue
        for character, tone, first in places:
            demanded = 1 - first if turned else first
            if tone == EITHER:
                counts.ambiguous[character][demanded] += wrong == 0
            else:
                counts.certain[tone][demanded] += wrong == (tone != demanded)
    return counts


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
            distances.append((abs(counts.share(character) - float(share)), character, share))
    distances.sort(reverse=True)
    near = sum(distance <= 0.05 for distance, *_ in distances)
    print(f"{path.name}: {near} of {len(distances)} characters within 0.05; the farthest:")
    for _, character, share in distances[:12]:
        print(f"  {character} {counts.share(character):.3f} against {share}")


if __name__ == "__main__":
    corpus = load_corpus().select(parts=[TRAIN])
    poems = [split_lines(text)[0] for text in corpus.text]
    counts, rhymes = count_tones(poems), count_rhymes(poems)
    print(f"noise: {counts.noise(LEVEL):.4f} of level, {counts.noise(OBLIQUE):.4f} of oblique")
    several = {
        character
        for character in set("".join("".join(lines) for lines in poems))
        if (tone_of(character) == EITHER
        and readings_of(character))
        or len({r.rhyme for r in readings_of(character) if r.level}) > 1
    }
    with TARGET.open("w", encoding="utf-8", newline="\n") as file:
        file.write("character\tshare\tlevel\toblique\trhymes\n")
        for character in sorted(several):
            level, oblique = counts.ambiguous[character]
            by_rhyme = " ".join(f"{r}{n}" for r, n in sorted(rhymes[character].items()))
            share = f"{counts.share(character):.4f}"
            file.write(f"{character}\t{share}\t{level}\t{oblique}\t{by_rhyme}\n")
    print(f"{len(several)} characters, {TARGET.stat().st_size} bytes")
    if len(sys.argv) > 1:
        compare(counts, Path(sys.argv[1]))
    by_dynasty = {
        dynasty: count_tones(
            [p for p, d in zip(poems, corpus.dynasty, strict=True) if d == dynasty]
        )
        for dynasty in ("tang", "song")
    }
    right = total = 0
    for character, (level, oblique) in by_dynasty["tang"].ambiguous.items():
        right += level if by_dynasty["song"].share(character) >= 0.5 else oblique
        total += level + oblique
    print(f"majority reading counted on Song, tried on Tang: {right / total:.3%} of {total} places")
