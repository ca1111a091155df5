"""The corpus in numbers."""

from collections import Counter
from typing import Any

from tangyin.corpus.corpus import Corpus
from tangyin.corpus.split import PARTS
from tangyin.verse import FORMS, HANZI, KINDS


def corpus_statistics(corpus: Corpus) -> dict[str, Any]:
    """The facts of the corpus but `missing`, with counts.

    They are `poems` (by dynasty, part and form, with totals), `hanzi` (running characters by
    dynasty) and `authors` (distinct, by dynasty).
    """
    counts = Counter(zip(corpus.dynasty, corpus.part, corpus.form, strict=True))
    poems: dict[str, dict[str, dict[str, int]]] = {}
    hanzi, authors = Counter[str](), {}
    for dynasty in dict.fromkeys(corpus.dynasty):
        poems[dynasty] = {}
        for part in PARTS:
            forms = {form.name: counts[dynasty, part, form.name] for form in (*FORMS, *KINDS)}
            poems[dynasty][part] = {"all": sum(forms.values()), **forms}
        total = {name: sum(p[name] for p in poems[dynasty].values()) for name in ("all", *forms)}
        poems[dynasty]["all"] = total
        chosen = corpus.select(dynasties=[dynasty])
        hanzi[dynasty] = sum(len(HANZI.findall(text)) for text in chosen.text)
        authors[dynasty] = len(set(chosen.author))
    facts = {key: value for key, value in corpus.facts.items() if key != "missing"}
    return {**facts, "poems": poems, "hanzi": dict(hanzi), "authors": authors}
