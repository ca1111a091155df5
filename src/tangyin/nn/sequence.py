"""The LSTM over a whole sequence as operators of PyTorch.

There are two operators, `tangyin::lstm_sequence` and `tangyin::lstm_gradients`, the derivative of
the first (`closed_form`). `torch.compile` and `torch.export` do not look inside them. Second
derivatives, and those of `torch.func` and forward mode, are taken through the single steps.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.nn.closed_form import Given, forward, forward_shapes, gradient_shapes, gradients
from tangyin.nn.operations import TORCH, Weights, take_step
from tangyin.nn.state import LSTMState, autocasts, run_steps, without_padding

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
    """The dtype of products with a weight: autocast's if it is on, otherwise the weight's."""
    if autocasts(weight.device) and weight.dtype != torch.float64:
        return torch.get_autocast_dtype(weight.device.type)
    return weight.dtype


def _transformed() -> bool:
    """Whether a transform of `torch.func` or forward mode is active.

    Custom operators do not support them. A vmap over gradients (`is_grads_batched`) is one too.
    """
    depth: int = torch._C._functorch.get_dynamic_layer_stack_depth()
    return depth > 0 or forward_ad._current_level >= 0


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
    """The results of `closed_form.gradients`, by autograd through the steps."""
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

    def by_steps(*tensors: Tensor | None) -> list[Tensor | None]:
        return _gradients_by_steps(tensors[:2], tensors[2:], mask, ctx.products)

    return (*_pull_back(by_steps, primals, outer), *(None,) * 7)


def _register() -> Any:
    """Register both operators with PyTorch, for all devices.

    `torch.library.custom_op` would load the compiler at the first step, which takes two seconds.
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
        ("lstm_sequence", forward, forward_shapes, _differentiate, _save),
        ("lstm_gradients", gradients, gradient_shapes, _differentiate_again, _save_again),
    ):
        library.impl(name, function, "CompositeExplicitAutograd")
        torch.library.register_fake(f"tangyin::{name}", fake, lib=library)
        torch.library.register_autograd(
            f"tangyin::{name}", derivative, setup_context=save, lib=library
        )
    return library


_LIBRARY = _register()
