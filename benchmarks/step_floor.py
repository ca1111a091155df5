"""The matrix products of a training step and nothing else: no step can be faster than these."""

from collections.abc import Callable

import torch
from torch import Tensor

from step_size import Size


def floor(size: Size, dtype: torch.dtype) -> Callable[[], None]:
    """A function that takes every matrix product of one training step, each at its own shape.

    Operands lie in memory as the step leaves them, weights (out, in) and activations sequence
    first; the outputs are allocated beforehand.
    """
    E, H, V, B, T = size.E, size.H, size.V, size.B, size.T
    N = T * B

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape).to(dtype)

    x, h, dy, dlogits = random(N, E), random(N, H), random(N, 4 * H), random(N, V)
    w_ih, w_hh, w_out = random(4 * H, E), random(4 * H, H), random(V, H)
    products = [
        (x, w_ih.t()),  # input projection, all steps at once
        *((h_t, w_hh.t()) for h_t in h.view(T, B, H)),
        (h, w_out.t()),  # logits
        (dlogits, w_out),  # ∇h
        (dlogits.t(), h),  # ∇W_out
        *((dy_t, w_hh) for dy_t in dy.view(T, B, 4 * H)),
        (dy.t(), x),  # ∇W_ih
        (dy.t(), h),  # ∇W_hh
        (dy, w_ih),  # ∇x
    ]
    outputs = [torch.empty(a.shape[0], b.shape[1], dtype=dtype) for a, b in products]

    def run() -> None:
        for (a, b), out in zip(products, outputs, strict=True):
            torch.mm(a, b, out=out)

    return run
