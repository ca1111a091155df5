"""The accuracy of converting simplified verse to traditional characters.

    python scripts/measure_conversion.py

The dev and test poems, which the table of odds (`build_traditional.py`) has not seen, are converted
by OpenCC's t2s and back, and compared character by character; other ways to write a character
(`lookup_spelling`) count as right. Prints and stores `docs/results/later_conversion.json`.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import opencc

from shared import keep
from tangyin.corpus import DEV, TEST, load_corpus
from tangyin.corpus.later import converted_text
from tangyin.verse import MARKS, kind_named, lookup_spelling, to_simplified
from tangyin.verse.script import likeliest, traditional_costs

COMMONEST = 30
"""How many errors are listed."""

Pair = tuple[str, str]
"""A character of a poem, and what it became."""


def compared(convert: Callable[[str, str], str]) -> Counter[Pair]:
    """All characters of the poems with what they become, spelt alike."""
    corpus, pairs = load_corpus().select(parts=[DEV, TEST]), Counter[Pair]()
    for text, form in zip(corpus.text, corpus.form, strict=True):
        found = convert(to_simplified(text), form)
        pairs.update(zip(lookup_spelling(text), lookup_spelling(found), strict=True))
    return Counter({pair: count for pair, count in pairs.items() if pair[0] not in MARKS})


def figures(pairs: Counter[Pair]) -> dict[str, Any]:
    """Characters and errors, and the commonest errors."""
    wrong = Counter({pair: count for pair, count in pairs.items() if pair[0] != pair[1]})
    return {
        "characters": pairs.total(),
        "wrong": wrong.total(),
        "accuracy": round(1 - wrong.total() / pairs.total(), 5),
    }


def commonest(pairs: Counter[Pair]) -> list[dict[str, Any]]:
    """The characters that are wrong most often, with how often they are meant."""
    meant, wrong = Counter[str](), Counter[Pair]()
    for (character, found), count in pairs.items():
        meant[character] += count
        if character != found:
            wrong[character, found] += count
    return [
        {"character": character, "becomes": found, "wrong": count, "of": meant[character]}
        for (character, found), count in wrong.most_common(COMMONEST)
    ]


if __name__ == "__main__":
    s2t = opencc.OpenCC("s2t").convert
    ways: dict[str, Callable[[str, str], str]] = {
        "opencc": lambda text, _: s2t(text),
        "words": lambda text, _: likeliest(traditional_costs(text)),
        "tones_and_rhymes": lambda text, form: converted_text(text, kind_named(form)),
    }
    found = {name: compared(convert) for name, convert in ways.items()}
    result: dict[str, Any] = {name: figures(pairs) for name, pairs in found.items()}
    result["commonest_errors"] = commonest(found["tones_and_rhymes"])
    keep("later_conversion", result)
    print(json.dumps(result, ensure_ascii=False, indent=1))
