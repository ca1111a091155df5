"""The network's forward pass in NumPy, fused for writing and scoring.

The same mathematics as `tangyin.lstm` (a test proves it): z_t = [x_t, h_{t-1}], gates i, f, g, o,
c_t = f⊙c_{t-1} + i⊙g, h_t = o⊙tanh(c_t). What is fused: the inputs of a layer and its hidden state
are multiplied in one product; and a token's embedding is multiplied through the first layer's input
weights when the token is first read, so that a step mostly looks its inputs up. Other cells than
the plain one are run as their files in `tangyin/lstm/cells/` say.
"""

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.lstm.cell import EPS, Operations, cell_named
from tangyin.lstm.cells.lstm import PlainLSTM
from tangyin.model.features import Reader
from tangyin.model.file import ModelFile
from tangyin.model.threads import go_on
from tangyin.verse import Ids

Array = npt.NDArray[np.float32]

TILE = 16
"""Sequences in every matrix product.

A product of another shape may round differently. With one shape for all, a poem comes out the same
alone or among others. The sequences are the columns of a product (weights times states), because
BLAS computes columns side by side in one vector register. It splits rows into groups of unequal
size, each with another order of summation; with more than 16 columns its AVX2 kernels split these.
"""

BLOCK = 32
"""Rows of the weights in every matrix product.

So few stay in the cache for the next TILE sequences. For products of at most a million
multiplications OpenBLAS has AVX-512 kernels that do not copy their operands first; copying takes as
long as multiplying by 16 columns.
"""


@dataclass
class State:
    """What is carried from token to token, of B sequences.

    Attributes:
        h: hidden state of every layer, (B, H) float32.
        c: cell state of every layer, (B, H) float32.
        reader: what was read, where the network has features.
    """

    h: list[Array]
    c: list[Array]
    reader: Reader | None = None

    def take(self, rows: npt.NDArray[np.intp]) -> "State":
        """The state of some of the sequences, copied, in the order given."""
        return State(
            [h[rows] for h in self.h],
            [c[rows] for c in self.c],
            self.reader and self.reader.take(rows),
        )


@dataclass(frozen=True)
class StepOutput:
    """All that the probabilities of the next token are made of, of B sequences.

    Attributes:
        hidden: (B, H + F) float32, the last layer's hidden state and the features of the place.
        echoes: what can be echoed (`Reader.echoes`), or None.
    """

    hidden: Array
    echoes: tuple[Ids, npt.NDArray[np.int8]] | None = None


class Engine:
    """Runs a language model forward, many sequences side by side."""

    def __init__(self, model: ModelFile) -> None:
        """Prepare the weights; UsageError if no cell has the name that the model uses."""
        self.network = network = model.architecture
        self.vocabulary = model.vocabulary
        self._cell = cell_named(network.cell)
        self._tensors = tensors = model.tensors
        names = self._cell.shapes(1, 1)
        self._layers = [
            SimpleNamespace(**{name: tensors[f"lstm.{name}_l{layer}"] for name in names})
            for layer in range(network.layers)
        ]
        if type(self._cell) is PlainLSTM:
            self._fuse()
        outputs = "embedding.weight" if network.tied else "output.weight"
        self._output = tensors[outputs][: model.vocabulary.outputs]  # (outputs, E or H)

    def _fuse(self) -> None:
        """Join the weights of the plain cell for `_plain_step`."""
        inputs = [layer.weight_ih for layer in self._layers]
        self._of_token, inputs[0] = np.split(inputs[0], [self.network.embedding_size], axis=1)
        tokens = len(self.vocabulary)
        # What each token brings to the first layer; rows are filled as they are needed.
        self._table = np.empty((tokens, 4 * self.network.hidden_size), np.float32)
        self._filled = np.zeros(tokens, dtype=bool)
        self._weights = [
            np.concatenate((weights, layer.weight_hh), axis=1)
            for layer, weights in zip(self._layers, inputs, strict=True)
        ]  # (4H, inputs + H) each

    def start(self, sequences: int) -> State:
        """The zero state that every poem begins with."""
        network, reader = self.network, None
        if network.follows_text:
            reader = Reader(self.vocabulary, self._tensors["tones"], network.layout, sequences)
        zeros = np.zeros((2, network.layers, sequences, network.hidden_size), np.float32)
        return State(list(zeros[0]), list(zeros[1]), reader)

    def step(self, tokens: Ids, state: State) -> StepOutput:
        """Read one token of each sequence, (B,), and change the state in place."""
        go_on()
        features = self._features(tokens, state.reader)
        if type(self._cell) is PlainLSTM:
            self._plain_step(tokens, features, state)
        else:
            x = np.concatenate((self._embedded(tokens), *features), axis=1)
            for layer, weights in enumerate(self._layers):
                projected = self._cell.project(NUMPY, weights, x)
                state.h[layer], state.c[layer] = self._cell.step(
                    NUMPY, weights, projected, state.h[layer], state.c[layer]
                )
                x = state.h[layer]
        echoes = state.reader.echoes() if state.reader and self.network.echo else None
        return StepOutput(np.concatenate((state.h[-1], *features), axis=1), echoes)

    def _plain_step(self, tokens: Ids, features: list[Array], state: State) -> None:
        for layer, weights in enumerate(self._weights):
            inputs = [state.h[layer - 1]] if layer else features
            gates = _product(np.concatenate((*inputs, state.h[layer]), axis=1), weights)
            gates += self._layers[layer].bias if layer else self._of_tokens(tokens)
            i, f, g, o = np.split(gates, 4, axis=1)  # (B, H) each
            c = _sigmoid(f) * state.c[layer] + _sigmoid(i) * np.tanh(g)
            state.c[layer] = c
            state.h[layer] = _sigmoid(o) * np.tanh(c)

    def log_probs(self, step_output: StepOutput) -> Array:
        """Natural logarithms of the probabilities of the next token, (B, outputs) float32."""
        tensors, hidden = self._tensors, step_output.hidden
        if self.network.tied:
            hidden = _product(hidden, tensors["projection.weight"])
            hidden += tensors["projection.bias"]
        logits = _product(hidden, self._output)
        logits += tensors["output.bias"]
        if step_output.echoes is not None:
            self._add_echoes(logits, step_output.hidden, *step_output.echoes)
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return logits

    def read(self, inputs: Ids) -> list[StepOutput]:
        """Read whole sequences, (T, B), from the zero state; return the output of each step."""
        state = self.start(inputs.shape[1])
        return [self.step(tokens, state) for tokens in inputs]

    def begin(self, prefix: Ids, sequences: int) -> tuple[Ids, State]:
        """Read all but the last token of a prefix, (T,), once for many sequences.

        Returns:
            (B,) the last token, which the first `step` reads, and the state before it.
        """
        state = self.start(1)
        for token in prefix[:-1]:
            self.step(np.array([token], dtype=np.int32), state)
        tokens = np.full(sequences, prefix[-1], dtype=np.int32)
        return tokens, state.take(np.zeros(sequences, dtype=np.intp))

    def _of_tokens(self, tokens: Ids) -> Array:
        """What tokens bring to the gates of the first layer, bias included, (B, 4H)."""
        new = np.unique(tokens[~self._filled[tokens]])
        if len(new):
            self._table[new] = _linear(self._embedded(new), self._of_token, self._layers[0].bias)
            self._filled[new] = True
        return self._table.take(tokens, axis=0)

    def _embedded(self, tokens: Ids) -> Array:
        return self._tensors["embedding.weight"].take(tokens, axis=0)

    def _features(self, tokens: Ids, reader: Reader | None) -> list[Array]:
        """The features of the next token, each (B, size)."""
        if reader is None:
            return []
        known, features = reader.read(tokens), []
        for name in ("opposite", "rhyme", "place", "tone"):
            weights = self._tensors.get(f"{name}.weight")
            if weights is not None:
                ids, is_token = getattr(known, name), name in ("opposite", "rhyme")
                features.append(
                    _product(self._embedded(ids), weights) if is_token else weights[ids]
                )
        return features

    def _add_echoes(
        self, logits: Array, hidden: Array, ids: Ids, classes: npt.NDArray[np.int8]
    ) -> None:
        """Add to the logit of each character that was read what its class gains."""
        gains = _product(hidden, self._tensors["echo.weight"])  # (B, ECHOES)
        gains += self._tensors["echo.bias"]
        steps, rows = np.nonzero(classes >= 0)
        places = rows * logits.shape[1] + ids[steps, rows]
        np.add.at(logits.reshape(-1), places, gains[rows, classes[steps, rows]])


