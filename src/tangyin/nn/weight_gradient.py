"""The gradient of a weight from what went in and what came back: one product over all rows.

The product reads its first operand down the columns, which is half as fast for large matrices in
bf16. So what went in is transposed beforehand, and the product, which then comes out transposed, on
its way into the float32 gradient.
"""

import torch
from torch import Tensor

from tangyin.nn import workspace
from tangyin.nn.native import Kernel
from tangyin.nn.torch_kernel import TorchKernel

WIDE = 1536
"""Columns of the outputs' gradient from which that pays (H 384 of an LSTM; any vocabulary)."""


def weight_gradient(
    kernel: Kernel | TorchKernel, back: Tensor, inward: Tensor, to: Tensor, *, add: bool = False
) -> Tensor:
    """Write, or add, ∇W = ∇yᵀ x for y = x Wᵀ to `to`, and return it.

    `back` is ∇y, (N, O), and `inward` x, (N, I), in the products' dtype, which the kernel must be
    for; `to` is (O, I), contiguous, and float32 if the products are in half precision.
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
