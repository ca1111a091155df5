"""Build `data/modern_readings.tsv` and `data/cilin.tsv`, the tables of `metre/books.py`.

    python -m venv /tmp/pinyin && /tmp/pinyin/bin/pip install pypinyin==0.55.0 pypinyin-dict==0.9.0
    PYTHONPATH=$(echo /tmp/pinyin/lib/python3*/site-packages) \\
        python scripts/build_rhyme_books.py ../shared/data/rhyme_books.tsv

A row of `modern_readings.tsv` is a final with its tone, the characters that have no other reading,
and the others with the number of words of pypinyin's list in which they are read so. Finals that no
book divides are one: `an` is also ian, uan and üan; `ih` is the vowel of 支, `v` is ü. A reading
counts if the official table of characters (通用規範漢字, kTGHZ2013) has it for the character or its
simplified form; rare characters have their first.

A row of `cilin.tsv` is a part of 詞林正韻, a tone, the part that the rhyme of 廣韻 would give, and
the characters that are in the first part instead; where the third column is empty, they are in the
first part besides. They come from the given table (charlesix59/chinese_word_rhyme, MIT): rhymes
that the book divides (SPLIT), readings that the table's 平水韻 has as well, and those of LATER.
What the table has beyond that is printed; it is misprints, remarks, and simplified characters taken
for one another.
"""

import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from pypinyin.phrases_dict import phrases_dict  # type: ignore[import-not-found]
from pypinyin.pinyin_dict import pinyin_dict  # type: ignore[import-not-found]
from pypinyin_dict.pinyin_data.ktghz2013 import (  # type: ignore[import-not-found]
    pinyin_dict as official,
)

from shared import write_rows
from tangyin.metre.books import CILIN, cilin_part
from tangyin.metre.lexicon import lexicon_characters, readings_of
from tangyin.verse import is_hanzi, to_simplified, traditional_forms

MARKS = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0300": 4}
LATER = "否牡缶母某畝婦負阜副富打那國北外"
"""Characters that 詞林正韻 has in the part of their later reading too."""

SPLIT = {"佳", "泰", "夬"}
"""Rhymes of 廣韻 that 詞林正韻 divides."""

Reading = tuple[str, int]


def reading_of(pinyin: str) -> Reading | None:
    """The final and the tone of a syllable with its tone mark; None for the neutral tone."""
    letters = unicodedata.normalize("NFD", pinyin)
    tone = next((MARKS[mark] for mark in letters if mark in MARKS), 0)
    plain = unicodedata.normalize("NFC", "".join(c for c in letters if c not in MARKS))
    final = final_of(plain.replace("ü", "v"))
    return (final, tone) if final and tone else None


def final_of(syllable: str) -> str:
    """The class of a syllable's final, or "" if it has no vowel."""
    if syllable == "er":
        return "er"
    if re.fullmatch("(zh|ch|sh|[rzcs])i", syllable):
        return "ih"
    if re.fullmatch("[jqxy]u", syllable):
        return "v"
    endings = (
        ("ong", "ong"), ("[ei]ng", "eng"), ("ang", "ang"), ("an", "an"), ("[eiuv]n", "en"),
        ("ao", "ao"), ("[oi]u", "ou"), ("ai", "ai"), ("[eu]i", "ei"), ("[iuvy]e|ê", "ie"),
        ("o", "o"), ("e", "e"), ("a", "a"), ("i", "i"), ("u", "u"), ("v", "v"),
    )  # fmt: skip
    return next((name for ending, name in endings if re.search(f"({ending})$", syllable)), "")


def spoken(listed: str) -> list[Reading]:
    """The readings of a list of syllables, without neutral tones."""
    found = [reading_of(syllable) for syllable in listed.split(",")]
    return list(dict.fromkeys(reading for reading in found if reading))


def modern_readings() -> dict[str, dict[Reading, int]]:
    """The number of words for each reading of each character."""
    words: dict[str, Counter[Reading]] = defaultdict(Counter)
    for word, syllables in phrases_dict.items():
        if len(word) == len(syllables):
            for character, syllable in zip(word, syllables, strict=True):
                if reading := reading_of(syllable[0]):
                    words[character][reading] += 1
    simplified: dict[str, set[str]] = defaultdict(set)
    for point in official:
        for form in traditional_forms(chr(point)):
            simplified[form].add(chr(point))
    table = {}
    for character in sorted({*lexicon_characters(), *simplified}):
        known = spoken(pinyin_dict.get(ord(character), ""))
        forms = {character, to_simplified(character), *simplified[character]}
        allowed = {r for form in forms for r in spoken(official.get(ord(form), ""))}
        kept = [reading for reading in known if reading in allowed] or known[:1]
        if kept:
            counts = {r: sum(words[form][r] for form in forms) for r in kept}
            table[character] = {r: 2 * count + 1 for r, count in counts.items()}
    return table


