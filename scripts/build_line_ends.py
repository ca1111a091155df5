"""Build `data/line_ends.tsv`: how often poets end a line on each character.

    python scripts/build_line_ends.py

Counted in the training part of the corpus. A rhyme foot is the end of an even line of a poem whose
even lines rhyme on a level tone (`metre.rhyme_of_poem`), and counts for that rhyme. The other
lines of such a poem, without the first, end oblique.
"""

from collections import Counter, defaultdict

from shared import write_rows
from tangyin.corpus import TRAIN, load_corpus
from tangyin.metre import rhyme_of_poem
from tangyin.verse import FORMS, lookup_spelling

if __name__ == "__main__":
    feet: dict[str, Counter[str]] = defaultdict(Counter)
    oblique = Counter[str]()
    for lines in load_corpus().select(parts=[TRAIN], forms=FORMS).lines():
        rhyme = rhyme_of_poem(lines)
        if rhyme:
            for line in lines[1::2]:
                feet[lookup_spelling(line[-1])][rhyme] += 1
            oblique.update(lookup_spelling(line[-1]) for line in lines[2::2])
    rows: list[tuple[object, ...]] = [("character", "oblique", "rhymes")]
    for character in sorted(feet.keys() | oblique.keys()):
        rhymes = " ".join(f"{rhyme}{n}" for rhyme, n in feet[character].most_common())
        rows.append((character, oblique[character], rhymes))
    write_rows("line_ends.tsv", rows)
    print(f"{len(rows) - 1} characters")
