"""Build `data/antithesis.npz`: what stands against what in the couplets of regulated verse.

    python scripts/build_antithesis.py

Characters at the same place of the two lines of couplets 2 and 3 are counted in the training part
of the eight-line poems, both ways round. Positive pointwise mutual information of the counts
(contexts smoothed by the power 0.75; Levy, Goldberg & Dagan 2015, "Improving Distributional
Similarity with Lessons Learned from Word Embeddings") is reduced to 64 dimensions by a truncated
singular value decomposition (randomized subspace iteration; Halko, Martinsson & Tropp 2011), each
axis weighed by the root of its singular value, each row of length 1, stored in 8 bits.

The script ends with the AUC of the couplet score between the couplets of Tang dev poems and the
same upper lines with the lower line of another poem, and with the gold pairs of 聲律啟蒙.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.paths import corpus_home
from tangyin.prosody.antithesis import couplet_score, pair_score
from tangyin.verse import is_hanzi

TARGET = Path(__file__).parents[1] / "src/tangyin/data/antithesis.npz"
DIMENSIONS, CHARACTERS, SMOOTHING = 64, 4500, 0.75
SEED = 20260101


def reduced(counts: np.ndarray) -> np.ndarray:
    """Rows of length 1 whose products follow the PPMI of symmetric counts (N, N): (N, 64)."""
    total = counts.sum()
    rows = counts.sum(1, keepdims=True) / total  # (N, 1)
    contexts = counts.sum(0, keepdims=True) ** SMOOTHING  # (1, N)
    contexts /= contexts.sum()
    with np.errstate(divide="ignore"):
        ppmi = np.maximum(np.log(counts / total) - np.log(rows) - np.log(contexts), 0)
    ppmi = ppmi.astype(np.float32)
    basis = np.random.default_rng(SEED).standard_normal((len(counts), DIMENSIONS + 32))
    for _ in range(6):
        basis, _ = np.linalg.qr(ppmi @ (ppmi.T @ basis))
    left, sizes, _ = np.linalg.svd(basis.T @ ppmi, full_matrices=False)
    vectors = (basis @ left)[:, :DIMENSIONS] * np.sqrt(sizes[:DIMENSIONS])  # (N, 64)
    unit: npt.NDArray[Any] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def couplets_of(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The couplets of a poem in order."""
    return zip(lines[::2], lines[1::2], strict=True)


def auc(true: list[float], false: list[float]) -> float:
    """The chance that a true score is above a false one."""
    scores = np.array(true + false)
    ranks = scores.argsort().argsort()[: len(true)] + 1
    return float((ranks.sum() - len(true) * (len(true) + 1) / 2) / (len(true) * len(false)))


def strangers(
    couplets: list[tuple[str, str]], generator: np.random.Generator
) -> Iterator[tuple[str, str]]:
    """Different characters at the same place of lines that belong to different couplets."""
    order = generator.permutation(len(couplets))
    for (upper, _), at in zip(couplets, order, strict=True):
        lower = couplets[at][1]
        yield from ((a, b) for a, b in zip(upper, lower, strict=False) if a != b)


def gold_pairs() -> list[tuple[str, str]]:
    """The pairs of one or two characters that 聲律啟蒙 sets against each other."""
    found = sorted(corpus_home().glob("**/mengxue/shenglvqimeng.json"))
    if not found:
        return []
    text = json.dumps(json.loads(found[0].read_text(encoding="utf-8")), ensure_ascii=False)
    return re.findall(r"([\u3400-\u9fff]{1,2})對([\u3400-\u9fff]{1,2})(?=[，。；])", text)


if __name__ == "__main__":
    corpus = load_corpus()
    train = corpus.select(forms=["五律", "七律"], parts=[TRAIN])
    couplets = [pair for lines in train.lines() for pair in couplets_of(lines)]
    middle = [pair for number, pair in enumerate(couplets) if number % 4 in (1, 2)]
    pairs = Counter(pair for upper, lower in middle for pair in zip(upper, lower, strict=True))
    seen = Counter[str]()
    for (upper, lower), count in pairs.items():
        seen[upper] += count
        seen[lower] += count
    characters = "".join(sorted(c for c, _ in seen.most_common(CHARACTERS)))
    index = {c: i for i, c in enumerate(characters)}
    counts = np.zeros((len(characters), len(characters)))
    for (upper, lower), count in pairs.items():
        if upper in index and lower in index and upper != lower:
            counts[index[upper], index[lower]] += count
            counts[index[lower], index[upper]] += count
    vectors = reduced(counts)
    stored = np.rint(vectors * (127 / np.abs(vectors).max(1, keepdims=True))).astype(np.int8)
    np.savez_compressed(TARGET, characters=np.array(characters), vectors=stored)
    print(f"{len(characters)} characters, {len(middle)} couplets, {TARGET.stat().st_size} bytes")

    dev = corpus.select(forms=["五律", "七律"], dynasties=["tang"], parts=[DEV]).lines()
    generator = np.random.default_rng(SEED)
    for number, name in enumerate(("首聯", "頷聯", "頸聯", "尾聯")):
        true, false = [], []
        for length in (5, 7):
            first = [poem[2 * number] for poem in dev if len(poem[0]) == length]
            second = [poem[2 * number + 1] for poem in dev if len(poem[0]) == length]
            order = generator.permutation(len(second))
            true += [couplet_score(a, b) or 0.0 for a, b in zip(first, second, strict=True)]
            false += [
                couplet_score(a, second[at]) or 0.0 for a, at in zip(first, order, strict=True)
            ]
        print(
            f"{name}: AUC {auc(true, false):.3f}; mean score {np.mean(true):.3f}, "
            f"random lower line {np.mean(false):.3f}"
        )
    scored = [s for a, b in strangers(middle, generator) if (s := pair_score(a, b)) is not None]
    print(f"random pairs: nineteen in twenty score below {np.quantile(scored, 0.95):.3f}")
    gold = [pair for pair in gold_pairs() if len(pair[0]) == len(pair[1])]
    true = [s for a, b in gold for s in map(pair_score, a, b) if s is not None]
    order = generator.permutation(len(gold))
    false = [
        s
        for (a, _), at in zip(gold, order, strict=True)
        for s in map(pair_score, a, gold[at][1])
        if s is not None and is_hanzi(a[0])
    ]
    print(f"聲律啟蒙: {len(gold)} pairs, AUC by characters {auc(true, false):.3f}")
    for character in "月三白":
        near = sorted(characters, key=lambda c: -(pair_score(character, c) or 0) * (c != character))
        print(character, "".join(near[:8]))
