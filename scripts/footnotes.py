"""Figures that qualify the headline figures of a model.

    python scripts/footnotes.py [--model strong]     # some minutes; prints JSON
    python scripts/footnotes.py --print              # what docs/results/footnotes.json has

- How many dev 五律 quote a whole line of a training poem (Tang or Song, any form), and the closed
  figure without them, and of them alone. They are not near-duplicates: half of the lines would have
  to match (`docs/protocol.md`).
- The open figure with other sets of characters to share `<unk>`: H counting every known character,
  as it did until version 0.4, and all characters of Extension A among those unknown too.
- Of tangshi-gpt's test poems, the characters of titles that are dropped because the corpus has none
  like them, beside the number of all targets.
"""

import json
import math
from itertools import chain
from typing import Any

from shared import keep, kept, parser, print_only
from tangyin.api import load
from tangyin.corpus import DEV, TRAIN, load_corpus, tangshi_gpt_test
from tangyin.model import Engine
from tangyin.scoring import Tally, score_texts
from tangyin.scoring.perplexity import unknown_hanzi
from tangyin.verse import WULV, title_characters

BLOCK, EXTENSION_A = 20_992, 6_592
"""Characters of U+4E00–9FFF and of U+3400–4DBF."""


def quotations(engine: Engine) -> dict[str, Any]:
    """The closed and open figures of dev 五律 that quote a training line, and of the others."""
    dev = load_corpus().select(parts=[DEV], dynasties=["tang"], forms=[WULV])
    quoting = quote(dev.lines())
    tallies = list(score_texts(engine, dev.text, WULV))
    parts = {"all": [True] * len(quoting), "quoting": quoting, "others": [not q for q in quoting]}
    found = {
        name: sum((t for t, chosen in zip(tallies, mask, strict=True) if chosen), Tally())
        for name, mask in parts.items()
    }
    return {name: tally.figures() for name, tally in found.items()}


def quote(poems: list[tuple[str, ...]], **chosen: Any) -> list[bool]:
    """Whether each poem has a line of the chosen training poems."""
    train = load_corpus().select(parts=[TRAIN], **chosen)
    lines = frozenset(chain.from_iterable(train.lines()))
    return [any(line in lines for line in poem) for poem in poems]


def counts(engine: Engine) -> dict[str, int]:
    """Dev 五律 that quote Tang 五律, Tang or all poems; characters beyond the block in them."""
    dev = load_corpus().select(parts=[DEV], dynasties=["tang"], forms=[WULV])
    beyond = [c for c in "".join(dev.text) if "\u3400" <= c < "\u4e00"]
    known = engine.vocabulary.hanzi
    return {
        "quoting_tang_wulv": sum(quote(dev.lines(), dynasties=["tang"], forms=[WULV])),
        "quoting_tang": sum(quote(dev.lines(), dynasties=["tang"])),
        "quoting_all": sum(quote(dev.lines())),
        "known_of_extension_a": sum("\u3400" <= c < "\u4e00" for c in known),
        "unknown_targets_of_extension_a": sum(c not in engine.vocabulary for c in beyond),
    }


def shared_by(engine: Engine, figures: dict[str, Any]) -> dict[str, float]:
    """The open figure when other characters share the probability of `<unk>`."""
    known, vocabulary = len(engine.vocabulary.hanzi), engine.vocabulary
    ways = {
        "the block, H within it": unknown_hanzi(vocabulary),
        "the block, H all known characters": BLOCK - known,
        "the block and Extension A": BLOCK + EXTENSION_A - known,
    }
    plain = figures["nll"] - figures["unknown"] * math.log(unknown_hanzi(vocabulary))
    return {
        name: math.exp((plain + figures["unknown"] * math.log(count)) / figures["targets"])
        for name, count in ways.items()
    }


def titles() -> dict[str, int]:
    """Characters of the titles of tangshi-gpt's test poems, and those that a model is not shown."""
    poems = tangshi_gpt_test(load_corpus())
    whole = "".join(title for title, _ in poems)
    return {
        "poems": len(poems),
        "characters": len(whole),
        "dropped": len(whole) - len(title_characters(whole)),
        "dropped_spaces": sum(map(str.isspace, whole)),
    }


def main() -> None:
    """Measure if asked to, keep the results and print them."""
    arguments = parser(__doc__)
    arguments.add_argument("--model", default="strong")
    print_only(arguments)
    options = arguments.parse_args()
    found = kept("footnotes")
    if not options.only:
        engine = load(options.model).engine
        quoted = quotations(engine)
        found[options.model] = {
            "quotations": quoted,
            "counts": counts(engine),
            "open": shared_by(engine, quoted["all"]),
        }
        found["titles"] = titles()
        keep("footnotes", found)
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
