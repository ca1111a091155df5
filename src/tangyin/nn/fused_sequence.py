"""The passes of `tangyin.nn.sequence` with the native kernel between the products.

The same equations and the same products; everything that is done to a step's pre-activations is
one pass over memory. With bfloat16 products the gates are kept in 16 bits (`native.gates_dtype`),
in the memory of the projected inputs; c is float32, and tanh(c) is computed again on the way back.
"""

import torch
from torch import Tensor

from tangyin.nn import workspace
from tangyin.nn.native import Kernel, gates_dtype


def fused_forward(
    kernel: Kernel,
    input: Tensor,
    h_0: Tensor,
    c_0: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None,
    mask: Tensor | None,
    products: torch.dtype,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the gates (T, B, 4H), in `gates_dtype`, and h and c with their start (T+1, B, H).

    Args:
        kernel: the native kernel.
        input: (T, B, I).
        h_0: (B, H).
        c_0: (B, H).
        weight_ih: (4H, I).
        weight_hh: (4H, H).
        bias: (4H,) or None.
        mask: (T, B) of bool, contiguous, or None.
        products: float32 or bfloat16.
    """
    T, B, _ = input.shape
    H = h_0.shape[-1]
    device = input.device
    y = workspace.empty((T, B, 4 * H), products, device)
    torch.mm(input.flatten(0, 1).to(products), weight_ih.to(products).t(), out=y.view(T * B, 4 * H))
    gates = y.view(gates_dtype(products))
    w_hh = workspace.empty((H, 4 * H), products, device)  # as the products read it fastest
    kernel.transpose(weight_hh.to(products).contiguous(), w_hh)
    offset = None if bias is None else bias.float().contiguous()
    h = workspace.empty((T + 1, B, H), products, device)
    c = workspace.empty((T + 1, B, H), torch.float32, device)
    h[0], c[0] = h_0, c_0
    # float32 adds the recurrent product in place; in bfloat16 the sum must not be rounded twice
    scratch = None if products == torch.float32 else y.new_empty(B, 4 * H)
    hs, cs, ys, gs = h.unbind(0), c.unbind(0), y.unbind(0), gates.unbind(0)
    keep = [None] * T if mask is None else mask.unbind(0)
    for t in range(T):
        if scratch is None:
            ys[t].addmm_(hs[t], w_hh)
        else:
            torch.mm(hs[t], w_hh, out=scratch)
        past, now = (hs[t], cs[t]), (hs[t + 1], cs[t + 1])
        kernel.lstm_forward(ys[t], scratch, offset, past, keep[t], gs[t], now)
    return gates, h, c


def fused_backward(
    kernel: Kernel,
    grad_h: Tensor | None,
    grad_c: Tensor | None,
    gates: Tensor,
    c: Tensor,
    weight_hh: Tensor,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute ∇y (T, B, 4H), in the products' dtype, and ∇h_0 and ∇c_0, (B, H) float32.

    Args:
        kernel: the native kernel.
        grad_h: gradient of h from outside, (T, B, H) in the products' dtype, or None.
        grad_c: gradient of c from outside, (T, B, H), or None.
        gates: from `fused_forward`.
        c: from `fused_forward`.
        weight_hh: (4H, H) in the products' dtype.
        mask: (T, B) of bool, contiguous, or None.
    """
    T, B, H = c.shape[0] - 1, c.shape[1], c.shape[2]
    dy = workspace.empty((T, B, 4 * H), weight_hh.dtype, weight_hh.device)
    dc = c.new_zeros(B, H)
    product = weight_hh.new_empty(B, H)
    carried = None if mask is None else c.new_zeros(B, H)
    cs, gs, dys = c.unbind(0), gates.unbind(0), dy.unbind(0)
    none = [None] * T
    out_h = none if grad_h is None else grad_h.contiguous().unbind(0)
    out_c = none if grad_c is None else grad_c.float().contiguous().unbind(0)
    keep = none if mask is None else mask.unbind(0)
    for t in reversed(range(T)):
        later = product if t < T - 1 else None
        outside = out_h[t], out_c[t]
        kernel.lstm_backward(
            gs[t], (cs[t + 1], cs[t]), later, outside, keep[t], carried, dc, dys[t]
        )
        torch.mm(dys[t], weight_hh, out=product)
    dh = product.float()
    return dy, dh if carried is None else dh + carried, dc
