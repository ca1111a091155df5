"""The LSTM over a whole sequence with its backward in closed form.

Forward, for each step t (Hochreiter and Schmidhuber 1997; the forget gate of Gers, Schmidhuber and
Cummins 2000), with the gates i, f, g, o stacked in this order:

    y_t = W_ih x_t + W_hh h_{t-1} + b
    i, f, o = σ(y_i), σ(y_f), σ(y_o);  g = tanh(y_g)
    c_t = f ⊙ c_{t-1} + i ⊙ g
    h_t = o ⊙ tanh(c_t)

Backward, from the last step to the first, ∇h_t being what comes from outside + W_hhᵀ ∇y_{t+1}:

    ∇c_t += ∇h_t ⊙ o ⊙ (1 - tanh²(c_t))
    ∇y_o = ∇h_t ⊙ tanh(c_t) ⊙ o (1 - o)
    ∇y_i = ∇c_t ⊙ g ⊙ i (1 - i)
    ∇y_f = ∇c_t ⊙ c_{t-1} ⊙ f (1 - f)
    ∇y_g = ∇c_t ⊙ i ⊙ (1 - g²)
    ∇c_{t-1} = ∇c_t ⊙ f

Only h_{t-1} W_hhᵀ and ∇y_{t+1} W_hh stand inside the loops: the inputs of all steps are projected
in one product, and each weight's gradient is one product over all steps.

Where the native kernel can be had (`tangyin.nn.native`), the passes of `tangyin.nn.fused_sequence`
are taken; the ones here, of torch's own operations, are for all other dtypes, devices and machines.
"""

from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.nn import workspace
from tangyin.nn.fused_sequence import fused_backward, fused_forward
from tangyin.nn.native import Kernel, kernel_for
from tangyin.nn.operations import TORCH
from tangyin.nn.state import LSTMState, run_steps
from tangyin.nn.weight_gradient import weight_gradient


def lstm_sequence(
    input: Tensor,
    state: tuple[Tensor, Tensor],
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
) -> LSTMState:
    """Run the LSTM over a sequence; its gradients are computed in closed form.

    Second derivatives are right too: when a gradient is itself to be differentiated
    (`create_graph=True`), it is taken by autograd through the steps instead.

    In half precision (under autocast, or with half-precision weights) the products are taken in
    half precision and everything else in float32. h then has the products' dtype and c the
    weights' dtype, so that under autocast the sum over time is carried in float32.

    Args:
        input: x, (T, B, I) with T ≥ 1.
        state: h_0 and c_0, each (B, H).
        weight_ih: (4H, I), gates i, f, g, o.
        weight_hh: (4H, H), gates i, f, g, o.
        bias: (4H,) or None.
        mask: (T, B) of bool; where False the step carries the state unchanged.

    Returns:
        h and c after every step, each (T, B, H).
    """
    h, c = _LSTMSequence.apply(  # type: ignore[no-untyped-call]
        input, *state, weight_ih, weight_hh, bias, mask, product_dtype(weight_ih)
    )
    return LSTMState(h, c)


def product_dtype(weight: Tensor) -> torch.dtype:
    """Say in which dtype products with a weight are taken: autocast's if it is on, or its own."""
    device = weight.device.type
    if torch.is_autocast_enabled(device) and weight.dtype != torch.float64:
        return torch.get_autocast_dtype(device)
    return weight.dtype


