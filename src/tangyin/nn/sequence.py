"""The LSTM of `tangyin.lstm.cells.lstm` over a whole sequence, with its backward in closed form.

Only h_{t-1} W_hhᵀ and ∇y_{t+1} W_hh are inside the loops: the inputs of all steps are projected
in one product, and each weight's gradient is one product over all steps.

What is done to a step between the products is in the native kernel, or in `torch_kernel` where it
cannot be built. With bfloat16 products the native kernel keeps the gates in 16 bits, in the memory
of the projected inputs; c is float32, and tanh(c) is computed again in the backward.

With a projection (LSTMP: Sak, Senior and Beaufays 2014) m_t = o ⊙ tanh(c_t) is what the kernel
computes, and h_t = W_hr m_t. Backward, with ∇h_t the sum of what comes from outside and from the
next step, ∇m_t = W_hrᵀ ∇h_t takes the place of ∇h_t, and ∇W_hr = Σ_t ∇h_t m_tᵀ.

PyTorch sees two operators, `tangyin::lstm_sequence` and `tangyin::lstm_gradients`, the derivative
of the first. `torch.compile` and `torch.export` do not look inside them. Second derivatives, and
those of `torch.func` and forward mode, are taken through the single steps.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.nn import workspace
from tangyin.nn.native import Kernel, kernel_for
from tangyin.nn.operations import TORCH, Weights, take_step
from tangyin.nn.state import LSTMState, autocasts, run_steps, without_padding
from tangyin.nn.torch_kernel import TorchKernel

WIDE = 1536
"""Columns of ∇y from which `weight_gradient` transposes: H 384 of an LSTM, any vocabulary."""

Given = Sequence[Any]
"""x, h_0, c_0, weight_ih, weight_hh, bias, weight_hr, each a tensor or None."""

Gradients = tuple[Tensor | None, ...]


def lstm_sequence(
    input: Tensor,
    state: tuple[Tensor, Tensor],
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    weight_hr: Tensor | None = None,
) -> LSTMState:
    """Run the LSTM over a sequence; its gradients are computed in closed form.

    Derivatives of any order are right: those above the first are taken by autograd through the
    steps. So are all derivatives under the transforms of `torch.func` and in forward mode.

    In half precision (under autocast, or with half-precision weights) the products are taken in
    half precision and everything else in float32. h then has the products' dtype and c the
    weights' dtype, so that under autocast the sum over time is carried in float32.

    Args:
        input: x, (T, B, I) with T ≥ 1.
        state: h_0, (B, P), and c_0, (B, H); P = H without a projection.
        weight_ih: (4H, I), gates i, f, g, o.
        weight_hh: (4H, P), gates i, f, g, o.
        bias: (4H,) or None.
        mask: (T, B) of bool; where False the step carries the state unchanged, and neither the
            output nor a gradient depends on the input, whatever it holds.
        weight_hr: the projection, (P, H), or None.

    Returns:
        h (T, B, P) and c (T, B, H) after every step.
    """
    products = product_dtype(weight_ih)
    x = without_padding(input, mask)
    given = (x, *state, weight_ih, weight_hh, bias, weight_hr)
    if _transformed():
        h, c = _steps(given, mask, products)
    else:
        h, c, _, _ = torch.ops.tangyin.lstm_sequence(*given, mask, products)
    return LSTMState(h, c.to(weight_ih.dtype))


def product_dtype(weight: Tensor) -> torch.dtype:
    """Say in which dtype products with a weight are taken: autocast's if it is on, or its own."""
    if autocasts(weight.device) and weight.dtype != torch.float64:
        return torch.get_autocast_dtype(weight.device.type)
    return weight.dtype


def _transformed() -> bool:
    """Whether a transform of `torch.func` or forward mode is at work, which custom operators lack.

    A vmap over gradients (`is_grads_batched`) is one too.
    """
    depth: int = torch._C._functorch.get_dynamic_layer_stack_depth()
    return depth > 0 or forward_ad._current_level >= 0


