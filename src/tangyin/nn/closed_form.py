"""The LSTM of `tangyin.lstm.cells.lstm` over a whole sequence, forward and backward in closed form.

Only h_{t-1} W_hhᵀ and ∇y_{t+1} W_hh are inside the loops: the inputs of all steps are projected
in one product, and each weight's gradient is one product over all steps.

Between the products, the native kernel computes a step, or `torch_kernel` where the native one
cannot be built. With bfloat16 products the native kernel keeps the gates in 16 bits, in the memory
of the projected inputs; c is float32, and tanh(c) is computed again in the backward.

With a projection (LSTMP: Sak, Senior and Beaufays 2014) m_t = o ⊙ tanh(c_t) is what the kernel
computes, and h_t = W_hr m_t. Backward, with ∇h_t the sum of what comes from outside and from the
next step, ∇m_t = W_hrᵀ ∇h_t takes the place of ∇h_t, and ∇W_hr = Σ_t ∇h_t m_tᵀ.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tangyin.nn import workspace
from tangyin.nn.native import Kernel, kernel_for
from tangyin.nn.torch_kernel import TorchKernel

WIDE = 1536
"""`weight_gradient` transposes from this many columns of ∇y on: H 384, or any vocabulary."""

Given = Sequence[Any]
"""x, h_0, c_0, weight_ih, weight_hh, bias, weight_hr, each a tensor or None."""


def forward(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute h (T, B, P) and c (T, B, H), the gates (T, B, 4H) as the kernel keeps them, and m.

    Takes `Given`, the mask and the products' dtype. m is (T, B, H), or empty without a projection.
    """
    x, h_0, c_0, weight_ih, weight_hh, bias, weight_hr, mask, products = arguments
    (T, B, _), P, H = x.shape, h_0.shape[-1], c_0.shape[-1]
    device = x.device
    kernel = kernel_for(products, device)
    y = workspace.empty((T, B, 4 * H), products, device)
    torch.mm(x.flatten(0, 1).to(products), weight_ih.to(products).t(), out=y.view(T * B, 4 * H))
    gates = kernel.gates(y)
    w_hh = workspace.empty((P, 4 * H), products, device)  # as the products read it fastest
    kernel.transpose(weight_hh.to(products).contiguous(), w_hh)
    w_hr = None if weight_hr is None else weight_hr.to(products).t()
    wide = torch.promote_types(products, torch.float32)
    offset = None if bias is None else bias.to(wide).contiguous()
    h = workspace.empty((T, B, P), products, device)
    c = workspace.empty((T, B, H), wide, device)
    m = y.new_empty(0) if w_hr is None else workspace.empty((T, B, H), products, device)
    hs = [h_0.to(products).contiguous(), *h.unbind(0)]
    cs = [c_0.to(wide).contiguous(), *c.unbind(0)]
    ms = hs if w_hr is None else [y.new_zeros(B, H), *m.unbind(0)]
    ys, gs, keep = y.unbind(0), gates.unbind(0), _by_step(mask, T)
    # in half precision the sum with the recurrent product must not be rounded twice
    scratch = None if products == wide else y.new_empty(B, 4 * H)
    for t in range(T):
        if scratch is None:
            ys[t].addmm_(hs[t], w_hh)
        else:
            torch.mm(hs[t], w_hh, out=scratch)
        past, now = (ms[t], cs[t]), (ms[t + 1], cs[t + 1])
        kernel.lstm_forward(ys[t], scratch, offset, past, keep[t], gs[t], now)
        if w_hr is not None:
            torch.mm(ms[t + 1], w_hr, out=hs[t + 1])
            if mask is not None:
                torch.where(mask[t].unsqueeze(1), hs[t + 1], hs[t], out=hs[t + 1])
    return h, c, gates, m


