"""Build `data/spellings.tsv`: characters that the corpus writes in several ways, each as one.

    python scripts/build_spellings.py

煙 is also 烟 and 黄 also 黃, so that a word would be looked for in vain in half of the poems. Two
characters are one here if one of OpenCC's conversions (from simplified or Japanese characters, or
from a regional standard) makes the one of the other, and both are the same in simplified script.
Those of `data/both_scripts.txt` (云, 后), which mean something of their own, stay what they are.
`OURS` are pairs that OpenCC does not know.
The commoner of the two in the corpus is kept. The table is for looking up, never for rewriting.

Columns: character, what it is looked up as, count of each in the corpus.
"""

from collections import Counter

import opencc

from shared import DATA, write_rows
from tangyin.corpus import load_corpus
from tangyin.metre import readings_of
from tangyin.verse import FORMS, corpus_spelling, fold_variants

CONVERTERS = [opencc.OpenCC(name) for name in ("s2t", "tw2t", "hk2t", "jp2t")]
OURS = [("髪", "髮"), ("鴈", "雁")]
SIMPLIFIED = opencc.OpenCC("t2s")


if __name__ == "__main__":
    both = set((DATA / "both_scripts.txt").read_text(encoding="utf-8").strip())
    counts = Counter(
        fold_variants(corpus_spelling("".join(load_corpus().select(forms=FORMS).text)))
    )
    rows = list(OURS)
    for character in sorted(counts):
        for converter in CONVERTERS:
            other = fold_variants(corpus_spelling(converter.convert(character)))
            same = SIMPLIFIED.convert(character) == SIMPLIFIED.convert(other)
            if other != character and counts[other] and same and not both & {character, other}:
                rare, usual = sorted((character, other), key=lambda c: (counts[c], c))
                if readings_of(usual):
                    rows.append((rare, usual))
    rows = sorted(dict(rows).items())
    usual_of = dict(rows)
    table = []
    for rare, usual in rows:
        while usual in usual_of:
            usual = usual_of[usual]
        table.append((rare, usual, counts[rare], counts[usual]))
    write_rows("spellings.tsv", table)
    print(f"{len(rows)} characters")
