"""Batches of poems: bucketed by length, padded, masked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.verse import EOS, Form, Ids, Vocabulary

MAX_PADDING = 0.05
"""The share of padding in every batch is below this."""

MAX_TOKENS = 112
"""So many tokens a poem a full batch has; of longer poems it holds fewer."""


@dataclass(frozen=True)
class Batch:
    """Poems in columns, all arrays (T, B).

    The model reads `inputs`, the prefix token and the text, and predicts `targets`, the text and
    `<eos>`. The mask is False for padding, which is `<eos>` in both and has weight 0. Without
    `weights`, all targets have the same.
    """

    inputs: Ids
    targets: Ids
    mask: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float32] | None = None


def encode_poem(vocabulary: Vocabulary, text: str, form: Form) -> Ids:
    """A poem as token numbers, (len(text) + 2,) int32: prefix, text, `<eos>`."""
    prefix, eos = vocabulary.prefix_id(form), vocabulary.id(EOS)
    return np.concatenate(([prefix], vocabulary.encode(text), [eos])).astype(np.int32)


def bucket(
    lengths: Sequence[int], batch_size: int, shuffle: np.random.Generator | None = None
) -> list[npt.NDArray[np.intp]]:
    """Group poems of similar length into batches of `batch_size` poems or fewer.

    Poems are sorted by length. A batch ends early if the next poem would raise its padding to
    `MAX_PADDING`, or its tokens above `MAX_TOKENS` · `batch_size`. With `shuffle`, poems of one
    length and the batches are in random order. A batch
    is an array of indices into `lengths`; each index occurs once.
    """
    size = np.asarray(lengths)
    order = np.arange(len(size)) if shuffle is None else shuffle.permutation(len(size))
    order = order[np.argsort(size[order], kind="stable")]
    batches: list[npt.NDArray[np.intp]] = []
    start, filled = 0, 0
    for place, poem in enumerate(order):
        # Poems are sorted by length, so the others are padded to the length of this one.
        count, longest = place - start + 1, int(size[poem])
        padding = 1 - (filled + longest) / (count * longest)
        full = count > batch_size or count * longest > MAX_TOKENS * batch_size
        if place > start and (full or padding >= MAX_PADDING):
            batches.append(order[start:place])
            start, filled = place, 0
        filled += longest
    if len(order):
        batches.append(order[start:])
    if shuffle is not None:
        batches = [batches[i] for i in shuffle.permutation(len(batches))]
    return batches


def collate(poems: Sequence[Ids], eos: int) -> Batch:
    """Make a batch of encoded poems (`encode_poem`), at least one; `eos` pads the shorter ones."""
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
