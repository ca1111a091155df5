"""What regulated writing gives, against free writing and against real poems.

    python benchmarks/regulated.py [--model report] [--poems 500] [--rule random-k]
        [--particles 16] [--format json]

Writes 五律 on the first characters 日 紅 山 夜 湖 海 月, regulated and free, by one sampling rule
with its own numbers, and measures: how many pass the checker; the share of the four sequences and
the licences; lines found in the corpus; distinct-2 (distinct pairs of neighbouring characters
within a line, over all pairs) against as many real Tang 五律 of dev; the mean log-likelihood under
the model without masks; and poems a second.
"""

import time
from collections import Counter
from typing import Any

import numpy as np

from measuring import parser, run
from tangyin.api import Verse, Writer, load, rule_named
from tangyin.corpus import load_corpus
from tangyin.metre import Report
from tangyin.metre.novelty import corpus_lines
from tangyin.studies.diversity import distinct
from tangyin.writing import PARTICLES

STARTS = "日紅山夜湖海月"


def written(
    writer: Writer, rule: str, poems: int, particles: int, *, regulated: bool
) -> tuple[list[Verse], float]:
    """The poems and how many came a second."""
    began = time.perf_counter()
    verses: list[Verse] = []
    for number, start in enumerate(STARTS):
        count = len(range(number, poems, len(STARTS)))
        verses += writer.write_many(
            start,
            form="五律",
            rule=rule_named(rule),
            count=count,
            seed=number,
            regulated=regulated,
            title="",
            particles=particles,
        )
    return verses, poems / (time.perf_counter() - began)


def measure(verses: list[Verse], rate: float) -> dict[str, Any]:
    """The figures of one way of writing."""
    count = len(verses)
    reports = [verse.prosody for verse in verses if isinstance(verse.prosody, Report)]
    tallies = {
        "patterns": Counter(report.pattern for report in reports),
        "licences": Counter(found.kind for report in reports for found in report.licences),
        "faults": Counter(found.kind for report in reports for found in report.faults),
    }
    lines = [line for verse in verses for line in verse.lines]
    likelihoods = np.array([verse.log_likelihood for verse in verses])
    return {
        "poems": count,
        "regulated": sum(report.regulated for report in reports) / count,
        **{
            kind: {name: round(n / count, 3) for name, n in tally.most_common()}
            for kind, tally in tallies.items()
        },
        "quoted_lines": sum(line in corpus_lines() for line in lines),
        "repeated_lines": len(lines) - len(set(lines)),
        "distinct_2": round(distinct([verse.lines for verse in verses], 2), 4),
        "log_likelihood": round(float(likelihoods.mean()), 2),
        "standard_error": round(float(likelihoods.std() / count**0.5), 2),
        "poems_per_second": round(rate, 1),
    }


def compare(model: str, rule: str, poems: int, particles: int) -> dict[str, Any]:
    """Both ways of writing, and real poems."""
    writer = load(model)
    results: dict[str, Any] = {"model": model, "rule": rule, "particles": particles}
    for name, regulated in (("regulated", True), ("free", False)):
        results[name] = measure(*written(writer, rule, poems, particles, regulated=regulated))
    real = load_corpus().select(forms=["五律"], dynasties=["tang"], parts=["dev"]).lines()
    return results | {"real_distinct_2": round(distinct(real[:poems], 2), 4)}


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--model", default="report")
    options.add_argument("--particles", type=int, default=PARTICLES)
    options.add_argument("--poems", type=int, default=500)
    options.add_argument("--rule", default="random-k")
    given = options.parse_args()
    run(lambda: compare(given.model, given.rule, given.poems, given.particles), given)
