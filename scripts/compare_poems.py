"""The poems of the shipped models beside real ones: diversity, copying, rules, likelihood.

    python scripts/compare_poems.py                # write, measure, keep in docs/results/poems.json
    python scripts/compare_poems.py --print        # the table of what was kept

Each model writes 350 五律 on the first characters 日 紅 山 夜 湖 海 月, regulated and free, by the
default rule; `strong` draws titles for the regulated ones, and writes as many without. The measures
are those of `tangyin study sampling`; all poems, real ones too, are given to the strong model as
well, so that one judge has seen them all (nats a token, closed vocabulary).
"""

from typing import Any

import numpy as np

from shared import keep, kept, parser, print_only, table
from tangyin.api import load
from tangyin.corpus import DEV, load_corpus
from tangyin.metre.novelty import corpus_lines
from tangyin.scoring import score_texts
from tangyin.studies.experiments.sampling import FIRST, measured
from tangyin.studies.filters import interval
from tangyin.studies.recipes import few
from tangyin.verse import WULV, split_lines

JUDGE = "strong"
UNTITLED = "regulated, no title"
WAYS = [
    ("report", "regulated"),
    ("report", "free"),
    ("strong", "regulated"),
    ("strong", UNTITLED),
    ("strong", "free"),
]


def written(model: str, way: str, count: int) -> list[str]:
    """Texts by a model, spread over the first characters."""
    writer = load(model)
    texts = []
    for number, start in enumerate(FIRST):
        here = len(range(number, count, len(FIRST)))
        texts += [
            verse.text
            for verse in writer.write_many(
                start,
                form="五律",
                title="" if way == UNTITLED else None,
                regulated=way != "free",
                seed=1,
                count=here,
            )
        ]
    return texts


def figures(texts: list[str], *, real: bool = False) -> dict[str, Any]:
    """The measures of some poems; real ones are in the corpus by nature."""
    judge = load(JUDGE).engine
    costs = [tally.nll_closed for tally in score_texts(judge, texts, WULV)]
    found = measured(texts, [-cost for cost in costs])
    lines = [line for text in texts for line in (split_lines(text) or ((), ""))[0]]
    quoted = None if real else float(np.mean([line in corpus_lines() for line in lines]))
    return {**found, "quoted": quoted}


def shown(results: dict[str, Any]) -> str:
    """What was kept, as Markdown."""
    head = (
        "", "distinct-1, 2, 3", "self-BLEU", "lines of other poems of the set",
        "lines of the corpus", "rhymed", "every rule kept", "nats a token, by strong",
    )  # fmt: skip
    rows = []
    for name, found in results["poems"].items():
        shares = [f"{found['distinct'][order]:.3f}" for order in ("1", "2", "3")]
        quoted = "–" if found["quoted"] is None else f"{found['quoted']:.2%}"
        bleu, repeated, rhymed, regulated = (
            found[key]["value"] for key in ("self_bleu", "repeated", "rhymed", "regulated")
        )
        rows.append(
            (
                name, ", ".join(shares), f"{bleu:.3f}", f"{repeated:.2%}", quoted, f"{rhymed:.0%}",
                f"{regulated:.0%}", interval(found["log_likelihood"], 2),
            )
        )  # fmt: skip
    return table(head, rows).replace("%", " %")


def main() -> None:
    """Measure if asked to, and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--poems", type=int, default=350)
    print_only(arguments)
    options = arguments.parse_args()
    if not options.only:
        real = load_corpus().select(forms=[WULV], dynasties=["tang"], parts=[DEV]).text
        poems = {"real (dev)": figures(few(real, options.poems), real=True)}
        for model, way in WAYS:
            poems[f"{model}, {way}"] = figures(written(model, way, options.poems))
        keep("poems", {"count": options.poems, "seed": 1, "poems": poems})
    print(shown(kept("poems")))


if __name__ == "__main__":
    main()