def write_modern(table: dict[str, dict[Reading, int]]) -> None:
    """Write `modern_readings.tsv`."""
    rows: dict[Reading, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for character, found in table.items():
        for reading, count in found.items():
            if len(found) == 1:
                rows[reading][0].append(character)
            else:
                rows[reading][1].append(f"{character}{count}")
    ordered = sorted(rows.items())
    write_rows(
        "modern_readings.tsv",
        [(f"{f}{tone}", "".join(alone), " ".join(among)) for (f, tone), (alone, among) in ordered],
    )
    print(
        f"{len(table)} characters, {sum(len(found) > 1 for found in table.values())} with several"
    )


Rows = list[tuple[str, str, str, str]]
"""Book, part, tone and characters."""


def listed(rows: Rows, book: str) -> dict[str, set[tuple[str, str]]]:
    """Part and tone class (平 仄 入) of each simplified character in a book of the table."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name, part, tone, characters in rows:
        kind = "入" if "入" in part + tone else "平" if "平" in tone else "仄"
        if name == book:
            for character in filter(is_hanzi, re.sub(r"\[.*?\]", "", characters)):
                found[character].add((part, kind))
    return found


def kind_of(tone: str) -> str:
    """平, 入 or 仄."""
    return {"平": "平", "入": "入"}.get(tone, "仄")


def own_places(character: str) -> set[tuple[str, str]]:
    """Part and tone class of each reading of a character by its rhyme of 廣韻."""
    return {(cilin_part(r.rime, r.tone), kind_of(r.tone)) for r in readings_of(character)}


def exceptions(rows: Rows) -> dict[tuple[str, str, str], str]:
    """Characters by their part, their tone and the part in which they would be expected."""
    table, older, cilin_of = (
        listed(rows, "詞林正韻"),
        listed(rows, "平水韻"),
        parts_of_pingshui(rows),
    )
    found: dict[tuple[str, str, str], str] = defaultdict(str)
    dropped = []
    for simplified, stated in sorted(table.items()):
        forms = traditional_forms(simplified)
        form = max(forms, key=forms.__getitem__)
        own = {place for other in {simplified, *forms} for place in own_places(other)}
        old = {(cilin_of.get(rhyme, ""), kind) for rhyme, kind in older[simplified]}
        for part, kind in sorted(stated - own) if own else ():
            alike = [r for r in readings_of(form) if kind_of(r.tone) == kind]
            moved = [
                r
                for r in alike
                if r.rime in SPLIT and (cilin_part(r.rime, kind), kind) not in stated
            ]
            if moved:
                found[part, moved[0].tone, cilin_part(moved[0].rime, kind)] += form
            elif form in LATER or (part, kind) in old:
                tone = alike[0].tone if alike else kind.replace("仄", "去")
                found[part, tone, ""] += form
            else:
                dropped.append(f"{form}{part}{kind}")
    print(f"{len(dropped)} dropped:", *dropped)
    return found


def parts_of_pingshui(rows: Rows) -> dict[str, str]:
    """The part of 詞林正韻 with most of a rhyme's characters, by the table's name of the rhyme."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    cilin = listed(rows, "詞林正韻")
    for character, places in listed(rows, "平水韻").items():
        for rhyme, kind in places:
            votes[rhyme].update(part for part, k in cilin.get(character, ()) if k == kind)
    return {rhyme: counts.most_common(1)[0][0] for rhyme, counts in votes.items() if counts}


if __name__ == "__main__":
    write_modern(modern_readings())
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[1:]
    found = exceptions([tuple(line.split("\t")) for line in lines])  # type: ignore[misc]
    keys = sorted(found, key=lambda key: (CILIN.parts.index(key[0]), key))
    write_rows("cilin.tsv", [(*key, found[key]) for key in keys])
    print(f"{sum(map(len, found.values()))} exceptions of 詞林正韻")
