"""The affine map u = W h + b of the output layer."""

from tangyin.lstm.arrays import FloatArray


def linear_forward(weight: FloatArray, bias: FloatArray, h: FloatArray) -> FloatArray:
    """U = H Wᵀ + b, (N, V), for a weight (V, H), a bias (V,) and rows h (N, H)."""
    return h @ weight.T + bias


def linear_backward(
    weight: FloatArray, h: FloatArray, du: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The gradients by weight (V, H), bias (V,) and h (N, H), from that by the result, (N, V)."""
    return du.T @ h, du.sum(axis=0), du @ weight
