"""Count how the rhyme books fit the corpus: `docs/results/rhyme_books.json`.

    python scripts/measure_rhyme_books.py

For the Tang poems of each regulated form: the share whose rhyme, whose tones and which as a whole
hold by each book (`metre.shi.by_books`). For each book the characters of the closed vocabulary
and of all Tang poems that it lacks.
"""

from collections import Counter
from typing import Any

from shared import keep
from tangyin.corpus import Corpus, load_corpus
from tangyin.data.files import data_text
from tangyin.metre.books import BOOKS
from tangyin.metre.reading import assign
from tangyin.metre.shi import by_books
from tangyin.verse import is_hanzi

FORMS = ("五律", "七律", "五絕", "七絕")


def shares(corpus: Corpus) -> dict[str, Any]:
    """The number of poems of each form that keep rhyme, tones and both by each book."""
    found: dict[str, Any] = {}
    for form in FORMS:
        counts: Counter[str] = Counter()
        poems = corpus.select(forms=[form]).lines()
        for lines in map(tuple, poems):
            for held in by_books(lines, assign(lines)):
                counts[f"{held.book} rhyme"] += held.rhyme
                counts[f"{held.book} tones"] += held.tones
                counts[f"{held.book} both"] += held.holds
        found[form] = {"poems": len(poems), **counts}
    return found


def lacking(characters: Counter[str]) -> dict[str, Any]:
    """The characters that each book lacks, and their share of all characters in the text."""
    found: dict[str, Any] = {"characters": len(characters)}
    for book in BOOKS:
        missing = {c: n for c, n in characters.items() if not book.places(c)}
        found[book.name] = {
            "lacking": len(missing),
            "running": round(sum(missing.values()) / characters.total(), 6),
            "commonest": "".join(sorted(missing, key=lambda c: -missing[c])[:20]),
        }
    return found


if __name__ == "__main__":
    tang = load_corpus().select(dynasties=["tang"])
    closed = Counter(filter(is_hanzi, data_text("closed_vocabulary.txt")))
    results = {
        "tang": shares(tang),
        "closed_vocabulary": lacking(closed),
        "tang_characters": lacking(Counter(c for text in tang.text for c in text if is_hanzi(c))),
    }
    keep("rhyme_books", results, indent=2)
    print(results)
