"""What another table of tunes says of written 詞.

    git clone https://github.com/flystar233/jiaxuan /tmp/jiaxuan
    python scripts/foreign_tunes.py /tmp/jiaxuan

No 詞 checker that can be installed has tables of its own: couyun is where ours come from
(`build_tunes.py`). jiaxuan 9d109b4 has those of another author, the basic forms (定格) of 153 tunes
in 龍榆生《唐宋詞格律》 (1978), and a 詞林正韻 of its own. It has no licence, and nothing of it is
copied.

The 詞 are the first 25 to each of the twelve tunes of docs/samples/ci.md, and the Song 詞 of the
corpus, without the test part, that have as many characters as the basic form. A 詞 keeps the tones
if each place can have that of the basic form, by readings of that 詞林正韻; it keeps the rhymes if
the feet that rhyme in our table share a part there. What that book lacks counts as fitting.

Writes docs/results/foreign_tunes.json and prints it as a table.
"""

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from shared import SAMPLES, keep, table
from tangyin.corpus import load_corpus
from tangyin.verse import CI, form_named, to_simplified
from tangyin.verse.tune import Variant, tunes_so_called

EACH = 25
HANZI = re.compile("[\u3400-\u9fff]")

Book = dict[str, set[tuple[str, str]]]
"""Part and tone (平 or 仄) of each simplified character."""


def read_book(folder: Path) -> Book:
    """The rhyme book of the other project."""
    found: Book = {}
    for entry in json.loads((folder / "data/词林正韵.json").read_text(encoding="utf-8")):
        for part, tones in entry.items():
            for tone, characters in tones.items():
                for character in characters:
                    found.setdefault(character, set()).add((part, "平" if tone == "平" else "仄"))
    return found


def read_patterns(folder: Path) -> dict[str, str]:
    """平, 仄 or 中 for each character of the basic form, by the main name of its tune."""
    path = folder / "data/cipai_with_statistics_tscgl.csv"
    found: dict[str, str] = {}
    with path.open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            for tune in tunes_so_called(row["词牌名"])[:1]:
                found.setdefault(tune.name, re.sub("[^平仄中]", "", row["韵律"]))
    return found


def keeps_tones(text: str, pattern: str, book: Book) -> bool:
    """Whether each character can have the tone of the pattern."""
    return all(
        tone == "中" or character not in book or any(own == tone for _, own in book[character])
        for character, tone in zip(text, pattern, strict=True)
    )


def keeps_rhymes(text: str, variant: Variant, book: Book) -> bool:
    """Whether the feet of each group of rhymes share a part."""
    groups: dict[int, list[set[str]]] = {}
    last = -1
    for line in variant.lines:
        last += len(line.tones)
        if line.rhyme >= 0 and text[last] in book:
            own = {part for part, tone in book[text[last]] if tone == line.tones[-1]}
            groups.setdefault(line.rhyme, []).append(own)
    return all(set.intersection(*parts) for parts in groups.values())


def written() -> dict[str, list[str]]:
    """The characters of the written 詞 by the tune of the command that printed them."""
    page = (SAMPLES / "ci.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^\$ tangyin write --form (\S+) .*\n([^$`]*)", page, re.MULTILINE)
    return {
        tune: ["".join(HANZI.findall(poem)) for poem in text.split("\n\n")][:EACH]
        for tune, text in blocks
    }


def sung() -> dict[str, list[str]]:
    """The characters of Song 詞 by the main name of their tune."""
    corpus = load_corpus().select(forms=[CI], parts=["train", "dev"])
    found: dict[str, list[str]] = {}
    for title, text in zip(corpus.title, corpus.text, strict=True):
        for tune in tunes_so_called(title)[:1] if title else ():
            found.setdefault(tune.name, []).append("".join(HANZI.findall(text)))
    return found


def counted(texts: list[str], pattern: str, variant: Variant, book: Book) -> dict[str, int]:
    """How many texts have the length of the pattern, and how many of these keep what."""
    counts = Counter({"詞": 0, "tones": 0, "rhymes": 0, "both": 0})
    for text in map(to_simplified, texts):
        if len(text) == len(pattern) == variant.hanzi:
            tones = keeps_tones(text, pattern, book)
            rhymes = keeps_rhymes(text, variant, book)
            counts.update({"詞": 1, "tones": tones, "rhymes": rhymes, "both": tones and rhymes})
    return dict(counts)


def main(folder: Path) -> None:
    """Compare, write and print."""
    book, patterns, songs = read_book(folder), read_patterns(folder), sung()
    results = {}
    for tune, texts in written().items():
        variant = form_named(tune).variant
        if variant:
            pattern = patterns.get(variant.name, "")
            own, other = (
                counted(each, pattern, variant, book) for each in (texts, songs[variant.name])
            )
            results[tune] = {"written": own, "Song": other}
    keep("foreign_tunes", results)
    total: dict[str, Counter[str]] = {kind: Counter() for kind in ("written", "Song")}
    for row in results.values():
        for kind, counts in row.items():
            total[kind].update(counts)
    kept = ("tones", "rhymes", "both")
    rows = [(tune, *cells(row.values())) for tune, row in results.items()]
    rows.append(("all", *cells(total.values())))
    print(table(("tune", "written", *kept, "Song 詞", *kept), rows))


def cells(row: Iterable[Mapping[str, int]]) -> Iterator[str]:
    """The numbers of a row of the table."""
    for counts in row:
        yield f"{counts['詞']:,}"
        for kept in ("tones", "rhymes", "both"):
            yield f"{counts[kept] / counts['詞']:.0%}" if counts["詞"] else "–"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
