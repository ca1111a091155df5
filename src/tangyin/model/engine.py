"""The network's forward pass for writing and scoring, in the arithmetic of whole numbers.

The mathematics is that of `tangyin.lstm` and `tangyin.nn` (tests prove it): cells run as their
files in `tangyin/lstm/cells/` say, with the operations of `arithmetic.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.lstm.cell import cell_named
from tangyin.model.architecture import FEATURES
from tangyin.model.arithmetic import Arithmetic, Array, Matrix, arithmetic
from tangyin.model.features import Features, Reader, echo_classes, read_sequences
from tangyin.model.file import ModelFile
from tangyin.model.threads import go_on
from tangyin.verse import Ids

Rows = npt.NDArray[np.intp]

TOGETHER = 256
"""Rows of products that `Engine.read` computes together, whose gates fit a cache."""

PRODUCTS = 2**27
"""Products of a step for which another thread is worth while; with fewer, threads mostly wait for
the interpreter."""

WORTH_WHILE = 0.75
"""Share of the sequences that differ, from which they are not computed apart from the others."""


@dataclass
class State:
    """What is carried from token to token, of B sequences.

    Attributes:
        h: hidden state of every layer, (B, H) float32.
        c: cell state of every layer, (B, H) float32.
        reader: what was read, where the network has features.
        context: (B, size) float32, the sum of the projected characters of the text so far.
        characters: (B, 1) float32, how many they are.
        same: (B,) the same number for sequences that have read the same, which are computed once;
            None where all differ.
    """

    h: list[Array]
    c: list[Array]
    context: Array
    characters: Array
    reader: Reader | None = None
    same: Rows | None = None

    @classmethod
    def joined(cls, states: Sequence["State"]) -> "State":
        """The states of several sequences each as one."""
        readers = [state.reader for state in states if state.reader]
        return cls(
            [np.concatenate(layer) for layer in zip(*(state.h for state in states), strict=True)],
            [np.concatenate(layer) for layer in zip(*(state.c for state in states), strict=True)],
            np.concatenate([state.context for state in states]),
            np.concatenate([state.characters for state in states]),
            Reader.joined(readers) if readers else None,
        )

    def take(self, rows: Rows) -> "State":
        """The state of some of the sequences, copied, in the order given."""
        return State(
            [h[rows] for h in self.h],
            [c[rows] for c in self.c],
            self.context[rows],
            self.characters[rows],
            self.reader and self.reader.take(rows),
            np.asarray(rows) if self.same is None else self.same[rows],
        )


@dataclass(frozen=True)
class StepOutput:
    """All that the probabilities of the next token are made of, of B sequences.

    Attributes:
        hidden: (B, H + F) float32, the last layer's hidden state and the features of the place.
        echoes: what can be echoed (`Reader.echoes`), or None.
        rows: where sequences read the same, the row of the above that each one has.
    """

    hidden: Array
    echoes: tuple[Ids, npt.NDArray[np.int8]] | None = None
    rows: Rows | None = None

    @classmethod
    def joined(cls, steps: Sequence["StepOutput"]) -> "StepOutput":
        """Steps of the same sequences as one, (steps · B) rows, the first step's first."""
        hidden = np.concatenate([step.hidden for step in steps])
        echoes = [step.echoes for step in steps if step.echoes is not None]
        if not echoes:
            return cls(hidden)
        ids, _ = echoes[-1]  # which has read most
        classes = np.full((len(ids), len(steps), ids.shape[1]), -1, np.int8)
        for number, (_, own) in enumerate(echoes):
            classes[: len(own), number] = own
        return cls(hidden, (np.tile(ids, len(steps)), classes.reshape(len(ids), -1)))