def _product(rows: Array, weights: Array) -> Array:
    """`rows` (B, K) times `weights` (N, K) transposed, in products of BLOCK by TILE."""
    count, size = rows.shape
    tiles = -(-count // TILE)
    if count != tiles * TILE:
        padded = np.zeros((tiles * TILE, size), np.float32)
        padded[:count] = rows
        rows = padded
    columns = np.ascontiguousarray(rows.reshape(tiles, TILE, size).transpose(0, 2, 1))
    whole = len(weights) // BLOCK * BLOCK
    blocks = weights[:whole].reshape(-1, 1, BLOCK, size) @ columns  # (., tiles, BLOCK, TILE)
    rest = weights[whole:] @ columns  # (tiles, N % BLOCK, TILE)
    # Row by row in memory, since sums of rows round by how these lie.
    product = np.empty((tiles * TILE, len(weights)), np.float32)
    product[:, :whole] = blocks.transpose(1, 3, 0, 2).reshape(tiles * TILE, whole)
    product[:, whole:] = rest.transpose(0, 2, 1).reshape(tiles * TILE, -1)
    return product[:count]


def _sigmoid(y: Array) -> Array:
    # σ(y) = (1 + tanh(y/2)) / 2 neither overflows nor needs a case for the sign of y.
    result: Array = np.tanh(0.5 * y)
    result += 1
    result *= 0.5
    return result


def _linear(rows: Array, weights: Array, bias: Array | None = None) -> Array:
    product = _product(rows, weights)
    return product if bias is None else product + bias


def _layer_norm(rows: Array, gain: Array, bias: Array | None = None) -> Array:
    rows = np.ascontiguousarray(rows)  # sums of rows round by how these lie in memory
    centred = rows - rows.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    normal: Array = centred / np.sqrt(variance + np.float32(EPS)) * gain
    return normal if bias is None else normal + bias


NUMPY = Operations(_linear, _sigmoid, np.tanh, partial(np.split, axis=-1), _layer_norm)
"""The operations of a cell, for which a sequence comes out the same alone or among others."""


def check_cell(name: str) -> None:
    """See before training that the engine can run a cell, by one step of it.

    Raises:
        UsageError: no cell has this name.
        TangyinError: the step fails, or gives states of other shapes.
    """
    cell = cell_named(name)
    shapes = cell.shapes(2, 3).items()
    weights = SimpleNamespace(**{name: np.ones(shape, np.float32) for name, shape in shapes})
    x, before = np.ones((4, 2), np.float32), np.zeros((4, 3), np.float32)
    try:
        after = cell.step(NUMPY, weights, cell.project(NUMPY, weights, x), before, before)
        found = [state.shape for state in after]
        if found != [before.shape] * 2:
            raise ValueError(f"h and c of shape (4, 3) became {found}")
    except Exception as error:
        raise TangyinError("nn.cell_not_writable", cell=name, reason=str(error)) from error
