"""The weights of one LSTM layer, stacked as PyTorch stacks them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tangyin.errors import TangyinError
from tangyin.lstm.arrays import FloatArray, check_shape

GATES = ("i", "f", "g", "o")
"""The order in which every stacked weight, bias and pre-activation holds the gates."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights and the bias of one LSTM layer.

    With z = [h_prev, x] the pre-activation of gate λ is y_λ = W_λ z + b_λ. The four gates stand
    one above the other in the order i, f, g, o, and the two halves of every W_λ stand apart, the
    one that meets x in `W_ih` and the one that meets h_prev in `W_hh`: these are the arrays that
    PyTorch calls `weight_ih_l0` and `weight_hh_l0`. There is one bias a gate.

    Attributes:
        W_ih: (4H, E), float32 or float64.
        W_hh: (4H, H), of the same dtype.
        b: (4H,), of the same dtype.

    Raises:
        ValueError: the shapes or the dtypes do not belong to one layer.
    """

    W_ih: FloatArray
    W_hh: FloatArray
    b: FloatArray

    def __post_init__(self) -> None:
        if self.W_hh.ndim != 2 or self.W_hh.shape[0] != 4 * self.W_hh.shape[1]:
            raise ValueError(f"W_hh has shape {self.W_hh.shape}; give it the shape (4H, H)")
        if self.W_ih.ndim != 2:
            raise ValueError(f"W_ih has shape {self.W_ih.shape}; give it the shape (4H, E)")
        check_shape("W_ih", self.W_ih, (4 * self.hidden_size, self.input_size))
        check_shape("b", self.b, (4 * self.hidden_size,))
        dtypes = {array.dtype for array in (self.W_ih, self.W_hh, self.b)}
        if len(dtypes) > 1 or not np.issubdtype(self.b.dtype, np.floating):
            raise ValueError(
                f"W_ih, W_hh and b are of {self.W_ih.dtype}, {self.W_hh.dtype} and {self.b.dtype}; "
                "give all three one floating dtype"
            )

    @property
    def hidden_size(self) -> int:
        """H, the number of units."""
        return int(self.W_hh.shape[1])

    @property
    def input_size(self) -> int:
        """E, the number of features of x."""
        return int(self.W_ih.shape[1])

    @property
    def W_i(self) -> FloatArray:
        """(H, H+E), the weight of the input gate over z = [h_prev, x]; see `weight`."""
        return self.weight("i")

    @property
    def W_f(self) -> FloatArray:
        """(H, H+E), the weight of the forget gate over z = [h_prev, x]; see `weight`."""
        return self.weight("f")

    @property
    def W_g(self) -> FloatArray:
        """(H, H+E), the weight of the candidate over z = [h_prev, x]; see `weight`."""
        return self.weight("g")

    @property
    def W_o(self) -> FloatArray:
        """(H, H+E), the weight of the output gate over z = [h_prev, x]; see `weight`."""
        return self.weight("o")

    @property
    def b_i(self) -> FloatArray:
        """(H,), the bias of the input gate, a view into `b`."""
        return self.b[self._rows("i")]

    @property
    def b_f(self) -> FloatArray:
        """(H,), the bias of the forget gate, a view into `b`."""
        return self.b[self._rows("f")]

    @property
    def b_g(self) -> FloatArray:
        """(H,), the bias of the candidate, a view into `b`."""
        return self.b[self._rows("g")]

    @property
    def b_o(self) -> FloatArray:
        """(H,), the bias of the output gate, a view into `b`."""
        return self.b[self._rows("o")]

    def weight(self, gate: str) -> FloatArray:
        """The weight W_λ of one gate over z = [h_prev, x].

        Args:
            gate: "i", "f", "g" or "o".

        Returns:
            (H, H+E), joined from the two stored halves, hence a copy, and read-only: what is
            written must be written into `W_hh` and `W_ih`.
        """
        rows = self._rows(gate)
        joined = np.concatenate([self.W_hh[rows], self.W_ih[rows]], axis=1)  # (H, H+E)
        joined.flags.writeable = False
        return joined

    @classmethod
    def from_gates(cls, **gates: FloatArray) -> Self:
        """Stack the layer from its gates' own matrices, as a derivation on paper writes them.

        Args:
            **gates: `W_i`, `W_f`, `W_g`, `W_o`, each (H, H+E) over z = [h_prev, x], and `b_i`,
                `b_f`, `b_g`, `b_o`, each (H,).

        Raises:
            ValueError: one of the eight is missing, unknown or of another shape.
        """
        names = [f"{kind}_{gate}" for kind in "Wb" for gate in GATES]
        if set(gates) != set(names):
            raise ValueError(f"got the gates {sorted(gates)}; give exactly {sorted(names)}")
        hidden_size = gates["b_i"].shape[0]
        stacked = np.concatenate([gates[f"W_{gate}"] for gate in GATES])  # (4H, H+E)
        return cls(
            W_ih=stacked[:, hidden_size:].copy(),
            W_hh=stacked[:, :hidden_size].copy(),
            b=np.concatenate([gates[f"b_{gate}"] for gate in GATES]),
        )

    @classmethod
    def from_state_dict(cls, state: Mapping[str, ArrayLike], prefix: str = "") -> Self:
        """Take the first layer of a `torch.nn.LSTM` state dict whose values are arrays.

        Args:
            state: holds `weight_ih_l0` (4H, E), `weight_hh_l0` (4H, H) and, unless the layer has
                no bias, `bias_ih_l0` and `bias_hh_l0` (4H,), which are summed.
            prefix: what stands before these names, such as "lstm.".

        Raises:
            TangyinError: a weight is missing.
            ValueError: the shapes do not belong to one layer.
        """
        arrays: dict[str, NDArray[Any]] = {
            name: np.asarray(state[prefix + name])
            for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
            if prefix + name in state
        }
        for name in ("weight_ih_l0", "weight_hh_l0"):
            if name not in arrays:
                raise TangyinError(
                    f"the state dict has no {prefix + name}; give that of a torch.nn.LSTM and the "
                    "prefix its names bear"
                )
        W_hh = arrays["weight_hh_l0"]
        b = np.zeros(W_hh.shape[0], W_hh.dtype)
        for name in ("bias_ih_l0", "bias_hh_l0"):
            if name in arrays:
                check_shape(name, arrays[name], b.shape)
                b = b + arrays[name]
        return cls(W_ih=arrays["weight_ih_l0"], W_hh=W_hh, b=b)

    def state_dict(self, prefix: str = "") -> dict[str, FloatArray]:
        """The layer under the names of `torch.nn.LSTM`, its bias in `bias_ih_l0` and 0 beside it.

        Args:
            prefix: put before every name, such as "lstm.".

        Returns:
            Four arrays; the first three are the layer's own, not copies.
        """
        return {
            f"{prefix}weight_ih_l0": self.W_ih,
            f"{prefix}weight_hh_l0": self.W_hh,
            f"{prefix}bias_ih_l0": self.b,
            f"{prefix}bias_hh_l0": np.zeros_like(self.b),
        }

    def _rows(self, gate: str) -> slice:
        """Where a gate stands in the stack."""
        place = GATES.index(gate)
        return slice(place * self.hidden_size, (place + 1) * self.hidden_size)
