"""Measure the antithesis score and the answers to upper lines.

    OMP_NUM_THREADS=1 python scripts/measure_antithesis.py score
    OMP_NUM_THREADS=1 python scripts/measure_antithesis.py answers

`score`: the AUC of `couplet_score` on couplets 2 and 3 of the Tang dev poems: the second line
against that of the next poem's couplet, and against its own characters in a random order; and how
often it scores higher than the latter. Intervals are bootstrapped over poems. Beside it, tones
alone (how many of the even places and ends are opposite), and the sum of both. It writes
`docs/results/antithesis.json`.

`answers`: the upper lines of 300 dev couplets are answered by the default model: how many answers
`check_couplet` passes, how the poets' lines score beside them, and the CPU time of an answer.
The first 50 of these and answers to upper lines of other shapes are kept for reading. It
writes `docs/results/couplets.json` and `docs/samples/couplets.md`.
"""

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from shared import SAMPLES, keep, parser, table
from tangyin.api import load
from tangyin.corpus import DEV, load_corpus
from tangyin.errors import TangyinError
from tangyin.files import json_text, write_whole
from tangyin.metre import couplet_score, level_share
from tangyin.metre.lian import check_couplet, places_that_count

SEED, RESAMPLED, ANSWERED, SHOWN = 20260101, 1000, 300, 50
MIDDLE = (2, 4)
"""The upper lines of couplets 2 and 3, from 0."""

OTHER_SHAPES = (
    "江山如畫", "松下問童子", "水底日為天上日", "煙鎖池塘柳", "天若有情天亦老",
    "爽氣西來，雲霧掃開天地憾", "風聲雨聲讀書聲聲聲入耳", "書山有路勤為徑", "四面湖山歸眼底",
    "一樓何奇，杜少陵五言絕唱", "寶劍鋒從磨礪出", "兩岸猿聲啼不住，輕舟已過萬重嶺",
)  # fmt: skip

Scores = npt.NDArray[np.float64]


def poems(form: str) -> list[tuple[str, ...]]:
    """The Tang dev poems of a form."""
    return list(load_corpus().select(forms=[form], dynasties=["tang"], parts=[DEV]).lines())


def auc(true: Scores, false: Scores) -> float:
    """The chance that a true score is above a false one, ties counted half."""
    _, ranks, counts = np.unique(
        np.concatenate((true, false)), return_inverse=True, return_counts=True
    )
    mean = (np.cumsum(counts) - (counts - 1) / 2)[ranks]
    n = len(true)
    return float((mean[:n].sum() - n * (n + 1) / 2) / (n * len(false)))


def preferred(true: Scores, false: Scores) -> float:
    """The share of second lines that score above their own rival, ties counted half."""
    return float(((true > false) + (true == false) / 2).mean())


def opposite_tones(upper: str, lower: str) -> float:
    """The mean product of the tones (-1 oblique, 1 level) at the places that count, negated."""
    tones = np.array([[2 * level_share(c) - 1 for c in line] for line in (upper, lower)])
    at = list(places_that_count(len(upper)))
    return float(-(tones[0, at] * tones[1, at]).mean())


def scored(upper: str, lower: str) -> tuple[float, float, float]:
    """The score, tones alone, and their sum."""
    antithesis, tones = couplet_score(upper, lower) or 0.0, opposite_tones(upper, lower)
    return antithesis, tones, antithesis + tones


