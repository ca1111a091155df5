"""Batches of poems: bucketed by length, padded, masked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.verse import EOS, Form, Ids, Vocabulary

MAX_PADDING = 0.05
"""In every batch the share of padded places is below this."""


@dataclass(frozen=True)
class Batch:
    """Poems side by side, sequence first.

    Attributes:
        inputs: (T, B) int32, what the model reads: the prefix token, then the text.
        targets: (T, B) int32, what it shall predict: the text, then `<eos>`.
        mask: (T, B) bool, False where a shorter poem is padded. Padded inputs and targets hold
            `<eos>`, and must count for nothing.
        weights: (T, B) float32, how much each target counts, 0 where it is none; None when all
            that are not padded count alike.
    """

    inputs: Ids
    targets: Ids
    mask: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float32] | None = None


def encode_poem(vocabulary: Vocabulary, text: str, form: Form) -> Ids:
    """A poem as a model sees it: prefix token, text, `<eos>`.

    Returns:
        int32 of shape (len(text) + 2,).
    """
    ends = vocabulary.prefix_id(form), vocabulary.id(EOS)
    return np.concatenate(([ends[0]], vocabulary.encode(text), [ends[1]])).astype(np.int32)


def bucket(
    lengths: Sequence[int], batch_size: int, shuffle: np.random.Generator | None = None
) -> list[npt.NDArray[np.intp]]:
    """Part poems into batches of nearly equal length.

    Poems are sorted by length (within a length: at random, or in order without `shuffle`) and
    cut into batches; a batch ends early where the next poem would bring its padding up to
    `MAX_PADDING`. With `shuffle` the batches come in random order.

    Args:
        lengths: length of each poem, in any unit that padding is counted in.
        batch_size: most poems in a batch.
        shuffle: the source of randomness; None keeps everything in order.

    Returns:
        Positions into `lengths`, one array a batch; together every position once.
    """
    size = np.asarray(lengths)
    order = np.arange(len(size)) if shuffle is None else shuffle.permutation(len(size))
    order = order[np.argsort(size[order], kind="stable")]
    batches: list[npt.NDArray[np.intp]] = []
    start, filled = 0, 0
    for place, poem in enumerate(order):
        # Sorted by length, the newest poem is the longest, so the others are padded up to it.
        count, longest = place - start + 1, int(size[poem])
        padding = 1 - (filled + longest) / (count * longest)
        if place > start and (count > batch_size or padding >= MAX_PADDING):
            batches.append(order[start:place])
            start, filled = place, 0
        filled += longest
    if len(order):
        batches.append(order[start:])
    if shuffle is not None:
        batches = [batches[i] for i in shuffle.permutation(len(batches))]
    return batches


def collate(poems: Sequence[Ids], eos: int) -> Batch:
    """Put encoded poems side by side, padding the shorter ones at the end.

    Args:
        poems: encoded poems (`encode_poem`), at least one.
        eos: the number that fills the padding.
    """
    steps = max(len(poem) for poem in poems) - 1
    inputs = np.full((steps, len(poems)), eos, dtype=np.int32)
    targets = np.full_like(inputs, eos)
    mask = np.zeros(inputs.shape, dtype=np.bool_)
    for column, poem in enumerate(poems):
        length = len(poem) - 1
        inputs[:length, column] = poem[:-1]
        targets[:length, column] = poem[1:]
        mask[:length, column] = True
    return Batch(inputs, targets, mask)