def _by_step(tensor: Tensor | None, T: int) -> Sequence[Any]:
    """A tensor's (T, …) part of each step, contiguous; T times None without one."""
    return [None] * T if tensor is None else tensor.contiguous().unbind(0)


class _Projection:
    """The way back from h_t = W_hr m_t to m_t.

    Attributes:
        dh: ∇h of all steps that count, (T, B, P), in the products' dtype.
        carried: the gradients that masked rows of later steps pass on, (B, P).
    """

    def __init__(self, weight: Tensor, c: Tensor, mask: Tensor | None) -> None:
        shape = (*c.shape[:2], len(weight))
        self.weight, self.mask = weight, mask
        self.dh = workspace.empty(shape, weight.dtype, weight.device)
        self.carried = c.new_zeros(shape[1:])

    def back(self, t: int, later: Tensor | None, outside: Tensor | None) -> Tensor:
        """∇m_t, (B, H), from the gradients that reach h_t from the next step and from outside."""
        dh = self.carried
        for part in (later, outside):
            dh = dh if part is None else dh + part
        if self.mask is not None:
            counts = self.mask[t].unsqueeze(1)
            self.carried = dh.masked_fill(counts, 0.0)
            dh = dh.masked_fill(~counts, 0.0)
        return torch.mm(self.dh[t].copy_(dh), self.weight)


