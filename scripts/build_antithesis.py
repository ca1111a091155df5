"""Build `data/antithesis.npz`: what is set opposite what in the couplets of regulated verse.

    OMP_NUM_THREADS=1 python scripts/build_antithesis.py

The pairs are the characters at the same place of the two lines of couplets 2 and 3, in the training
part of the eight-line poems, variants in one spelling (`verse.lookup_spelling`).

**Vectors.** The logit of a pair is the product of two vectors of 32 dimensions. They are trained to
find the character opposite a given one among those of its line and of a stranger's line, both ways
round (softmax cross-entropy; Adam, three passes). Candidates of the other tone are left out, so
that the vectors learn what is opposite what, and nothing of tones. A scale and an offset make the
logit that of a pair against a stranger's character at the same place. Stored in 8 bits.

**Counts.** Of pairs of characters, and of words of two, that are opposite each other at least
`SEEN` times and more than `MORE` times as often as by chance.

**Classes.** `data/parallel_classes.tsv` has characters whose class is certain, set by hand. The
script fills in others: a character is of the class of those that it is most opposite, where
the same finds `SURE` of the certain characters right, each of them left out in turn. Those seen
fewer than `COMMON` times are left alone.

What the score is worth is measured by `scripts/measure_antithesis.py`.
"""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy

from tangyin.corpus import TRAIN, load_corpus
from tangyin.files import write_whole
from tangyin.metre import level_share
from tangyin.verse import lookup_spelling

DATA = Path(__file__).parents[1] / "src/tangyin/data"
DIMENSIONS, CHARACTERS, PASSES, TOGETHER, RATE, DECAY = 32, 4500, 3, 1024, 0.01, 3e-4
SEEN, MORE = 5, 2
SURE, NEAREST, COMMON = 0.97, 5, 200
SEED = 20260101

Couplet = tuple[str, str]
Vectors = npt.NDArray[np.float64]


def middle_couplets() -> list[Couplet]:
    """Couplets 2 and 3 of the eight-line training poems."""
    poems = load_corpus().select(forms=["五律", "七律"], parts=[TRAIN]).lines()
    spelled = [tuple(map(lookup_spelling, poem)) for poem in poems]
    return [(poem[at], poem[at + 1]) for poem in spelled for at in (2, 4)]


def trained(couplets: list[Couplet], index: dict[str, int]) -> Vectors:
    """The vectors (N, 32) of the characters of an index that counts from 1."""
    torch.manual_seed(SEED)
    shuffled = np.random.default_rng(SEED)
    vectors = (0.3 * torch.randn(len(index) + 1, DIMENSIONS)).requires_grad_(True)
    bias = torch.zeros(len(index) + 1, requires_grad=True)
    level = torch.tensor([True] + [level_share(character) > 0.5 for character in index])
    coded = [
        torch.tensor([[[index.get(c, 0) for c in line] for line in pair] for pair in own])
        for own in ([pair for pair in couplets if len(pair[0]) == width] for width in (5, 7))
    ]
    optimizer = torch.optim.Adam([vectors, bias], lr=RATE)
    for number in range(PASSES):
        optimizer.param_groups[0]["lr"] = RATE * (1 - number / PASSES)
        batches = [
            own[rows] for own in coded for rows in torch.split(torch.randperm(len(own)), TOGETHER)
        ]
        for at in shuffled.permutation(len(batches)):
            upper, lower = batches[at][:, 0], batches[at][:, 1]
            loss = DECAY * (vectors**2).sum(1).mean()
            for one, other in ((upper, lower), (lower, upper)):
                loss = loss + misses(vectors, bias, level, one, other)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    return vectors.detach().numpy()[1:].astype(np.float64)


def misses(
    vectors: torch.Tensor,
    bias: torch.Tensor,
    level: torch.Tensor,
    one: torch.Tensor,
    other: torch.Tensor,
) -> torch.Tensor:
    """The cross-entropy of the character opposite each of `one`, both (B, width)."""
    width = one.shape[1]
    offered = torch.cat([other, other.roll(1, 0)], 1)[:, None]  # (B, 1, 2 width)
    logits = vectors[one] @ vectors[offered[:, 0]].transpose(1, 2) + bias[offered]
    out = (level[offered] != level[other][..., None]) | (offered == 0) | (offered == one[..., None])
    logits = logits.masked_fill(out & ~torch.eye(width, 2 * width, dtype=torch.bool), -1e9)
    counted = (one > 0) & (other > 0) & (one != other)
    right = torch.arange(width).expand(len(one), width)
    return cross_entropy(logits[counted], right[counted])


