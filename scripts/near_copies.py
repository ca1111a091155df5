"""How many lines are within one character of a line that the models were trained on.

    python scripts/near_copies.py            # count, and keep in docs/results/near_copies.json

Counted are the 五律 of every way of writing in docs/results/reading, the untitled ones of
docs/samples/wulv.md, and the real ones of dev; each against the five-character lines of all
training poems, 五言 of any length. A line is near when four of its five characters are in the same
places of one of these lines. Of 詞, which the filter of lines does not know, the lines of five
characters or more in docs/samples/ci.md and in dev that are lines of training 詞 are counted.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from shared import DOCS, RESULTS, keep
from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.verse import MARKS

WIDTH = 5

Codes = npt.NDArray[np.uint64]


def lines_of(texts: Iterable[str]) -> list[str]:
    """The lines of five characters."""
    found = (line for text in texts for line in re.split(f"[{MARKS}\\s]+", text))
    return [line for line in found if len(line) == WIDTH]


def without_each(lines: list[str]) -> Codes:
    """The lines without one of their characters, each in turn, as numbers: (WIDTH, lines)."""
    codes = np.array([[ord(c) & 0xFFFF for c in line] for line in lines], dtype=np.uint64)
    shifts = np.arange(0, 16 * (WIDTH - 1), 16, dtype=np.uint64)
    rest = [np.delete(codes, place, axis=1) << shifts for place in range(WIDTH)]
    joined: Codes = np.bitwise_or.reduce(np.stack(rest), axis=-1)
    return joined


def is_in(values: Codes, known: Codes) -> npt.NDArray[np.bool_]:
    """Which values are among the known ones, which are in order."""
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    found: npt.NDArray[np.bool_] = known[at] == values
    return found


def ours() -> dict[str, list[str]]:
    """Texts by the reading and way they were written for."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((RESULTS / "reading").glob("*/key.json")):
        for item in json.loads(path.read_text("utf-8"))["titles"]:
            for way, text in item["texts"].items():
                if way != "real":
                    found[f"{path.parent.name}, {way}"].append(text)
    sheet = (DOCS / "samples/wulv.md").read_text("utf-8")
    found["samples of 五律"] = ["".join(re.findall(f"[^{MARKS}\\s]{{5}}[{MARKS}]", sheet))]
    return found


def quoted(texts: Iterable[str], known: set[str]) -> dict[str, Any]:
    """How many lines of 詞, of `WIDTH` characters or more, are among the known ones."""
    lines = [line for text in texts for line in ci_lines(text) if len(line) >= WIDTH]
    count = sum(line in known for line in lines)
    return {"lines": len(lines), "quoted": count, "share": round(count / len(lines), 4)}


def ci_lines(text: str) -> list[str]:
    """The lines of 詞, in a text or on a sheet."""
    return re.findall(f"([\u3400-\u9fff]+)[{MARKS}、]", text)


def main() -> None:
    """Count, keep and print."""
    corpus = load_corpus()
    known = [
        np.unique(place) for place in without_each(lines_of(corpus.select(parts=[TRAIN]).text))
    ]
    real = corpus.select(forms=["五律"], dynasties=["tang"], parts=[DEV]).text
    kept: dict[str, Any] = {}
    for name, texts in {"real (dev)": real, **ours()}.items():
        lines = lines_of(texts)
        near = [is_in(own, place) for own, place in zip(without_each(lines), known, strict=True)]
        count = int(np.any(near, axis=0).sum())
        kept[name] = {"lines": len(lines), "near": count, "share": round(count / len(lines), 4)}
        print(f"{name:<28}{count:>5} of {len(lines):>6}  {count / len(lines):.2%}")
    learnt = {
        line for text in corpus.select(parts=[TRAIN], forms=["詞"]).text for line in ci_lines(text)
    }
    sheet = (DOCS / "samples/ci.md").read_text("utf-8")
    texts_of = {
        "real 詞 (dev)": corpus.select(parts=[DEV], forms=["詞"]).text,
        "samples of 詞": [sheet],
    }
    for name, texts in texts_of.items():
        kept[name] = quoted(texts, learnt)
        print(f"{name:<28}{kept[name]}")
    keep("near_copies", kept)


if __name__ == "__main__":
    main()