def _backward(
    kernel: Kernel | TorchKernel,
    grads: tuple[Tensor | None, Tensor | None],
    gates: Tensor,
    c: tuple[Tensor, Tensor],
    weight_hh: Tensor,
    mask: Tensor | None,
    projection: _Projection | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute ∇y (T, B, 4H), in the products' dtype, and ∇h_0 (B, P) and ∇c_0 (B, H).

    `grads` are the gradients of h and c from outside; `c` is c_0 and c.
    """
    T, B, H = c[1].shape
    dy = workspace.empty((T, B, 4 * H), weight_hh.dtype, weight_hh.device)
    dc = c[1].new_zeros(B, H)
    product = weight_hh.new_empty(B, weight_hh.shape[1])
    carried = None if mask is None else c[1].new_zeros(B, H)
    cs, gs, dys = [c[0], *c[1].unbind(0)], gates.unbind(0), dy.unbind(0)
    out_h = _by_step(None if grads[0] is None else grads[0].to(dy.dtype), T)
    out_c = _by_step(None if grads[1] is None else grads[1].to(dc.dtype), T)
    keep = _by_step(mask, T)
    for t in reversed(range(T)):
        later = product if t < T - 1 else None
        outside = out_h[t], out_c[t]
        if projection is not None:
            later, outside = projection.back(t, later, out_h[t]), (None, out_c[t])
        kernel.lstm_backward(
            gs[t], (cs[t + 1], cs[t]), later, outside, keep[t], carried, dc, dys[t]
        )
        torch.mm(dys[t], weight_hh, out=product)
    dh = product.to(dc.dtype)
    if projection is not None:
        carried = projection.carried
    return dy, dh if carried is None else dh + carried, dc


def gradients(*arguments: Any) -> tuple[Tensor, ...]:
    """Compute the gradients of `Given`, of their dtypes; empty where not needed.

    Takes the gradients of h and c, `Given`, the mask, the results of `forward`, a bool for each of
    `Given` that needs a gradient, and the products' dtype.
    """
    grad_h, grad_c, *given, mask, h, c, gates, m, needed, products = arguments
    x, h_0, c_0, weight_ih, weight_hh, bias, weight_hr = given
    need_x, need_h, need_c, need_ih, need_hh, need_b, need_hr = needed
    found: list[Tensor | None] = [None] * len(given)
    kernel = kernel_for(products, x.device)
    with torch.autocast(x.device.type, enabled=False):
        grads, cs = (grad_h, grad_c), (c_0.to(c.dtype).contiguous(), c)
        through = None if weight_hr is None else _Projection(weight_hr.to(products), c, mask)
        w_hh = weight_hh.to(products)
        dys, dh_0, dc_0 = _backward(kernel, grads, gates, cs, w_hh, mask, through)
        dy = dys.flatten(0, 1)  # (T·B, 4H)
        if need_x:
            found[0] = (dy @ weight_ih.to(dy.dtype)).view(x.shape).to(x.dtype)
        if need_ih:
            found[3] = _weight_gradient(kernel, dy, x.flatten(0, 1).to(dy.dtype), weight_ih)
        if need_hh:
            past = workspace.empty(tuple(h.shape), h.dtype, h.device)  # h_{t-1}
            past[0], past[1:] = h_0, h[:-1]
            found[4] = _weight_gradient(kernel, dy, past.flatten(0, 1), weight_hh)
        if need_b and bias is not None:
            found[5] = dy.sum(0).to(bias.dtype)
        if need_hr and through is not None:
            found[6] = _weight_gradient(
                kernel, through.dh.flatten(0, 1), m.flatten(0, 1), weight_hr
            )
    if need_h:
        found[1] = dh_0.to(h_0.dtype)
    if need_c:
        found[2] = dc_0.to(c_0.dtype)
    return tuple(x.new_empty(0) if gradient is None else gradient for gradient in found)


def weight_gradient(
    kernel: Kernel | TorchKernel, back: Tensor, inward: Tensor, to: Tensor, *, add: bool = False
) -> Tensor:
    """Write, or add, ∇W = ∇yᵀ x for y = x Wᵀ to `to`, and return it.

    `back` is ∇y, (N, O), and `inward` x, (N, I), both in the dtype of the kernel's products; `to`
    is (O, I), contiguous, and float32 if the products are in half precision.

    The product reads its first operand down the columns, which is half as fast for large matrices
    in bf16. So `inward` is transposed before the product, and the result is transposed again when
    it is written into the float32 gradient.
    """
    (N, O), I = back.shape, inward.shape[1]  # noqa: E741 - the equations' letters
    if to.dtype == back.dtype:
        return to.addmm_(back.t(), inward, beta=1 if add else 0)
    if isinstance(kernel, Kernel) and back.dtype == torch.bfloat16 and O >= WIDE:
        turned = workspace.empty((I, N), inward.dtype, inward.device)
        kernel.transpose(inward.contiguous(), turned)
        product = workspace.empty((I, O), back.dtype, back.device)
        kernel.transpose(torch.mm(turned, back, out=product), to, add=add)
        return to
    product = torch.mm(back.t(), inward, out=workspace.empty((O, I), back.dtype, back.device))
    return to.add_(product) if add else to.copy_(product)


def _weight_gradient(
    kernel: Kernel | TorchKernel, back: Tensor, inward: Tensor, weight: Tensor
) -> Tensor:
    """The gradient in the weight's dtype, in memory of an earlier step."""
    wide = back.dtype if back.dtype == torch.float64 else torch.float32
    to = workspace.empty(tuple(weight.shape), wide, weight.device)
    return weight_gradient(kernel, back, inward, to).to(weight.dtype)


def forward_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    """Tensors like those of `forward`, without values."""
    x, h_0, c_0, *_, weight_hr, _, products = arguments
    (T, B, _), P, H = x.shape, h_0.shape[-1], c_0.shape[-1]
    y = x.new_empty((T, B, 4 * H), dtype=products)
    c = x.new_empty((T, B, H), dtype=torch.promote_types(products, torch.float32))
    m = y.new_empty(0 if weight_hr is None else (T, B, H))
    return y.new_empty((T, B, P)), c, kernel_for(products, x.device).gates(y), m


def gradient_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    """Tensors like those of `gradients`, without values."""
    given, needed = arguments[2:9], arguments[-2]
    return tuple(
        given[0].new_empty(0) if tensor is None or not need else tensor.new_empty(tensor.shape)
        for tensor, need in zip(given, needed, strict=True)
    )