def calibrated(
    couplets: list[Couplet], index: dict[str, int], vectors: Vectors
) -> tuple[float, float]:
    """Scale and offset of the products: logistic regression of pairs against strangers."""
    rows = [
        (index[a] - 1, index[b] - 1, index[c] - 1)
        for (upper, lower), (_, strange) in pairwise(couplets)
        for a, b, c in zip(upper, lower, strange, strict=False)
        if a in index and b in index and c in index and a not in (b, c)
    ]
    one, true, false = np.array(rows).T
    x = np.concatenate([(vectors[one] * vectors[other]).sum(1) for other in (true, false)])
    y = np.repeat([1.0, 0.0], len(rows))
    inputs, weights = np.column_stack((x, np.ones_like(x))), np.zeros(2)
    for _ in range(20):  # Newton's method
        p = 1 / (1 + np.exp(-inputs @ weights))
        curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs
        weights += np.linalg.solve(curvature, inputs.T @ (y - p))
    return float(weights[0]), float(weights[1])


def often_opposite(couplets: list[Couplet], length: int) -> dict[str, int]:
    """Counts of opposite words of a length; both orders count as one, the lesser word first."""
    seen, pairs = Counter[str](), Counter[str]()
    for upper, lower in couplets:
        for at in range(len(upper) - length + 1):
            a, b = upper[at : at + length], lower[at : at + length]
            seen.update((a, b))
            if not set(a) & set(b):
                pairs[min(a, b) + max(a, b)] += 1
    total = sum(seen.values())  # twice as many as there are places
    return {
        pair: count
        for pair, count in pairs.items()
        if count >= SEEN and count > MORE * seen[pair[:length]] * seen[pair[length:]] / total
    }


def packed(counts: dict[str, int]) -> dict[str, npt.NDArray[np.integer]]:
    """Counts as two columns, in the order of the pairs."""
    return {
        "of": np.array([[ord(c) for c in pair] for pair in sorted(counts)], dtype=np.uint16).T,
        "counts": np.array([min(counts[pair], 65535) for pair in sorted(counts)], dtype=np.uint16),
    }


def classes(characters: str, logits: Vectors, common: set[str]) -> tuple[float, float]:
    """Fill in `parallel_classes.tsv`; return how many certain ones were found and were right."""
    path = DATA / "parallel_classes.tsv"
    head, *rows = (row.split("\t") for row in path.read_text(encoding="utf-8").splitlines())
    names = [row[0] for row in rows]
    at = {character: number for number, character in enumerate(characters)}
    members = [[at[c] for c in map(lookup_spelling, row[3]) if c in at] for row in rows]
    of = [{k for k, own in enumerate(members) if n in own} for n in range(len(characters))]
    near = np.zeros((len(characters), len(names)))
    logits = logits.copy()
    np.fill_diagonal(logits, -np.inf)
    for k, own in enumerate(members):
        near[:, k] = np.sort(logits[:, own], axis=1)[:, -NEAREST:].clip(-20).mean(1)
    order = np.argsort(-near, axis=1)
    every = np.arange(len(near))
    margin = near[every, order[:, 0]] - near[every, order[:, 1]]
    others = [n for n in every if not of[n] and characters[n] in common]
    certain = [n for n in every if of[n]]
    right = np.array([order[n, 0] in of[n] for n in certain])
    by_margin = np.argsort(-margin[certain])
    share = np.cumsum(right[by_margin]) / np.arange(1, len(certain) + 1)
    taken = int(np.flatnonzero(share >= SURE)[-1]) + 1
    least = margin[certain][by_margin][taken - 1]
    for k, row in enumerate(rows):
        found = [n for n in others if order[n, 0] == k and margin[n] >= least]
        row[4:] = ["".join(characters[n] for n in found)]
    write_whole(path, "".join("\t".join(row) + "\n" for row in (head, *rows)))
    return taken / len(certain), float(right.mean())


def build(couplets: list[Couplet]) -> None:
    """Write both files."""
    seen = Counter("".join(line for pair in couplets for line in pair))
    characters = "".join(sorted(c for c, _ in seen.most_common(CHARACTERS)))
    index = {character: number for number, character in enumerate(characters, 1)}
    vectors = trained(couplets, index)
    scale, offset = calibrated(couplets, index, vectors)
    step = np.abs(vectors).max() / 127
    stored = np.rint(vectors / step).astype(np.int8)
    chances = {length: packed(often_opposite(couplets, length)) for length in (1, 2)}
    tables = {
        f"{name}_{length}": table for length, own in chances.items() for name, table in own.items()
    }
    constants = np.array([scale * step**2, offset], dtype=np.float32)
    target = DATA / "antithesis.npz"
    arrays: dict[str, Any] = {**tables, "characters": np.array(characters), "vectors": stored}
    np.savez_compressed(target, logit=constants, **arrays)
    whole = stored.astype(np.float64)
    common = {character for character, count in seen.items() if count >= COMMON}
    found, right = classes(characters, whole @ whole.T * constants[0] + constants[1], common)
    sizes = [len(own["counts"]) for own in chances.values()]
    print(f"{len(characters)} characters, {len(couplets)} couplets, {target.stat().st_size} bytes")
    print(f"{sizes[0]} pairs of characters and {sizes[1]} of words")
    print(f"classes: {right:.1%} of the certain characters; {SURE:.0%} of {found:.1%} of them")


if __name__ == "__main__":
    torch.set_num_threads(1)
    build(middle_couplets())
