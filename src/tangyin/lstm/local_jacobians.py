"""The local Jacobians of one step: of each edge of the computational graph.

The Jacobian ∂a/∂b has one row for each component of a and one column for each component of b.
Where b is a matrix the Jacobian has three axes: ∂a_k/∂B_jm is at [k, j, m]. Everything is for
one step alone, without a batch: gates and states are (H,), x is (E,), z = [h_prev, x] is (H+E,).
"""

import numpy as np
from numpy.typing import DTypeLike

from tangyin.lstm.arrays import FloatArray
from tangyin.lstm.step import sigmoid


def dz_dh_prev(hidden_size: int, input_size: int, dtype: DTypeLike = np.float64) -> FloatArray:
    """∂z/∂h_prev, (H+E, H): the identity above zeros, for h_prev is the first H rows of z."""
    return np.eye(hidden_size + input_size, hidden_size, dtype=dtype)


def dz_dx(hidden_size: int, input_size: int, dtype: DTypeLike = np.float64) -> FloatArray:
    """∂z/∂x, (H+E, E): zeros above the identity, for x is the last E rows of z."""
    return np.eye(hidden_size + input_size, input_size, k=-hidden_size, dtype=dtype)


def dy_dz(W: FloatArray) -> FloatArray:
    """∂y_λ/∂z, (H, H+E), of y_λ = W_λ z + b_λ: the matrix W_λ."""
    return W


def dy_dW(z: FloatArray, hidden_size: int) -> FloatArray:
    """∂y_λ/∂W_λ, (H, H, H+E), of y_k = Σ_m W_km z_m + b_k: z_m at [k, k, m], zeros elsewhere."""
    return np.eye(hidden_size, dtype=z.dtype)[:, :, None] * z


def dy_db(hidden_size: int, dtype: DTypeLike = np.float64) -> FloatArray:
    """∂y_λ/∂b_λ, (H, H): the identity."""
    return np.eye(hidden_size, dtype=dtype)


def dsigmoid_dy(y: FloatArray) -> FloatArray:
    """∂σ(y)/∂y, (H, H): the diagonal of σ(y)⊙(1 − σ(y))."""
    return np.diag(sigmoid(y) * (1 - sigmoid(y)))


def dtanh_dy(y: FloatArray) -> FloatArray:
    """∂tanh(y)/∂y, (H, H): the diagonal of 1 − tanh²(y)."""
    return np.diag(1 - np.tanh(y) ** 2)


def dc_df(c_prev: FloatArray) -> FloatArray:
    """∂c/∂f, (H, H), of c = f⊙c_prev + i⊙g: the diagonal of c_prev."""
    return np.diag(c_prev)


def dc_dc_prev(f: FloatArray) -> FloatArray:
    """∂c/∂c_prev, (H, H), of c = f⊙c_prev + i⊙g: the diagonal of f.

    It is the whole derivative, not a part of it: no gate reads c_prev.
    """
    return np.diag(f)


def dc_di(g: FloatArray) -> FloatArray:
    """∂c/∂i, (H, H), of c = f⊙c_prev + i⊙g: the diagonal of g."""
    return np.diag(g)


def dc_dg(i: FloatArray) -> FloatArray:
    """∂c/∂g, (H, H), of c = f⊙c_prev + i⊙g: the diagonal of i."""
    return np.diag(i)


def dh_do(c: FloatArray) -> FloatArray:
    """∂h/∂o, (H, H), of h = o⊙tanh(c) with c held fixed: the diagonal of tanh(c)."""
    return np.diag(np.tanh(c))


def dh_dtanh_c(o: FloatArray) -> FloatArray:
    """∂h/∂tanh(c), (H, H), of h = o⊙tanh(c) with o held fixed: the diagonal of o."""
    return np.diag(o)


def dh_dc(o: FloatArray, c: FloatArray) -> FloatArray:
    """∂h/∂c, (H, H), of h = o⊙tanh(c) with o held fixed: diag(o) times ∂tanh(c)/∂c."""
    return dh_dtanh_c(o) @ dtanh_dy(c)