def _forward(
    input: Tensor,
    h_0: Tensor,
    c_0: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None,
    mask: Tensor | None,
    products: torch.dtype,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute the gates (T, B, 4H), tanh(c) (T, B, H), and h and c with their start (T+1, B, H)."""
    T, B, _ = input.shape
    H = h_0.shape[-1]
    half = products in (torch.float16, torch.bfloat16)
    dtype = torch.float32 if half else products

    x = input.flatten(0, 1).to(products)
    w_ih, w_hh = weight_ih.to(products).t(), weight_hh.to(products).t()
    y = x @ w_ih if bias is None else torch.addmm(bias.to(products), x, w_ih)
    y = y.view(T, B, 4 * H)  # becomes the gates in place, or in half precision apart from them
    gates = torch.empty_like(y, dtype=dtype) if half else y
    h = gates.new_empty(T + 1, B, H, dtype=products)
    c = gates.new_empty(T + 1, B, H)
    tanh_c = gates.new_empty(T, B, H)
    h[0], c[0] = h_0, c_0
    g_scratch = gates.new_empty(B, H)

    hs, cs = h.unbind(0), c.unbind(0)
    keep = None if mask is None else mask.unsqueeze(-1).unbind(0)
    for t, (y_t, gates_t, th) in enumerate(
        zip(y.unbind(0), gates.unbind(0), tanh_c.unbind(0), strict=True)
    ):
        y_t.addmm_(hs[t], w_hh)
        if half:
            gates_t.copy_(y_t)
        i, f, g, o = gates_t.chunk(4, dim=1)  # (B, H) each
        gates_t[:, : 2 * H].sigmoid_()
        # tanh is three times as fast on contiguous memory, even with the two copies
        g.copy_(g_scratch.copy_(g).tanh_())
        o.sigmoid_()
        torch.mul(f, cs[t], out=cs[t + 1])
        cs[t + 1].addcmul_(i, g)
        torch.tanh(cs[t + 1], out=th)
        torch.mul(o, th, out=hs[t + 1])
        if keep is not None:
            torch.where(keep[t], hs[t + 1], hs[t], out=hs[t + 1])
            torch.where(keep[t], cs[t + 1], cs[t], out=cs[t + 1])
    return gates, tanh_c, h, c


def _backward(
    grad_h: Tensor | None,
    grad_c: Tensor | None,
    gates: Tensor,
    tanh_c: Tensor,
    c: Tensor,
    weight_hh: Tensor,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute ∇y (T, B, 4H), in the products' dtype, and ∇h_0 and ∇c_0, each (B, H)."""
    T, B, H = tanh_c.shape
    dys = gates.new_empty(T, B, 4 * H, dtype=weight_hh.dtype)
    dh, dc = gates.new_zeros(B, H), gates.new_zeros(B, H)
    u, v = gates.new_empty(B, H), gates.new_empty(B, H)
    half = dys.dtype != gates.dtype
    scratch = gates.new_empty(B, 4 * H)
    product = gates.new_empty(B, H, dtype=dys.dtype) if half else dh
    cs, ys, ths = c.unbind(0), gates.unbind(0), tanh_c.unbind(0)
    dropped = None if mask is None else mask.logical_not().unsqueeze(-1).unbind(0)

    for t in reversed(range(T)):
        if grad_h is not None:
            dh.add_(grad_h[t])
        if grad_c is not None:
            dc.add_(grad_c[t])
        if dropped is not None:
            # a masked step hands its gradients on untouched and has none of its own
            dh_past, dc_past = dh * dropped[t], dc * dropped[t]
            dh.masked_fill_(dropped[t], 0.0)
            dc.masked_fill_(dropped[t], 0.0)
        i, f, g, o = ys[t].chunk(4, dim=1)
        dy = scratch if half else dys[t]
        dy_i, dy_f, dy_g, dy_o = dy.chunk(4, dim=1)

        torch.mul(dh, o, out=u)
        torch.mul(u, ths[t], out=v)
        torch.addcmul(v, v, o, value=-1.0, out=dy_o)
        dc.add_(u).addcmul_(v, ths[t], value=-1.0)

        torch.mul(dc, i, out=u)
        torch.mul(u, g, out=v)
        torch.addcmul(v, v, i, value=-1.0, out=dy_i)
        torch.addcmul(u, v, g, value=-1.0, out=dy_g)

        dc.mul_(f)
        torch.mul(dc, cs[t], out=v)
        torch.addcmul(v, v, f, value=-1.0, out=dy_f)

        if half:
            dys[t].copy_(dy)
        torch.mm(dys[t], weight_hh, out=product)
        if half:
            dh.copy_(product)
        if dropped is not None:
            dh.add_(dh_past)
            dc.add_(dc_past)
    return dys, dh, dc


class _LSTMSequence(torch.autograd.Function):
    """The pair of `_forward` and `_backward` as autograd sees it."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        h_0: Tensor,
        c_0: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias: Tensor | None,
        mask: Tensor | None,
        products: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        mask = None if mask is None else mask.contiguous()
        arguments = (input, h_0, c_0, weight_ih, weight_hh, bias, mask)
        kernel = kernel_for(products, input.device)
        with torch.autocast(input.device.type, enabled=False):
            if kernel is None:
                gates, tanh_c, h, c = _forward(*arguments, products)
            else:
                gates, h, c = fused_forward(kernel, *arguments, products)
                tanh_c = None  # computed again on the way back
        ctx.save_for_backward(*arguments, gates, tanh_c, h, c)
        ctx.products, ctx.kernel = products, kernel
        ctx.set_materialize_grads(False)
        return h[1:], c[1:].to(weight_ih.dtype)

    @staticmethod
    def backward(
        ctx: Any, grad_h: Tensor | None, grad_c: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        *arguments, gates, tanh_c, h, c = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable_backward(
                (grad_h, grad_c), arguments, ctx.needs_input_grad, ctx.products
            )
        x, h_0, c_0, weight_ih, weight_hh, bias, mask = arguments
        need_x, need_h, need_c, need_ih, need_hh, need_b, *_ = ctx.needs_input_grad
        with torch.autocast(x.device.type, enabled=False):
            w_hh = weight_hh.to(ctx.products)
            if ctx.kernel is None:
                dys, dh, dc = _backward(grad_h, grad_c, gates, tanh_c, c, w_hh, mask)
            else:
                outside = None if grad_h is None else grad_h.to(ctx.products)
                dys, dh, dc = fused_backward(ctx.kernel, outside, grad_c, gates, c, w_hh, mask)
            dy = dys.flatten(0, 1)  # (T·B, 4H)
            dx = d_ih = d_hh = db = None
            if need_x:
                dx = (dy @ weight_ih.to(dy.dtype)).view(x.shape).to(x.dtype)
            if need_ih:
                d_ih = _weight_gradient(ctx.kernel, dy, x.flatten(0, 1).to(dy.dtype), weight_ih)
            if need_hh:
                d_hh = _weight_gradient(ctx.kernel, dy, h[:-1].flatten(0, 1), weight_hh)
            if need_b and bias is not None:
                db = dy.sum(0).to(bias.dtype)
        d_h = dh.to(h_0.dtype) if need_h else None
        d_c = dc.to(c_0.dtype) if need_c else None
        return dx, d_h, d_c, d_ih, d_hh, db, None, None


def _weight_gradient(kernel: Kernel | None, back: Tensor, inward: Tensor, weight: Tensor) -> Tensor:
    """The gradient in the weight's dtype, in memory that an earlier step has left."""
    wide = back.dtype if back.dtype == torch.float64 else torch.float32
    to = workspace.empty(tuple(weight.shape), wide, weight.device)
    return weight_gradient(kernel, back, inward, to).to(weight.dtype)


def _differentiable_backward(
    grads: tuple[Tensor | None, ...],
    arguments: list[Tensor],
    needed: tuple[bool, ...],
    products: torch.dtype,
) -> tuple[Tensor | None, ...]:
    """Compute the same gradients by autograd through the steps, to be differentiated again."""
    # views, so that a tensor that stands in two places gets its gradient for each by itself
    views = [a if a is None or a.dtype == torch.bool else a.view_as(a) for a in arguments]
    x, h_0, c_0, weight_ih, weight_hh, bias, mask = views
    cast = products != weight_ih.dtype  # as autocast did on the way forward
    with torch.autocast(x.device.type, products if cast else None, enabled=cast):
        cell, weights = (
            PlainLSTM(),
            SimpleNamespace(weight_ih=weight_ih, weight_hh=weight_hh, bias=bias),
        )
        step = partial(cell.step, TORCH, weights)
        h, c = run_steps(step, cell.project(TORCH, weights, x), (h_0, c_0), mask)
    states = (h.to(products), c)
    wanted = [n for n, need in enumerate(needed[:6]) if need]
    given = [(s, g) for s, g in zip(states, grads, strict=True) if g is not None]
    found = torch.autograd.grad(
        [s for s, _ in given],
        [views[n] for n in wanted],
        [g for _, g in given],
        create_graph=True,
        allow_unused=True,
    )
    gradients: list[Tensor | None] = [None] * len(needed)
    for n, gradient in zip(wanted, found, strict=True):
        gradients[n] = gradient
    return tuple(gradients)
