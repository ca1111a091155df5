"""The native kernel's functions in PyTorch's operations, for all dtypes, devices and machines.

The backward of a step has the formulas of `tangyin.lstm.step.gate_gradients`.
"""

import torch
from torch import Tensor


class TorchKernel:
    """The methods of `tangyin.nn.native.Kernel` of the same names, which documents them.

    Gates are kept in float32 in half precision, and in the products' dtype otherwise.
    """

    def gates(self, y: Tensor) -> Tensor:
        """Memory for the gates: that of the pre-activations y, unless y is in half precision."""
        return torch.empty_like(y, dtype=torch.float32) if y.dtype.itemsize == 2 else y

    def transpose(self, given: Tensor, to: Tensor) -> None:
        """Transpose a matrix."""
        to.copy_(given.t())

    def lstm_forward(
        self,
        y: Tensor,
        recurrent: Tensor | None,
        bias: Tensor | None,
        past: tuple[Tensor, Tensor],
        keep: Tensor | None,
        gates: Tensor,
        now: tuple[Tensor, Tensor],
    ) -> None:
        """From the pre-activations of a step compute its gates, c and h."""
        (h_past, c_past), (h, c) = past, now
        if gates.dtype != y.dtype:
            gates.copy_(y)
        for part in (recurrent, bias):
            if part is not None:
                gates.add_(part)
        i, f, g, o = gates.chunk(4, dim=1)
        gates[:, : 2 * i.shape[1]].sigmoid_()
        g.copy_(g.contiguous().tanh_())  # three times as fast on contiguous memory
        o.sigmoid_()
        torch.mul(f, c_past, out=c)
        c.addcmul_(i, g)
        torch.mul(o, torch.tanh(c), out=h)
        if keep is not None:
            torch.where(keep.unsqueeze(1), h, h_past, out=h)
            torch.where(keep.unsqueeze(1), c, c_past, out=c)

    def lstm_backward(
        self,
        gates: Tensor,
        cells: tuple[Tensor, Tensor],
        product: Tensor | None,
        outside: tuple[Tensor | None, Tensor | None],
        keep: Tensor | None,
        carried: Tensor | None,
        dc: Tensor,
        dy: Tensor,
    ) -> None:
        """From the gradients of h_t and c_t compute those of the pre-activations and of c_{t-1}."""
        c, c_past = cells
        dh = torch.zeros_like(dc) if carried is None else carried.clone()
        for gradient, part in ((dh, product), (dh, outside[0]), (dc, outside[1])):
            if part is not None:
                gradient.add_(part)
        dc_past = None
        if keep is not None and carried is not None:
            # a masked step passes its gradients on unchanged and has none of its own
            dropped = keep.logical_not().unsqueeze(1)
            torch.mul(dh, dropped, out=carried)
            dc_past = dc * dropped
            dh.masked_fill_(dropped, 0.0)
            dc.masked_fill_(dropped, 0.0)
        i, f, g, o = gates.chunk(4, dim=1)
        wide = dy if dy.dtype == gates.dtype else torch.empty_like(gates)
        dy_i, dy_f, dy_g, dy_o = wide.chunk(4, dim=1)
        tanh_c = torch.tanh(c)

        u = torch.mul(dh, o)
        v = torch.mul(u, tanh_c)
        torch.addcmul(v, v, o, value=-1.0, out=dy_o)
        dc.add_(u).addcmul_(v, tanh_c, value=-1.0)

        torch.mul(dc, i, out=u)
        torch.mul(u, g, out=v)
        torch.addcmul(v, v, i, value=-1.0, out=dy_i)
        torch.addcmul(u, v, g, value=-1.0, out=dy_g)

        dc.mul_(f)
        torch.mul(dc, c_past, out=v)
        torch.addcmul(v, v, f, value=-1.0, out=dy_f)
        if wide is not dy:
            dy.copy_(wide)
        if dc_past is not None:
            dc.add_(dc_past)

    def cross_entropy(
        self,
        logits: Tensor,
        bias: Tensor,
        targets: Tensor,
        scale: Tensor | None,
        echo: tuple[Tensor, Tensor, Tensor] | None,
        nll: Tensor,
        dbias: Tensor | None,
        decho: Tensor | None,
    ) -> None:
        """Compute the cross-entropy of some rows and, in place of the logits, their gradient."""
        z = logits.to(bias.dtype) + bias
        if echo is not None:
            values, ids, classes = echo[0], echo[1].long(), echo[2].clamp(min=0).long()
            counted = echo[2] >= 0
            z.scatter_add_(1, ids, values.gather(1, classes).mul(counted))
        shifted = z.sub_(z.amax(1, keepdim=True))
        of_target = shifted.gather(1, targets.unsqueeze(1)).squeeze(1)
        p = shifted.exp_()
        total = p.sum(1)
        torch.sub(total.log(), of_target, out=nll)
        if scale is None or dbias is None:
            return
        p.mul_((scale / total).unsqueeze(1))
        p.scatter_add_(1, targets.unsqueeze(1), -scale.unsqueeze(1))
        dbias.add_(p.sum(0))
        if echo is not None and decho is not None:
            decho.zero_().scatter_add_(1, classes, p.gather(1, ids).mul(counted))
        logits.copy_(p)
