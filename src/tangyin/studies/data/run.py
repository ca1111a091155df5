"""What the corpus looks like, and what more of it would bring."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from tangyin.corpus import DEV, NEAR, TRAIN, Corpus, corpus_statistics, load_corpus
from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.training_cache import Job, TrainingCache, rounded
from tangyin.verse import FORMS, WULV, is_hanzi

SHARES = ((8, 16), (4, 12), (2, 10))
"""One poem in so many, and at most so many epochs: fewer poems take more epochs to overfit."""
PATIENCE = 4
THRESHOLDS = (1, 2, 3, 5, 10, 20, 50, 100)
RANKS = 60
"""Points of the curve of frequencies, spread evenly over the logarithm of the rank."""
FITTED = (10, 1000)
"""Ranks between which Zipf's exponent is fitted."""
TOP = 24
AUTHORS = 15


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Describe the corpus, and train on an eighth, a quarter, a half and all of the 五律."""
    base = Base.of(cache, quick)
    texts = base.texts
    dev = load_corpus().select(forms=[WULV], dynasties=["tang"], parts=[DEV]).text
    dev = dev[:: len(dev) // base.dev][: base.dev]
    plans: dict[int, list[Job]] = {}
    for share, most in SHARES[-2:] if quick else SHARES:
        changes = {"training.epochs": 2 if quick else most, "training.patience": PATIENCE}
        plans[share] = replace(base, own=cache.poem_file(texts[::share], dev)).jobs(changes)
    plans[1] = base.long_jobs()
    cache.progress.plan(1 + sum(job.recipe.epochs for jobs in plans.values() for job in jobs))
    records = {"records": load_corpus().facts["records"]}
    described = cache.compute("corpus", records, 1, lambda _: _described())

    def line(share: int, jobs: list[Job]) -> dict[str, Any]:
        trained = cache.train_all(jobs, f"1/{share} of the poems")
        return {
            "share": share,
            "poems": len(texts[::share]),
            "best": rounded(training.best_dev() for training in trained),
            "best_closed": rounded(t.best_dev("per_token_closed") for t in trained),
            "best_epoch": [training.best_epoch for training in trained],
        }

    learning = [line(share, jobs) for share, jobs in plans.items()]
    return {"settings": base.settings(), "corpus": described, "learning": learning}


def _described() -> dict[str, Any]:
    """The corpus in numbers; `zipf`, `thresholds` and `authors` are of the Tang."""
    everything = load_corpus().select(forms=FORMS)
    dynasties = {d: everything.select(dynasties=[d]) for d in dict.fromkeys(everything.dynasty)}
    tang = dynasties["tang"]
    counts = _characters(tang)
    sizes = np.array([number for _, number in counts.most_common()], dtype=np.float64)
    ranks = np.unique(np.geomspace(1, len(sizes), RANKS).astype(int))
    low, high = FITTED
    slope, _ = np.polyfit(np.log(np.arange(low, high + 1)), np.log(sizes[low - 1 : high]), 1)
    return {
        "statistics": corpus_statistics(everything),
        "form_poems": {name: _by_form(poems) for name, poems in dynasties.items()},
        "line_lengths": {name: _by_length(poems) for name, poems in dynasties.items()},
        "near": len(tang.select(parts=[NEAR])),
        "zipf": {
            "rank": ranks.tolist(),
            "count": [int(sizes[rank - 1]) for rank in ranks],
            "characters": len(sizes),
            "running": int(sizes.sum()),
            "exponent": -float(slope),
            "fitted": list(FITTED),
            "top": [list(pair) for pair in counts.most_common(TOP)],
        },
        "thresholds": _thresholds(tang.select(forms=[WULV])),
        "authors": _authors(tang),
    }


def _by_form(corpus: Corpus) -> dict[str, int]:
    return {form.name: corpus.form.count(form.name) for form in FORMS}


def _by_length(corpus: Corpus) -> dict[str, int]:
    """Lines by the number of their characters."""
    lengths = Counter(len(line) for lines in corpus.lines() for line in lines)
    return {str(length): lengths[length] for length in sorted(lengths)}


def _thresholds(corpus: Corpus) -> list[dict[str, Any]]:
    """The characters known from training, and the share of unknown ones in dev."""
    counts, dev = (_characters(corpus.select(parts=[part])) for part in (TRAIN, DEV))
    lines = []
    for threshold in THRESHOLDS:
        known = {character for character, number in counts.items() if number >= threshold}
        unknown = sum(n for character, n in dev.items() if character not in known) / dev.total()
        lines.append({"threshold": threshold, "known": len(known), "unknown": unknown})
    return lines


def _characters(corpus: Corpus) -> Counter[str]:
    return Counter(filter(is_hanzi, "".join(corpus.text)))


def _authors(corpus: Corpus) -> dict[str, Any]:
    counted = Counter(corpus.author).most_common()
    tenth = counted[: max(len(counted) // 10, 1)]
    return {
        "count": len(counted),
        "top": [list(pair) for pair in counted[:AUTHORS]],
        "share_of_busiest_tenth": sum(n for _, n in tenth) / len(corpus),
        "with_one_poem": sum(n == 1 for _, n in counted),
    }


STUDY = Study(
    title="語料 Data",
    question="What does the corpus look like, and would more of it help?",
    minutes=4,
    sizes="learning curves at 1/8, 1/4 and 1/2, 3 seeds",
    run=run,
    order=100,
)
