"""The native kernel, compiled at its first use; without a compiler `torch_kernel` replaces it."""

import ctypes
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from tangyin.native import built_library, processor
from tangyin.nn.torch_kernel import TorchKernel

SOURCE = Path(__file__).with_name("kernel.cpp")

FLAGS = (
    "-std=c++17 -O3 -march=native -fno-math-errno -fno-trapping-math -ffp-contract=fast "
    "-fopenmp -fvisibility=hidden"
)
"""No -ffast-math: NaN must stay NaN, and linking with it changes rounding in the whole process."""

WIDE = "-mprefer-vector-width=512"
"""For processors with AVX-512; compilers for other processors do not know it."""


class Kernel:
    """The compiled functions of `kernel.cpp`, for float32 and bfloat16 products on the CPU.

    All tensors are contiguous. `keep` is a step's mask, (B,) of bool, or None.
    """

    def __init__(self, library: Path) -> None:
        """Load the library.

        Raises:
            OSError: it cannot be loaded.
        """
        loaded = ctypes.CDLL(str(library))
        self._functions = {}
        for suffix, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
            for name, arguments in _ARGUMENTS.items():
                function = getattr(loaded, f"{name}_{suffix}")
                function.argtypes = list(arguments)
                function.restype = None
                self._functions[name, dtype] = function

    def gates(self, y: Tensor) -> Tensor:
        """Memory for the gates: that of the pre-activations y, viewed as `gates_dtype`."""
        return y.view(gates_dtype(y.dtype))

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
        """From the pre-activations of a step compute its gates, c and h.

        y is W_ih x, (B, 4H), in the products' dtype; `recurrent` is W_hh h_{t-1}, likewise, or None
        if y includes it; `bias` is (4H,) float32. `past` and `now` are h in the products'
        dtype and c in float32, each (B, H). `gates` takes i, f, g, o, (B, 4H) in `gates_dtype`; it
        may share y's memory.
        """
        B, H = past[0].shape
        (h_past, c_past), (h, c) = past, now
        self._call(
            "lstm_forward", y.dtype, B, H, y, recurrent, bias, c_past, h_past, keep, gates, c, h
        )

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
        """From the gradients of h_t and c_t compute those of the pre-activations and of c_{t-1}.

        `gates` is what `lstm_forward` left; `cells` are c_t and c_{t-1}; `product` is
        W_hhᵀ ∇y_{t+1}, None at the last step; `outside` are the gradients of h_t and c_t from
        outside; `carried` is what masked rows of later steps pass on, needed with a mask. `dc` goes
        from ∇c_t of later steps to ∇c_{t-1}; `dy` takes ∇y_t, (B, 4H). The others are (B, H).
        `product`, `outside[0]` and `dy` are in the products' dtype, the rest in float32.
        """
        B, H = dc.shape
        given = gates, *cells, product, *outside, keep, carried
        self._call("lstm_backward", dy.dtype, B, H, *given, dc, dy)

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
        """Compute the cross-entropy of some rows and, in place of the logits, their gradient.

        The logits are (N, V) without the bias, in the products' dtype, targets (N,) int64. `scale`,
        (N,), is what each row's nll counts in the loss; None for no gradient. `echo` holds values
        (N, K), ids (N, L) int32 and classes (N, L) int8: values[class] is added to the logits of
        the ids; a negative class adds nothing. `nll` (N,) and `decho` (N, K) are written, `dbias`
        (V,) is added to. All other tensors are float32.
        """
        N, V = logits.shape
        values, ids, classes = echo or (None, None, None)
        L, K = (0, 0) if ids is None or values is None else (ids.shape[1], values.shape[1])
        rows = logits, bias, targets, scale
        taken = L, ids, classes, K, values
        self._call("cross_entropy", logits.dtype, N, V, *rows, *taken, nll, dbias, decho)

    def transpose(self, given: Tensor, to: Tensor, *, add: bool = False) -> None:
        """Write, or add, the transpose of `given`, (N, M) in the products' dtype, to `to`, (M, N).

        Raises:
            ValueError: `to` is neither float32 nor, without adding, in the products' dtype, or one
                of them does not lie in memory row by row.
        """
        N, M = given.shape
        if to.shape != (M, N) or not (given.is_contiguous() and to.is_contiguous()):
            raise ValueError(f"({N}, {M}) and its transpose must both lie in memory row by row")
        if to.dtype == given.dtype and not add:
            self._call("transpose", given.dtype, N, M, given, to)
        else:
            if to.dtype != torch.float32:
                raise ValueError(f"only float32 is widened to and added to, not {to.dtype}")
            self._call("transpose_wide", given.dtype, N, M, given, to, add)

    def _call(self, name: str, dtype: torch.dtype, *arguments: Tensor | int | None) -> None:
        """Call a function, with the addresses of tensors; the first two arguments are sizes.

        Raises:
            RuntimeError: a tensor has no memory on the CPU (`_address`).
        """
        addresses = [_address(a) if isinstance(a, Tensor) else a for a in arguments]
        if 0 not in arguments[:2]:  # otherwise there is nothing to compute
            self._functions[name, dtype](*addresses)


@lru_cache(maxsize=1)
def native_kernel() -> Kernel | None:
    """The kernel, or None where it cannot be built; the first call compiles it."""
    wide = [WIDE] if "avx512f" in processor() else []
    library = built_library(SOURCE, [*FLAGS.split(), *wide])
    if library is None:
        return None
    try:
        return Kernel(library)
    except (OSError, AttributeError):
        return None


def _address(tensor: Tensor) -> int:
    """The address of a tensor's data in this process; 0 for an empty tensor."""
    address = tensor.data_ptr() if tensor.is_cpu else 0
    if not address and tensor.numel():
        raise RuntimeError(
            f"a tensor of shape {tuple(tensor.shape)} has no memory on the CPU (it is fake, or on "
            f"the device {tensor.device}); give real tensors on one device"
        )
    return address


def kernel_for(dtype: torch.dtype, device: torch.device) -> Kernel | TorchKernel:
    """The native kernel if it supports this dtype and device, otherwise PyTorch's operations."""
    if device.type != "cpu" or dtype not in (torch.float32, torch.bfloat16):
        return TorchKernel()
    return native_kernel() or TorchKernel()


def gates_dtype(products: torch.dtype) -> torch.dtype:
    """The dtype in which `Kernel.lstm_forward` keeps the gates."""
    return torch.float32 if products == torch.float32 else torch.int16


_LONG, _ARRAY = ctypes.c_long, ctypes.c_void_p
_ARGUMENTS = {
    "lstm_forward": (_LONG, _LONG, *[_ARRAY] * 9),
    "lstm_backward": (_LONG, _LONG, *[_ARRAY] * 10),
    "cross_entropy": (
        _LONG, _LONG, *[_ARRAY] * 4, _LONG, _ARRAY, _ARRAY, _LONG, *[_ARRAY] * 4,
    ),
    "transpose": (_LONG, _LONG, _ARRAY, _ARRAY),
    "transpose_wide": (_LONG, _LONG, _ARRAY, _ARRAY, ctypes.c_bool),
}  # fmt: skip
