"""The embedding: a row of a matrix for each token."""

import numpy as np

from tangyin.lstm.arrays import FloatArray, IntArray


def embedding_forward(weight: FloatArray, tokens: IntArray) -> FloatArray:
    """The rows (..., E) of the tokens (...) in the weight (V, E): one-hot rows times the matrix.

    Raises:
        ValueError: a token lies outside the vocabulary.
    """
    if tokens.size and (tokens.min() < 0 or tokens.max() >= weight.shape[0]):
        raise ValueError(
            f"a token lies outside the vocabulary of {weight.shape[0]}; "
            "replace it by the one for unknown characters"
        )
    return weight[tokens]


def embedding_backward(tokens: IntArray, dx: FloatArray, vocabulary_size: int) -> FloatArray:
    """The gradient by the weight (V, E) from that by the rows looked up, dx (..., E).

    A token's row is the sum over its occurrences in `tokens` (...), or zeros if it has none.
    """
    flat = tokens.reshape(-1)  # (N,)
    rows = dx.reshape(flat.size, dx.shape[-1])  # (N, E)
    dweight = np.zeros((vocabulary_size, dx.shape[-1]), dx.dtype)
    if flat.size:
        # Sorted, the places of one token are neighbours, and each run of them is one sum.
        order = np.argsort(flat, kind="stable")
        present, starts = np.unique(flat[order], return_index=True)
        dweight[present] = np.add.reduceat(rows[order], starts, axis=0)
    return dweight
