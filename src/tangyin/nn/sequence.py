"""The LSTM of `tangyin.lstm.cells.lstm` over a whole sequence, with its backward in closed form.

Only h_{t-1} W_hhᵀ and ∇y_{t+1} W_hh are inside the loops: the inputs of all steps are projected
in one product, and each weight's gradient is one product over all steps.

What is done to a step between the products is in the native kernel, or in `torch_kernel` where it
cannot be built. With bfloat16 products the native kernel keeps the gates in 16 bits, in the memory
of the projected inputs; c is float32, and tanh(c) is computed again in the backward.
"""

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.nn import workspace
from tangyin.nn.native import Kernel, kernel_for
from tangyin.nn.operations import TORCH
from tangyin.nn.state import LSTMState, run_steps
from tangyin.nn.torch_kernel import TorchKernel

WIDE = 1536
"""Columns of ∇y from which `weight_gradient` transposes: H 384 of an LSTM, any vocabulary."""


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
    kernel: Kernel | TorchKernel, arguments: Sequence[Any], products: torch.dtype
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the gates (T, B, 4H), as the kernel keeps them, and h and c from 0 to T."""
    x, h_0, c_0, weight_ih, weight_hh, bias, mask = arguments
    T, B, _ = x.shape
    H = h_0.shape[-1]
    device = x.device
    y = workspace.empty((T, B, 4 * H), products, device)
    torch.mm(x.flatten(0, 1).to(products), weight_ih.to(products).t(), out=y.view(T * B, 4 * H))
    gates = kernel.gates(y)
    w_hh = workspace.empty((H, 4 * H), products, device)  # as the products read it fastest
    kernel.transpose(weight_hh.to(products).contiguous(), w_hh)
    wide = torch.promote_types(products, torch.float32)
    offset = None if bias is None else bias.to(wide).contiguous()
    h = workspace.empty((T + 1, B, H), products, device)
    c = workspace.empty((T + 1, B, H), wide, device)
    h[0], c[0] = h_0, c_0
    # in half precision the sum with the recurrent product must not be rounded twice
    scratch = None if products == wide else y.new_empty(B, 4 * H)
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


def _backward(
    kernel: Kernel | TorchKernel,
    grad_h: Tensor | None,
    grad_c: Tensor | None,
    gates: Tensor,
    c: Tensor,
    weight_hh: Tensor,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute ∇y (T, B, 4H), in the products' dtype, and ∇h_0 and ∇c_0, each (B, H)."""
    T, B, H = c.shape[0] - 1, c.shape[1], c.shape[2]
    dy = workspace.empty((T, B, 4 * H), weight_hh.dtype, weight_hh.device)
    dc = c.new_zeros(B, H)
    product = weight_hh.new_empty(B, H)
    carried = None if mask is None else c.new_zeros(B, H)
    cs, gs, dys = c.unbind(0), gates.unbind(0), dy.unbind(0)
    none = [None] * T
    out_h = none if grad_h is None else grad_h.to(dy.dtype).contiguous().unbind(0)
    out_c = none if grad_c is None else grad_c.to(c.dtype).contiguous().unbind(0)
    keep = none if mask is None else mask.unbind(0)
    for t in reversed(range(T)):
        later = product if t < T - 1 else None
        outside = out_h[t], out_c[t]
        kernel.lstm_backward(
            gs[t], (cs[t + 1], cs[t]), later, outside, keep[t], carried, dc, dys[t]
        )
        torch.mm(dys[t], weight_hh, out=product)
    dh = product.to(c.dtype)
    return dy, dh if carried is None else dh + carried, dc


class _LSTMSequence(torch.autograd.Function):
    """`_forward` and `_backward` as autograd sees them."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> tuple[Tensor, Tensor]:
        *tensors, mask, products = given
        arguments = (*tensors, None if mask is None else mask.contiguous())
        weight = arguments[3]
        kernel = kernel_for(products, weight.device)
        with torch.autocast(weight.device.type, enabled=False):
            gates, h, c = _forward(kernel, arguments, products)
        ctx.save_for_backward(*arguments, gates, h, c)
        ctx.products, ctx.kernel = products, kernel
        ctx.set_materialize_grads(False)
        return h[1:], c[1:].to(weight.dtype)

    @staticmethod
    def backward(
        ctx: Any, grad_h: Tensor | None, grad_c: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        *arguments, gates, h, c = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable_backward(
                (grad_h, grad_c), arguments, ctx.needs_input_grad, ctx.products
            )
        x, h_0, c_0, weight_ih, weight_hh, bias, mask = arguments
        need_x, need_h, need_c, need_ih, need_hh, need_b, *_ = ctx.needs_input_grad
        with torch.autocast(x.device.type, enabled=False):
            w_hh = weight_hh.to(ctx.products)
            dys, dh, dc = _backward(ctx.kernel, grad_h, grad_c, gates, c, w_hh, mask)
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


def weight_gradient(
    kernel: Kernel | TorchKernel, back: Tensor, inward: Tensor, to: Tensor, *, add: bool = False
) -> Tensor:
    """Write, or add, ∇W = ∇yᵀ x for y = x Wᵀ to `to`, and return it.

    `back` is ∇y, (N, O), and `inward` x, (N, I), in the products' dtype, which the kernel must be
    for; `to` is (O, I), contiguous, and float32 if the products are in half precision.

    The product reads its first operand down the columns, which is half as fast for large matrices
    in bf16. So what went in is transposed beforehand, and the product, which then comes out
    transposed, on its way into the float32 gradient.
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
    # views, so that a tensor given twice gets a gradient for each
    views = [a if a is None or a.dtype == torch.bool else a.view_as(a) for a in arguments]
    x, h_0, c_0, weight_ih, weight_hh, bias, mask = views
    cast = products != weight_ih.dtype  # as autocast did on the way forward
    with torch.autocast(x.device.type, products if cast else None, enabled=cast):
        cell = PlainLSTM()
        weights = SimpleNamespace(weight_ih=weight_ih, weight_hh=weight_hh, bias=bias)
        step = partial(cell.step, TORCH, weights)
        h, c = run_steps(step, cell.project(TORCH, weights, x), (h_0, c_0), mask)
    states = (h.to(products), c)
    wanted = [view for view, need in zip(views, needed, strict=False) if need]
    given = [(s, g) for s, g in zip(states, grads, strict=True) if g is not None]
    found = torch.autograd.grad(
        [s for s, _ in given],
        wanted,
        [g for _, g in given],
        create_graph=True,
        allow_unused=True,
    )
    gradients = iter(found)
    return tuple(next(gradients) if need else None for need in needed)
