"""The affine map u = W h + b, which the output layer is."""

from tangyin.lstm.arrays import FloatArray


def linear_forward(weight: FloatArray, bias: FloatArray, h: FloatArray) -> FloatArray:
    """U = H Wᵀ + b for rows h.

    Args:
        weight: (V, H).
        bias: (V,).
        h: (N, H).

    Returns:
        (N, V).
    """
    return h @ weight.T + bias


def linear_backward(
    weight: FloatArray, h: FloatArray, du: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The gradients by the weight, by the bias and by the input.

    Args:
        weight: (V, H).
        h: (N, H), as in the forward.
        du: (N, V), the gradient by the result.

    Returns:
        (V, H), (V,) and (N, H).
    """
    return du.T @ h, du.sum(axis=0), du @ weight
