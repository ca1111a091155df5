"""The weights of one LSTM layer, stacked as PyTorch stacks them."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from tangyin.lstm.arrays import FloatArray, check_shape

GATES = ("i", "f", "g", "o")
"""The order in which every stacked weight, bias and pre-activation holds the gates."""


def _weight_of(gate: str) -> property:
    return property(lambda parameters: parameters.weight(gate))


def _bias_of(gate: str) -> property:
    return property(lambda parameters: parameters.b[parameters._rows(gate)])


@dataclass(frozen=True, eq=False)
class Parameters:
    """The weights and the bias of one LSTM layer.

    With z = [h_prev, x] the pre-activation of gate λ is y_λ = W_λ z + b_λ. The gates are stacked in
    the order i, f, g, o, and the two parts of every W_λ are stored apart: `W_ih` multiplies x and
    `W_hh` multiplies h_prev. PyTorch calls these arrays `weight_ih_l0` and `weight_hh_l0`. There is
    one bias per gate.

    Attributes:
        W_ih: (4H, E), float32 or float64.
        W_hh: (4H, H), of the same dtype.
        b: (4H,), of the same dtype.
        W_i: (H, H+E), the weight of one gate over z; see `weight`. Likewise W_f, W_g and W_o.
        b_i: (H,), the bias of one gate, a view into `b`. Likewise b_f, b_g and b_o.

    Raises:
        ValueError: the shapes or the dtypes do not belong to one layer.
    """

    W_ih: FloatArray
    W_hh: FloatArray
    b: FloatArray

    W_i, W_f, W_g, W_o = map(_weight_of, GATES)
    b_i, b_f, b_g, b_o = map(_bias_of, GATES)

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

    def weight(self, gate: str) -> FloatArray:
        """The weight W_λ of gate "i", "f", "g" or "o" over z = [h_prev, x].

        It is (H, H+E), a read-only copy; write into `W_hh` and `W_ih` instead.
        """
        rows = self._rows(gate)
        joined = np.concatenate([self.W_hh[rows], self.W_ih[rows]], axis=1)  # (H, H+E)
        joined.flags.writeable = False
        return joined

    @classmethod
    def from_gates(cls, **gates: FloatArray) -> Self:
        """Stack the layer from the matrices of its gates, as in a derivation on paper.

        These are `W_i`, `W_f`, `W_g`, `W_o`, each (H, H+E) over z = [h_prev, x], and `b_i`, `b_f`,
        `b_g`, `b_o`, each (H,).

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

    def _rows(self, gate: str) -> slice:
        """The rows of a gate in the stack."""
        place = GATES.index(gate)
        return slice(place * self.hidden_size, (place + 1) * self.hidden_size)