def _forward(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute h (T, B, P) and c (T, B, H), the gates (T, B, 4H) as the kernel keeps them, and m.

    Takes `Given`, the mask and the products' dtype. m is (T, B, H), or empty without a projection.
    """
    *given, mask, products = arguments
    device = given[0].device
    with torch.autocast(device.type, enabled=False):
        return _run(kernel_for(products, device), given, mask, products)


def _run(
    kernel: Kernel | TorchKernel, given: Sequence[Any], mask: Tensor | None, products: torch.dtype
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute what `_forward` does."""
    x, h_0, c_0, weight_ih, weight_hh, bias, weight_hr = given
    T, B, _ = x.shape
    P, H = h_0.shape[-1], c_0.shape[-1]
    device = x.device
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
        carried: what masked rows of later steps hand on, (B, P).
    """

    def __init__(self, weight: Tensor, c: Tensor, mask: Tensor | None) -> None:
        shape = (*c.shape[:2], len(weight))
        self.weight, self.mask = weight, mask
        self.dh = workspace.empty(shape, weight.dtype, weight.device)
        self.carried = c.new_zeros(shape[1:])

    def back(self, t: int, later: Tensor | None, outside: Tensor | None) -> Tensor:
        """∇m_t, (B, H), from what comes to h_t from the step after it and from outside."""
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

    `grads` are what comes to h and c from outside; `c` is c_0 and c.
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


def _gradients(*arguments: Any) -> tuple[Tensor, ...]:
    """Compute the gradients of `Given`, of their dtypes; empty where not needed.

    Takes the gradients of h and c, `Given`, the mask, what `_forward` gave, what is needed and the
    products' dtype.
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


def _steps(given: Given, mask: Tensor | None, products: torch.dtype) -> tuple[Tensor, Tensor]:
    """Compute h and c by PyTorch's operations step by step, to be differentiated in any way."""
    x, h_0, c_0, weight_ih, weight_hh, bias, weight_hr = given
    cast = products != weight_ih.dtype  # as autocast did on the way forward
    with torch.autocast(x.device.type, products if cast else None, enabled=cast):
        cell = PlainLSTM()
        named = {"weight_ih": weight_ih, "weight_hh": weight_hh, "weight_hr": weight_hr}
        weights = Weights({**named, "bias": bias})
        inputs = cell.project(TORCH, weights, x)
        h, c = run_steps(partial(take_step, cell, weights), inputs, (h_0, c_0), mask)
    return h.to(products), c.to(torch.promote_types(products, torch.float32))


def _pull_back(
    function: Callable[..., Sequence[Tensor | None]], primals: Given, outer: Given
) -> list[Tensor | None]:
    """The gradients of those primals that need one, differentiable again where gradients are.

    `function` takes all primals; `outer` are the gradients of its results, None for zero.
    """
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        # views, so that a tensor given twice gets a gradient for each
        views = [t.view_as(t) if t is not None and t.requires_grad else t for t in primals]
        results = zip(function(*views), outer, strict=True)
        pairs = [
            (result, gradient.to(result.dtype))
            for result, gradient in results
            if gradient is not None and result is not None and result.requires_grad
        ]
        if not pairs:
            return [None] * len(views)
        wanted = [view for view in views if view is not None and view.requires_grad]
        found = iter(
            torch.autograd.grad(
                [result for result, _ in pairs],
                wanted,
                [gradient for _, gradient in pairs],
                create_graph=again,
                allow_unused=True,
            )
        )
    return [next(found) if view is not None and view.requires_grad else None for view in views]


def _gradients_by_steps(
    grads: Given, given: Given, mask: Tensor | None, products: torch.dtype
) -> list[Tensor | None]:
    """What `_gradients` computes, by autograd through the steps."""
    return _pull_back(lambda *tensors: _steps(tensors, mask, products), given, grads)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *given, ctx.products = inputs
    ctx.save_for_backward(*given, *output)
    ctx.mark_non_differentiable(*output[2:])
    ctx.set_materialize_grads(False)


def _differentiate(ctx: Any, grad_h: Tensor | None, grad_c: Tensor | None, *_: Any) -> Gradients:
    """The derivative of `tangyin::lstm_sequence`."""
    *given, mask, h, c, gates, m = ctx.saved_tensors
    needed = list(ctx.needs_input_grad[: len(given)])
    if grad_h is None and grad_c is None:
        return (None,) * (len(given) + 2)
    found: Sequence[Tensor | None]
    if _transformed():
        found = _gradients_by_steps((grad_h, grad_c), given, mask, ctx.products)
    else:
        found = torch.ops.tangyin.lstm_gradients(
            grad_h, grad_c, *given, mask, h, c, gates, m, needed, ctx.products
        )
    return (*(g if n else None for g, n in zip(found, needed, strict=True)), None, None)


def _save_again(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    del output
    ctx.products = inputs[-1]
    ctx.save_for_backward(*inputs[:10])
    ctx.set_materialize_grads(False)


def _differentiate_again(ctx: Any, *outer: Tensor | None) -> Gradients:
    """The derivative of `tangyin::lstm_gradients`, by autograd through the steps.

    h, c and the gates are functions of what was given, so all derivatives go by that.
    """
    *primals, mask = ctx.saved_tensors

    def gradients(*tensors: Tensor | None) -> list[Tensor | None]:
        return _gradients_by_steps(tensors[:2], tensors[2:], mask, ctx.products)

    return (*_pull_back(gradients, primals, outer), *(None,) * 7)


def _register() -> Any:
    """Make PyTorch know both operators, on all devices.

    `torch.library.custom_op` would load the compiler, two seconds, at the first step.
    """
    library: Any = torch.library.Library("tangyin", "FRAGMENT")  # type: ignore[no-untyped-call]
    given = (
        "Tensor input, Tensor h_0, Tensor c_0, Tensor weight_ih, Tensor weight_hh, "
        "Tensor? bias, Tensor? weight_hr, Tensor? mask, "
    )
    made = "Tensor h, Tensor c, Tensor gates, Tensor m, "
    library.define(f"lstm_sequence({given}ScalarType products) -> ({made[:-2]})")
    library.define(
        f"lstm_gradients(Tensor? grad_h, Tensor? grad_c, {given}{made}"
        f"bool[] needed, ScalarType products) -> ({', '.join(['Tensor'] * 7)})"
    )
    for name, function, fake, derivative, save in (
        ("lstm_sequence", _forward, _forward_shapes, _differentiate, _save),
        ("lstm_gradients", _gradients, _gradient_shapes, _differentiate_again, _save_again),
    ):
        library.impl(name, function, "CompositeExplicitAutograd")
        torch.library.register_fake(f"tangyin::{name}", fake, lib=library)
        torch.library.register_autograd(
            f"tangyin::{name}", derivative, setup_context=save, lib=library
        )
    return library


def _forward_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    """Tensors like those of `_forward`, without values."""
    x, h_0, c_0, *_, weight_hr, _, products = arguments
    (T, B, _), P, H = x.shape, h_0.shape[-1], c_0.shape[-1]
    y = x.new_empty((T, B, 4 * H), dtype=products)
    c = x.new_empty((T, B, H), dtype=torch.promote_types(products, torch.float32))
    m = y.new_empty(0 if weight_hr is None else (T, B, H))
    return y.new_empty((T, B, P)), c, kernel_for(products, x.device).gates(y), m


def _gradient_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    """Tensors like those of `_gradients`, without values."""
    given, needed = arguments[2:9], arguments[-2]
    return tuple(
        given[0].new_empty(0) if tensor is None or not need else tensor.new_empty(tensor.shape)
        for tensor, need in zip(given, needed, strict=True)
    )


_LIBRARY = _register()