def measured(form: str) -> dict[str, Any]:
    """The figures of a form."""
    generator = np.random.default_rng(SEED)
    kept = poems(form)
    lines = []
    for number, poem in enumerate(kept):
        after = kept[(number + 1) % len(kept)]
        for at in MIDDLE:
            upper, lower = poem[at], poem[at + 1]
            mixed = lower
            while mixed == lower:
                mixed = "".join(generator.permutation(list(lower)))
            lines.append([scored(upper, other) for other in (lower, after[at + 1], mixed)])
    scores = np.array(lines).reshape(len(kept), len(MIDDLE), 3, 3)  # poems, couplets, rivals, ways
    resampled = generator.integers(0, len(kept), (RESAMPLED, len(kept)))

    def figure(measure: Any, rival: int, way: int) -> list[float]:
        def of(rows: Any) -> float:
            own = scores[rows, :, :, way].reshape(-1, 3)
            return float(measure(own[:, 0], own[:, rival]))

        found = [of(rows) for rows in resampled]
        interval = np.quantile(found, (0.025, 0.975))
        return [round(value, 3) for value in (of(slice(None)), *interval.tolist())]

    ways = ("score", "tones", "both")
    return {
        "couplets": len(kept) * len(MIDDLE),
        "means": [round(value, 3) for value in scores[..., 0].mean((0, 1)).tolist()],
        **{
            name: {
                "auc_next": figure(auc, 1, way),
                "auc_shuffled": figure(auc, 2, way),
                "preferred_to_shuffled": figure(preferred, 2, way),
            }
            for way, name in enumerate(ways)
        },
    }


def measure_score() -> None:
    """Measure the score, and keep and print its figures."""
    found = {form: measured(form) for form in ("五律", "七律")}
    keep("antithesis", found)
    for form, figures in found.items():
        print(form, json_text(figures))


def measure_answers() -> None:
    """Measure the answers, and keep and print their figures."""
    generator = np.random.default_rng(SEED)
    kept = [poem for form in ("五律", "七律") for poem in poems(form)]
    asked = [
        (kept[n][at], kept[n][at + 1]) for n in generator.permutation(len(kept)) for at in (2,)
    ]
    writer = load()
    rows: list[tuple[float, list[float]]] = []
    texts: list[tuple[str, str]] = []
    seconds: list[float] = []
    passed = refused = 0
    for upper, lower in asked:
        if len(rows) == ANSWERED:
            break
        began = time.process_time()
        try:
            answers = writer.answer(upper, count=3)
        except TangyinError as error:
            refused += 1
            print(upper, error)
            continue
        seconds.append(time.process_time() - began)
        passed += sum(check_couplet(one.upper, one.lower).regulated for one in answers)
        rows.append((couplet_score(upper, lower) or 0.0, [one.parallel or 0.0 for one in answers]))
        if len(texts) < SHOWN and answers:
            texts.append((answers[0].text, lower))
    true = np.array([score for score, _ in rows])
    first = np.array([own[0] for _, own in rows if own])
    every = np.array([score for _, own in rows for score in own])
    found = {
        "model": writer.model.name,
        "upper_lines": len(rows),
        "refused": refused,
        "answers": len(every),
        "passed": passed,
        "poet_mean": round(float(true.mean()), 3),
        "answer_mean": round(float(first.mean()), 3),
        "poet_above_answer": round(preferred(true, first), 3),
        "auc_poet_against_answer": round(auc(true, first), 3),
        "seconds_median": round(float(np.median(seconds)), 2),
        "seconds_most": round(float(np.max(seconds)), 2),
    }
    keep("couplets", found)
    shapes = [answer.text for upper in OTHER_SHAPES for answer in writer.answer(upper, count=2)]
    write_whole(SAMPLES / "couplets.md", page(writer.model.name, texts, shapes))
    print(json_text(found))


def page(model: str, texts: list[tuple[str, str]], shapes: list[str]) -> str:
    """The answers for reading."""
    return (
        "# Answers to upper lines\n\n"
        f"What `{model}` answers to the upper lines of the first {len(texts)} couplets that\n"
        "`python scripts/measure_antithesis.py answers` draws from the dev poems: the first\n"
        "answer of each, none left out, beside the poet's line.\n\n"
        f"{table(('上聯與所答', '原句'), texts)}\n\n"
        "Two answers each to lines of other shapes:\n\n" + "".join(f"- {text}\n" for text in shapes)
    )


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("what", choices=("score", "answers"))
    {"score": measure_score, "answers": measure_answers}[options.parse_args().what]()
