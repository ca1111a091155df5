"""The diversity of poems: distinct n-grams, self-BLEU, repeated and copied lines, intervals."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from tangyin.verse import MARKS

RESAMPLES = 1000
ORDERS = (1, 2, 3, 4)

Lines = tuple[str, ...]


def lines_of(text: str) -> Lines:
    """The lines of a poem without their marks."""
    return tuple(re.findall(f"[^{MARKS}]+", text))


def ngrams(lines: Lines, order: int) -> list[str]:
    """The n-grams of a poem that lie within a line."""
    return [line[at : at + order] for line in lines for at in range(len(line) - order + 1)]


def distinct(poems: Sequence[Lines], order: int) -> float:
    """Distinct n-grams over all n-grams of the poems (Li et al. 2016, distinct-n)."""
    everything = [gram for lines in poems for gram in ngrams(lines, order)]
    return len(set(everything)) / max(len(everything), 1)


def self_bleu(poems: Sequence[Lines]) -> list[float]:
    """BLEU-4 of each poem with all the others as its references (Zhu et al. 2018, Texygen).

    Characters are the words, and n-grams lie within a line. All poems are of one length, so no
    penalty is needed for shortness. A poem that shares no n-gram of some order has 0.
    """
    logs = np.zeros(len(poems))
    with np.errstate(divide="ignore"):
        for order in ORDERS:
            counts = [Counter(ngrams(lines, order)) for lines in poems]
            most: dict[str, list[int]] = {}  # the two largest counts of any poem
            for count in counts:
                for gram, number in count.items():
                    most[gram] = sorted([*most.get(gram, [0, 0]), number])[-2:]
            matched = [
                sum(min(n, most[gram][n != most[gram][1]]) for gram, n in count.items())
                for count in counts
            ]
            totals = np.array([max(sum(count.values()), 1) for count in counts])
            logs += np.log(np.array(matched) / totals) / len(ORDERS)
    return list(map(float, np.exp(logs)))


def repeated(poems: Sequence[Lines]) -> list[float]:
    """For each poem, the share of its lines that occur in another poem."""
    owners = Counter(line for lines in poems for line in set(lines))
    return [sum(owners[line] > 1 for line in lines) / len(lines) for lines in poems]


def with_interval(values: Sequence[float]) -> dict[str, float]:
    """A mean over poems with its 95 % bootstrap interval (Efron 1979, percentile interval)."""
    table = np.asarray(values, dtype=np.float64)
    draws = np.random.default_rng(0).integers(len(table), size=(RESAMPLES, len(table)))
    found = np.sort([table[rows].mean() for rows in draws])
    low, high = found[int(0.025 * RESAMPLES)], found[math.ceil(0.975 * RESAMPLES) - 1]
    return {"value": float(table.mean()), "low": float(low), "high": float(high)}