class Engine:
    """Runs a language model forward, many sequences side by side."""

    def __init__(self, model: ModelFile, using: Arithmetic | None = None) -> None:
        """Prepare the weights; UsageError if no cell has the name that the model uses.

        The arithmetic is the fastest of this machine, unless it is named.
        """
        self.network = network = model.architecture
        self.vocabulary = model.vocabulary
        self.arithmetic = using or arithmetic()
        self._cell = cell_named(network.cell)
        # Everything in two dimensions is int8; `tones`, biases and gains are vectors.
        shapes = network.shapes(model.vocabulary)
        self._matrices = {name: model.matrix(name) for name in shapes if len(shapes[name]) == 2}
        self._vectors = {name: model.tensors[name] for name in shapes if len(shapes[name]) == 1}
        self._layers = [
            SimpleNamespace(
                **{name: self._parameter(f"lstm.{name}_l{n}") for name in self._cell.shapes(1, 1)}
            )
            for n in range(network.layers)
        ]
        outputs = self._matrices["embedding.weight" if network.tied else "output.weight"]
        self._output = outputs.first(model.vocabulary.outputs)  # (outputs, E or H)
        weights = sum(matrix.weights.size for matrix in self._matrices.values())
        self.rows_of_thread = -(-PRODUCTS // weights)
        """So many sequences side by side are worth a thread of their own."""

    def _parameter(self, name: str) -> Matrix | Array:
        matrix = self._matrices.get(name)
        return self._vectors[name] if matrix is None else matrix

    def start(self, sequences: int) -> State:
        """The zero state that every poem begins with."""
        network, reader = self.network, None
        if network.follows_text:
            reader = Reader(self.vocabulary, self._vectors["tones"], network.layout, sequences)
        zeros = np.zeros((2, network.layers, sequences, network.hidden_size), np.float32)
        context = np.zeros((sequences, network.context_size), np.float32)
        none = np.zeros((sequences, 1), np.float32)
        return State(list(zeros[0]), list(zeros[1]), context, none, reader)

    def step(self, tokens: Ids, state: State) -> StepOutput:
        """Read one token of each sequence, (B,), and change the state in place."""
        go_on()
        if state.same is not None:
            read = state.same * len(self.vocabulary) + tokens
            _, first, state.same = np.unique(read, return_index=True, return_inverse=True)
            if len(first) == len(tokens):
                state.same = None
            elif len(first) <= WORTH_WHILE * len(tokens):
                rows, few = state.same, state.take(first)
                few.same = None
                step_output = self.step(tokens[first], few)
                vars(state).update(vars(few.take(rows)))
                return replace(step_output, rows=rows)
        embedded = self.embedded(tokens)
        known = state.reader.read(tokens) if state.reader else None
        features = self._features(known, embedded, state)
        operations = self.arithmetic.operations
        x, rows = _distinct(np.concatenate((embedded, *features), axis=1))
        for layer, weights in enumerate(self._layers):
            inputs = self._cell.project(operations, weights, x)
            if layer == 0:
                inputs = inputs[rows]
            state.h[layer], state.c[layer] = self._cell.step(
                operations, weights, inputs, state.h[layer], state.c[layer]
            )
            x = state.h[layer]
        echoes = state.reader.echoes() if state.reader and self.network.echo else None
        return StepOutput(np.concatenate((state.h[-1], *features), axis=1), echoes)

    def gates(self, layer: int, x: Array, h: Array) -> dict[str, Array]:
        """The gates i, f, g, o of a layer of the plain LSTM, (B, H) each."""
        operations, weights = self.arithmetic.operations, self._layers[layer]
        inputs = self._cell.project(operations, weights, x)
        parts = self._cell.preactivations(operations, weights, inputs, h)
        functions = {"g": operations.tanh}
        return {
            gate: functions.get(gate, operations.sigmoid)(y)
            for gate, y in zip(self._cell.gates, parts, strict=True)
        }

    def log_probs(self, step_output: StepOutput) -> Array:
        """Natural logarithms of the probabilities of the next token, (B, outputs) float32."""
        hidden = step_output.hidden
        if self.network.tied:
            hidden = self._linear(hidden, "projection")
        logits = self.arithmetic.linear(hidden, self._output, self._vectors["output.bias"])
        if step_output.echoes is not None:
            self._add_echoes(logits, step_output.hidden, *step_output.echoes)
        self.arithmetic.normalize(logits)
        return logits if step_output.rows is None else logits[step_output.rows]

    def read(self, inputs: Ids) -> list[StepOutput]:
        """Read whole sequences, (T, B), from the zero state; return the output of each step.

        What does not wait for the step before is computed for several steps at once.
        """
        network, operations = self.network, self.arithmetic.operations
        state, known, echoes = self.start(inputs.shape[1]), None, None
        if network.follows_text:
            tones = self._vectors["tones"]
            known = read_sequences(self.vocabulary, tones, network.layout, inputs)
            echoes = echo_classes(known.line_of, known.line) if network.echo else None
        together = max(1, TOGETHER // max(1, inputs.shape[1]))
        outputs: list[StepOutput] = []
        for first in range(0, len(inputs), together):
            part = slice(first, first + together)
            embedded = self.embedded(inputs[part])
            features = self._features(known.of(part) if known else None, embedded, state)
            x = np.concatenate((embedded, *features), axis=-1)
            for layer, weights in enumerate(self._layers):
                projected, hidden = self._cell.project(operations, weights, x), []
                for own in projected:
                    go_on()
                    state.h[layer], state.c[layer] = self._cell.step(
                        operations, weights, own, state.h[layer], state.c[layer]
                    )
                    hidden.append(state.h[layer])
                x = np.stack(hidden)
            for t, row in enumerate(np.concatenate((x, *features), axis=-1), first + 1):
                read = None if echoes is None else (inputs[:t], echoes[t - 1, :t])
                outputs.append(StepOutput(row, read))
        return outputs

    def begin(self, prefix: Ids, sequences: int) -> tuple[Ids, State]:
        """As `begin_each`, for many sequences of one prefix, (T,)."""
        return self.begin_each([prefix], np.zeros(sequences, dtype=np.intp))

    def begin_each(self, prefixes: Sequence[Ids], rows: Rows) -> tuple[Ids, State]:
        """Read all but the last token of some prefixes, (T,) each, of which `rows` (B,) tell.

        Returns:
            (B,) the last tokens, which the first `step` reads, and the state before it.
        """
        states = [self.start(1) for _ in prefixes]
        for prefix, state in zip(prefixes, states, strict=True):
            for token in prefix[:-1]:
                self.step(np.array([token], dtype=np.int32), state)
        last = np.array([prefix[-1] for prefix in prefixes], dtype=np.int32)
        return last[rows], State.joined(states).take(rows)

    def embedded(self, tokens: Ids) -> Array:
        """The embeddings of tokens, (…) → (…, E)."""
        return self._matrices["embedding.weight"].rows(tokens)

    def _linear(self, rows: Array, name: str) -> Array:
        bias = self._vectors.get(f"{name}.bias")
        return self.arithmetic.linear(rows, self._matrices[f"{name}.weight"], bias)

    def _features(self, known: Features | None, embedded: Array, state: State) -> list[Array]:
        """What is known about next tokens as the network reads it, each (…, size).

        `embedded` (…, E) are the tokens just read, of one step or of several, which the state's
        mean includes.
        """
        if known is None:
            return []
        features = []
        for name in FEATURES:
            if f"{name}.weight" not in self._matrices:
                continue
            if name == "context":
                features.append(self._mean_so_far(known.line_of, embedded, state))
            elif name in ("opposite", "rhyme"):
                features.append(self._linear(self.embedded(getattr(known, name)), name))
            else:
                features.append(self._matrices[f"{name}.weight"].rows(getattr(known, name)))
        return features

    def _mean_so_far(self, line_of: npt.NDArray[np.int8], embedded: Array, state: State) -> Array:
        """The mean of the text's projected characters after each token, (…, size)."""
        counted = (line_of >= 0).astype(np.float32)[..., None]
        rows = counted * self._linear(embedded, "context")
        steps = rows.reshape(-1, *state.context.shape), counted.reshape(-1, len(state.context), 1)
        # One addition after the other, so that reading whole sequences gives the same sums.
        sums, numbers = (
            np.add.accumulate(np.concatenate((before[None], own)))[1:]
            for before, own in zip((state.context, state.characters), steps, strict=True)
        )
        state.context, state.characters = sums[-1], numbers[-1]
        means: Array = (sums / np.maximum(numbers, 1)).astype(np.float32)
        return means.reshape(rows.shape)

    def _add_echoes(
        self, logits: Array, hidden: Array, ids: Ids, classes: npt.NDArray[np.int8]
    ) -> None:
        """Add to the logit of each character that was read what its class gains."""
        gains = self._linear(hidden, "echo")  # (B, ECHOES)
        steps, rows = np.nonzero(classes >= 0)
        places = rows * logits.shape[1] + ids[steps, rows]
        np.add.at(logits.reshape(-1), places, gains[rows, classes[steps, rows]])


def _distinct(x: Array) -> tuple[Array, Rows | slice]:
    """The distinct rows of x, and which of them each row of x is.

    Sequences that have one text and different prefixes, as under guidance, have the same inputs.
    """
    numbers: dict[bytes, int] = {}
    rows = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in x], dtype=np.intp)
    if len(numbers) == len(x):
        return x, slice(None)
    return x[np.unique(rows, return_index=True)[1]], rows


def check_cell(name: str) -> None:
    """See before training that the engine can run a cell, by one step of it.

    Raises:
        UsageError: no cell has this name.
        TangyinError: the step fails, or gives states of other shapes.
    """
    cell = cell_named(name)
    shapes = cell.shapes(2, 3).items()
    ones = {name: np.ones(shape, np.float32) for name, shape in shapes}
    weights = SimpleNamespace(
        **{name: Matrix.of(one) if one.ndim == 2 else one for name, one in ones.items()}
    )
    operations = arithmetic().operations
    x, before = np.ones((4, 2), np.float32), np.zeros((4, 3), np.float32)
    try:
        after = cell.step(operations, weights, cell.project(operations, weights, x), before, before)
        found = [state.shape for state in after]
        if found != [before.shape] * 2:
            raise ValueError(f"h and c of shape (4, 3) became {found}")
    except Exception as error:
        raise TangyinError("nn.cell_not_writable", cell=name, reason=str(error)) from error
