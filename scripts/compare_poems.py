"""The poems of the shipped models beside real ones: diversity, copying, rules, likelihood.

    python scripts/compare_poems.py                # write, measure, keep in docs/results/poems.json
    python scripts/compare_poems.py --print        # the table of what was kept

Each model writes 350 五律 on the first characters 日 紅 山 夜 湖 海 月, regulated and free, by the
default rule. The measures are those of `tangyin study sampling`; all poems, real ones too, are
given to the strong model as well, so that one judge has seen them all (nats a token, closed
vocabulary).
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from tangyin.api import load
from tangyin.corpus import DEV, load_corpus
from tangyin.files import write_whole
from tangyin.scoring import score_texts
from tangyin.studies.filters import interval
from tangyin.studies.recipes import few
from tangyin.studies.sampling.run import FIRST, measured
from tangyin.verse import WULV, split_lines
from tangyin.writing.novelty import corpus_lines

KEPT = Path(__file__).parents[1] / "docs/results/poems.json"
JUDGE = "strong"
WAYS = [(model, way) for model in ("report", "strong") for way in ("regulated", "free")]


def written(model: str, way: str, count: int) -> list[str]:
    """Texts by a model, spread over the first characters."""
    writer = load(model)
    texts = []
    for number, start in enumerate(FIRST):
        here = len(range(number, count, len(FIRST)))
        texts += [
            verse.text
            for verse in writer.write_many(
                start, form="五律", regulated=way == "regulated", seed=1, count=here
            )
        ]
    return texts


def figures(texts: list[str], *, real: bool = False) -> dict[str, Any]:
    """The measures of some poems; real ones stand in the corpus by nature."""
    judge = load(JUDGE).engine
    costs = [tally.nll_closed for tally in score_texts(judge, texts, WULV)]
    found = measured(texts, [-cost for cost in costs])
    lines = [line for text in texts for line in (split_lines(text) or ((), ""))[0]]
    quoted = None if real else float(np.mean([line in corpus_lines() for line in lines]))
    return {**found, "quoted": quoted}


def table(kept: dict[str, Any]) -> str:
    """What was kept, as Markdown."""
    head = (
        "| | distinct-1, 2, 3 | self-BLEU | lines of other poems of the set | lines of the corpus "
        "| rhymed | every rule kept | nats a token, by strong |"
    )
    rows = [head, "| --- " * 8 + "|"]
    for name, found in kept["poems"].items():
        shares = [f"{found['distinct'][order]:.3f}" for order in ("1", "2", "3")]
        quoted = "–" if found["quoted"] is None else f"{found['quoted']:.2%}"
        rows.append(
            f"| {name} | {', '.join(shares)} | {found['self_bleu']['value']:.3f} "
            f"| {found['repeated']['value']:.2%} | {quoted} | {found['rhymed']['value']:.0%} "
            f"| {found['regulated']['value']:.0%} | {interval(found['log_likelihood'], 2)} |"
        )
    return "\n".join(rows).replace("%", " %")


def main() -> None:
    """Measure if asked to, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--poems", type=int, default=350)
    parser.add_argument("--print", dest="only", action="store_true", help="measure nothing")
    options = parser.parse_args()
    if not options.only:
        real = load_corpus().select(forms=[WULV], dynasties=["tang"], parts=[DEV]).text
        poems = {"real (dev)": figures(few(real, options.poems), real=True)}
        for model, way in WAYS:
            poems[f"{model}, {way}"] = figures(written(model, way, options.poems))
        kept = {"count": options.poems, "seed": 1, "poems": poems}
        write_whole(KEPT, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    print(table(json.loads(KEPT.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
