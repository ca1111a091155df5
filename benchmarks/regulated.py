"""What regulated writing gives, against free writing and against real poems.

    python benchmarks/regulated.py [--model report] [--poems 500] [--rule random-k]
        [--particles 16] [--format json]

Writes 五律 on the first characters 日 紅 山 夜 湖 海 月, regulated and free, by one sampling rule
with its own numbers, and measures: how many pass the checker; the share of the four sequences and
the licences; lines found in the corpus; distinct-2 (distinct pairs of neighbouring characters
within a line, over all pairs) against as many real Tang 五律 of dev; the mean log-likelihood under
the model without masks; and poems a second.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from machine import machine
from tangyin.api import Verse, Writer, load, rule_named
from tangyin.corpus import load_corpus
from tangyin.writing import PARTICLES
from tangyin.writing.novelty import corpus_lines

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
            particles=particles,
        )
    return verses, poems / (time.perf_counter() - began)


def distinct_2(poems: Iterable[tuple[str, ...]]) -> float:
    """Distinct pairs of neighbours within a line, as a share of all of them."""
    pairs = [line[at : at + 2] for poem in poems for line in poem for at in range(len(line) - 1)]
    return len(set(pairs)) / len(pairs)


def measure(verses: list[Verse], rate: float) -> dict[str, Any]:
    """The figures of one way of writing."""
    count = len(verses)
    reports = [verse.prosody for verse in verses if verse.prosody]
    patterns = Counter(report.pattern for report in reports)
    licences = Counter(found.kind for report in reports for found in report.licences)
    faults = Counter(found.kind for report in reports for found in report.faults)
    lines = [line for verse in verses for line in verse.lines]
    likelihoods = np.array([verse.log_likelihood for verse in verses])
    return {
        "poems": count,
        "regulated": sum(report.regulated for report in reports) / count,
        "patterns": {name: round(n / count, 3) for name, n in patterns.most_common()},
        "licences": {name: round(n / count, 3) for name, n in licences.most_common()},
        "faults": {name: round(n / count, 3) for name, n in faults.most_common()},
        "quoted_lines": sum(line in corpus_lines() for line in lines),
        "repeated_lines": len(lines) - len(set(lines)),
        "distinct_2": round(distinct_2(verse.lines for verse in verses), 4),
        "log_likelihood": round(float(likelihoods.mean()), 2),
        "standard_error": round(float(likelihoods.std() / count**0.5), 2),
        "poems_per_second": round(rate, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="report")
    parser.add_argument("--particles", type=int, default=PARTICLES)
    parser.add_argument("--poems", type=int, default=500)
    parser.add_argument("--rule", default="random-k")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    writer = load(arguments.model)
    results: dict[str, Any] = {
        "model": arguments.model,
        "rule": arguments.rule,
        "particles": arguments.particles,
    }
    for name, regulated in (("regulated", True), ("free", False)):
        results[name] = measure(
            *written(
                writer, arguments.rule, arguments.poems, arguments.particles, regulated=regulated
            )
        )
    real = load_corpus().select(forms=["五律"], dynasties=["tang"], parts=["dev"]).lines()
    results["real_distinct_2"] = round(distinct_2(real[: arguments.poems]), 4)
    if arguments.format == "json":
        print(json.dumps({"machine": machine(), **results}, ensure_ascii=False, indent=1))
        return
    print(machine())
    for name, figures in results.items():
        print(f"{name}: {figures}")


if __name__ == "__main__":
    main()
