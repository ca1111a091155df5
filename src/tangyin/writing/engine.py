"""The network's forward pass in NumPy, fused for writing and scoring.

The same mathematics as `tangyin.lstm` (a test proves it): z_t = [h_{t-1}, x_t], gates i, f, g, o,
c_t = f⊙c_{t-1} + i⊙g, h_t = o⊙tanh(c_t). What is fused: the embedding is multiplied through the
first layer's input weights once, when the model is loaded, so that a step looks its inputs up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.modelfile import ModelFile
from tangyin.verse import Ids

Array = npt.NDArray[np.float32]

TILE = 16
"""Rows in every matrix product.

A product of another shape may round differently. With one shape for all, a poem comes out the same
alone or among others: the rows of a product do not touch each other.
"""


@dataclass
class State:
    """Hidden and cell state of every layer, each (B, H) float32."""

    h: list[Array]
    c: list[Array]

    def take(self, rows: npt.NDArray[np.intp]) -> "State":
        """The state of some of the sequences, copied, in the order given."""
        return State([h[rows] for h in self.h], [c[rows] for c in self.c])


class Engine:
    """Runs a language model forward, many sequences side by side."""

    def __init__(self, model: ModelFile) -> None:
        """Prepare the weights.

        Raises:
            TangyinError: the model uses a cell that the engine does not have.
        """
        if model.architecture.cell != "lstm":
            raise TangyinError(
                f"the model {model.name} uses the cell {model.architecture.cell!r}, which the "
                'writing engine does not have; train with cell = "lstm"'
            )
        self.vocabulary = model.vocabulary
        self.layers = model.architecture.layers
        self.hidden_size = model.architecture.hidden_size
        tensors = model.tensors
        self._first = (
            tensors["embedding.weight"] @ tensors["lstm.weight_ih_l0"].T + tensors["lstm.bias_l0"]
        )  # (V, 4H)
        self._inputs = [
            np.ascontiguousarray(tensors[f"lstm.weight_ih_l{layer}"].T)
            for layer in range(1, self.layers)
        ]  # (H, 4H)
        self._biases = [tensors[f"lstm.bias_l{layer}"] for layer in range(1, self.layers)]
        self._recurrent = [
            np.ascontiguousarray(tensors[f"lstm.weight_hh_l{layer}"].T)
            for layer in range(self.layers)
        ]  # (H, 4H)
        self._output = np.ascontiguousarray(tensors["output.weight"].T)  # (H, outputs)
        self._output_bias = tensors["output.bias"]

    def start(self, sequences: int) -> State:
        """The zero state that every poem begins with."""
        shape = (sequences, self.hidden_size)
        return State(
            [np.zeros(shape, np.float32) for _ in range(self.layers)],
            [np.zeros(shape, np.float32) for _ in range(self.layers)],
        )

    def step(self, tokens: Ids, state: State) -> Array:
        """Read one token of each sequence.

        Args:
            tokens: (B,) token numbers.
            state: the state before, changed in place to the state after.

        Returns:
            (B, H) float32, the last layer's hidden state.
        """
        gates = self._first[tokens]  # (B, 4H)
        for layer in range(self.layers):
            if layer:
                gates = _product(state.h[layer - 1], self._inputs[layer - 1])
                gates += self._biases[layer - 1]
            gates += _product(state.h[layer], self._recurrent[layer])
            i, f, g, o = np.split(gates, 4, axis=1)  # (B, H) each
            c = _sigmoid(f) * state.c[layer] + _sigmoid(i) * np.tanh(g)
            state.c[layer] = c
            state.h[layer] = _sigmoid(o) * np.tanh(c)
        return state.h[-1]

    def log_probs(self, hidden: Array) -> Array:
        """Natural logarithms of the probabilities of the next token.

        Args:
            hidden: (B, H), what `step` returned.

        Returns:
            (B, outputs) float32.
        """
        logits = _product(hidden, self._output)
        logits += self._output_bias
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits

    def read(self, inputs: Ids) -> Array:
        """Read whole sequences from the zero state.

        Args:
            inputs: (T, B) token numbers.

        Returns:
            (T, B, H) float32, the last layer's hidden state after each token.
        """
        state = self.start(inputs.shape[1])
        return np.stack([self.step(tokens, state) for tokens in inputs])


def _product(rows: Array, weights: Array) -> Array:
    """`rows` (B, K) times `weights` (K, N), in products of TILE rows each."""
    count = len(rows)
    tiles = -(-count // TILE)
    if count != tiles * TILE:
        padded = np.zeros((tiles * TILE, rows.shape[1]), np.float32)
        padded[:count] = rows
        rows = padded
    product: Array = rows.reshape(tiles, TILE, -1) @ weights
    return product.reshape(tiles * TILE, -1)[:count]


def _sigmoid(y: Array) -> Array:
    # σ(y) = (1 + tanh(y/2)) / 2 neither overflows nor needs a case for the sign of y.
    result: Array = np.tanh(0.5 * y)
    result += 1
    result *= 0.5
    return result
