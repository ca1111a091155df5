"""Output layer and cross-entropy, fused: the logits of a whole batch never exist at once.

For hidden states s_n, targets t_n and weights ω_n the loss is Σ_n ω_n · nll_n with

    z_n = W s_n + b (+ echoes),  nll_n = log Σ_v exp(z_nv) - z_n,t_n

and its gradient by the logits is ω_n (softmax(z_n) - onehot(t_n)). The loss and the gradient of a
few hundred rows are computed in place while their logits are in the cache. Only the gradients by s,
W and b are kept (as in Wijmans et al. 2024, "Cut your losses in large-vocabulary language models",
and LinkedIn's Liger kernels, for one CPU).

Echoes: the model may add a value to the logit of each character that occurs earlier in the
sequence, one value per class of place (`tangyin.model.features.Reader`): z_n[id] += echo_n[class].
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tangyin.nn import workspace
from tangyin.nn.closed_form import weight_gradient
from tangyin.nn.native import kernel_for
from tangyin.nn.sequence import product_dtype

CHUNK_BYTES = 8 << 20
"""The approximate size of a chunk of logits: it fits a cache, and its product is still fast."""

CHUNKS_TOGETHER = 2
"""Chunks that share one product for the gradients: larger products are faster."""


class Echo(NamedTuple):
    """What is added to the logits of earlier characters.

    Attributes:
        values: (N, K) floating, a value for each class.
        ids: (N, L) of integers from 0 to V - 1, earlier characters of each row's sequence.
        classes: (N, L) of integers, the class of each, below K; negative ones add nothing.
    """

    values: Tensor
    ids: Tensor
    classes: Tensor


def linear_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    scale: Tensor | None = None,
    echo: Echo | None = None,
) -> Tensor:
    """Compute the cross-entropy of a linear output layer, and its gradient in the same pass.

    Under autocast the products are taken in its dtype, and everything else in float32. There are no
    second derivatives: a backward pass that would need them (`create_graph=True`) is refused.

    Args:
        hidden: s, (N, H), N ≥ 1.
        weight: W, (V, H).
        bias: b, (V,).
        targets: (N,) of integers from 0 to V - 1.
        scale: ω, (N,), without a gradient; 1/N each when left out, which makes the mean.
        echo: what is added to the logits of earlier characters.

    Returns:
        A scalar, in nats, of W's dtype (float32 for a half-precision one).

    Raises:
        IndexError: a target, id or class is out of range.
        ValueError: there are no rows.
    """
    count = len(hidden)
    if count == 0:
        raise ValueError("there is nothing to take a loss of: hidden has no rows")
    if scale is None:
        wide = torch.promote_types(weight.dtype, torch.float32)
        scale = torch.full((count,), 1.0 / count, dtype=wide, device=hidden.device)
    values, ids, classes = echo or (None, None, None)
    loss: Tensor = _LinearCrossEntropy.apply(  # type: ignore[no-untyped-call]
        hidden, weight, bias, values, targets, scale, ids, classes, product_dtype(weight)
    )
    return loss


class _LinearCrossEntropy(torch.autograd.Function):
    """Computes the gradients on the way forward and returns them on the way back."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        hidden, weight, bias, values, targets, scale, ids, classes, products = given
        wide = torch.float64 if products == torch.float64 else torch.float32
        echo = None
        if values is not None:
            echo = Echo(
                values.to(wide).contiguous(),
                ids.to(torch.int32).contiguous(),
                classes.to(torch.int8).contiguous(),
            )
        wanted = any(ctx.needs_input_grad)
        with torch.autocast(hidden.device.type, enabled=False):
            loss, gradients = _loss_and_gradients(
                hidden.to(products), weight.to(products), bias.to(wide).contiguous(),
                targets.long().contiguous(), scale.to(wide).contiguous(), echo, wanted,
            )  # fmt: skip
        if wanted:
            ctx.save_for_backward(
                *(
                    None if gradient is None else gradient.to(tensor.dtype)
                    for tensor, gradient in zip(given[:4], gradients, strict=True)
                )
            )
        return loss

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        # once_differentiable would let the gradients pass as constants when grad is one
        if torch.is_grad_enabled():
            raise RuntimeError(
                "linear_cross_entropy has no second derivatives; "
                "differentiate without create_graph, or take the cross-entropy of the logits"
            )
        unchanged = bool(grad == 1)  # as it is after loss.backward(): nothing to multiply
        gradients = (
            g if g is None or unchanged else g * grad.to(g.dtype) for g in ctx.saved_tensors
        )
        return (*gradients, *[None] * 5)


def _loss_and_gradients(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    scale: Tensor,
    echo: Echo | None,
    wanted: bool,
) -> tuple[Tensor, tuple[Tensor | None, ...]]:
    """Go over the rows chunk by chunk; the gradients are by hidden, weight, bias and echo."""
    N, V = len(hidden), len(weight)
    kernel = kernel_for(hidden.dtype, hidden.device)
    if hidden.device.type == "cpu":  # on a GPU torch refuses them itself
        _check_numbers(V, targets, echo)
    parts = max(1, round(N * V * hidden.element_size() / (CHUNK_BYTES * CHUNKS_TOGETHER)))
    # shared out evenly: a small last product would take longer for each of its rows
    rows = math.ceil(N / (parts * CHUNKS_TOGETHER) / 16) * 16
    together = rows * CHUNKS_TOGETHER if wanted else rows
    nll = torch.empty_like(scale)
    space = workspace.empty((min(N, together), V), hidden.dtype, hidden.device)
    d_hidden = d_weight = d_bias = d_echo = None
    if wanted:
        d_hidden = torch.empty_like(hidden)
        d_weight = workspace.empty((V, hidden.shape[1]), bias.dtype, hidden.device)
        d_bias = torch.zeros_like(bias)
        d_echo = None if echo is None else torch.empty_like(echo.values)
    transposed = weight.t()
    for start in range(0, N, together):
        end = min(N, start + together)
        for first in range(start, end, rows):
            part = slice(first, min(end, first + rows))
            logits = space[first - start : part.stop - start]
            torch.mm(hidden[part], transposed, out=logits)
            some = None if echo is None else Echo(*(tensor[part] for tensor in echo))
            kernel.cross_entropy(
                logits, bias, targets[part], scale[part] if wanted else None, some,
                nll[part], d_bias, None if d_echo is None else d_echo[part],
            )  # fmt: skip
        if d_hidden is not None and d_weight is not None:
            d_logits = space[: end - start]
            torch.mm(d_logits, weight, out=d_hidden[start:end])
            weight_gradient(kernel, d_logits, hidden[start:end], d_weight, add=start > 0)
    return nll @ scale, (d_hidden, d_weight, d_bias, d_echo)


def _check_numbers(V: int, targets: Tensor, echo: Echo | None) -> None:
    """Refuse indices with which the kernel would access memory outside the logits."""
    numbers = [("target", targets, 0, V)]
    if echo is not None:
        numbers += [("id", echo.ids, 0, V), ("class", echo.classes, -128, echo.values.shape[1])]
    for name, given, least, end in numbers:
        low, high = given.aminmax()
        if low < least or high >= end:
            raise IndexError(
                f"a {name} is out of range: they run from {low} to {high}, "
                f"and must be from {least} to {end - 1}"
            )
