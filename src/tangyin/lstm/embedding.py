"""The embedding: a row of a matrix for each token."""

import numpy as np

from tangyin.lstm.arrays import FloatArray, IntArray


def embedding_forward(weight: FloatArray, tokens: IntArray) -> FloatArray:
    """Look up the rows of the tokens, which is the product of one-hot rows with the matrix.

    Args:
        weight: (V, E).
        tokens: (...), integers in [0, V).

    Returns:
        (..., E).

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
    """The gradient by the matrix: to each token's row, the sum over the places it stands at.

    Args:
        tokens: (...), as in the forward.
        dx: (..., E), the gradient by the rows looked up.
        vocabulary_size: V.

    Returns:
        (V, E); zeros for a token that does not occur.
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
