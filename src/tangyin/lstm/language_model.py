"""A complete language model in NumPy: embedding, one LSTM layer, output layer, cross-entropy."""

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from tangyin.errors import TangyinError
from tangyin.lstm.arrays import BoolArray, FloatArray, IntArray
from tangyin.lstm.layers import (
    cross_entropy_backward,
    cross_entropy_forward,
    embedding_backward,
    embedding_forward,
    linear_backward,
    linear_forward,
)
from tangyin.lstm.parameters import Parameters
from tangyin.lstm.sequence import Trace, sequence_backward, sequence_forward

NAMES = (
    "embedding.weight",
    "lstm.weight_ih_l0",
    "lstm.weight_hh_l0",
    "lstm.bias_l0",
    "output.weight",
    "output.bias",
)


class LanguageModel:
    """p(next token | the tokens so far), by one LSTM layer that starts from a state of zeros.

    Attributes:
        parameters: the arrays given, not copies, so that an optimizer that changes them in place
            trains the model: `embedding.weight` (V, E), `lstm.weight_ih_l0` (4H, E),
            `lstm.weight_hh_l0` (4H, H), `lstm.bias_l0` (4H,), `output.weight` (V, H) and
            `output.bias` (V,), gates in the order i, f, g, o, all of one floating dtype.

    Raises:
        TangyinError: a parameter is missing or unknown.
        ValueError: the shapes or dtypes do not belong to one model.
    """

    def __init__(self, parameters: Mapping[str, FloatArray]) -> None:
        if set(parameters) != set(NAMES):
            raise TangyinError("nn.parameters", expected=NAMES, found=sorted(parameters))
        self.parameters = dict(parameters)
        lstm = self._lstm()
        vocabulary_size = self.parameters["output.bias"].shape[0]
        for name, shape in (
            ("embedding.weight", (vocabulary_size, lstm.input_size)),
            ("output.weight", (vocabulary_size, lstm.hidden_size)),
            ("output.bias", (vocabulary_size,)),
        ):
            array = self.parameters[name]
            if array.shape != shape or array.dtype != lstm.b.dtype:
                raise ValueError(
                    f"{name} is {array.shape} of {array.dtype}; give it the shape {shape} and the "
                    f"{lstm.b.dtype} of the LSTM"
                )

    @classmethod
    def random(
        cls,
        vocabulary_size: int,
        embedding_size: int,
        hidden_size: int,
        generator: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> Self:
        """A model to start training from.

        Everything is uniform in ±1/√H, as in the course report, except the bias of the forget
        gate, which is 1 (Gers et al. 2000; Jozefowicz et al. 2015).
        """
        V, E, H = vocabulary_size, embedding_size, hidden_size

        def uniform(*shape: int) -> FloatArray:
            return generator.uniform(-(H**-0.5), H**-0.5, shape).astype(dtype)

        bias = uniform(4 * H)
        bias[H : 2 * H] = 1
        return cls(
            {
                "embedding.weight": uniform(V, E),
                "lstm.weight_ih_l0": uniform(4 * H, E),
                "lstm.weight_hh_l0": uniform(4 * H, H),
                "lstm.bias_l0": bias,
                "output.weight": uniform(V, H),
                "output.bias": uniform(V),
            }
        )

    def logits(self, inputs: IntArray) -> FloatArray:
        """The unnormalised log-probabilities (T, B, V) of the token after each input, (T, B)."""
        return self._forward(inputs)[1]

    def loss(self, inputs: IntArray, targets: IntArray, mask: BoolArray | None = None) -> float:
        """The mean cross-entropy, in nats, over the targets that count: where the mask is True.

        All are (T, B); the targets are the tokens after the inputs, integers in [0, V). Padding
        must come after the text of its column. All targets count without a mask.
        """
        return cross_entropy_forward(self.logits(inputs), targets, mask)[0]

    def loss_and_gradients(
        self, inputs: IntArray, targets: IntArray, mask: BoolArray | None = None
    ) -> tuple[float, dict[str, FloatArray]]:
        """The loss, arguments as there, and its gradients under the names of `parameters`."""
        trace, logits = self._forward(inputs)
        loss, probabilities = cross_entropy_forward(logits, targets, mask)
        W = self.parameters["output.weight"]
        du = cross_entropy_backward(probabilities, targets, mask).reshape(-1, len(W))  # (T·B, V)
        dW, db, dh = linear_backward(W, trace.outputs.reshape(len(du), -1), du)
        lstm = sequence_backward(self._lstm(), trace, dh.reshape(trace.outputs.shape))
        return loss, {
            "embedding.weight": embedding_backward(inputs, lstm.x, len(W)),
            "lstm.weight_ih_l0": lstm.W_ih,
            "lstm.weight_hh_l0": lstm.W_hh,
            "lstm.bias_l0": lstm.b,
            "output.weight": dW,
            "output.bias": db,
        }

    def _lstm(self) -> Parameters:
        return Parameters(*(self.parameters[name] for name in NAMES[1:4]))

    def _forward(self, inputs: IntArray) -> tuple[Trace, FloatArray]:
        """The trace of the LSTM and the logits (T, B, V)."""
        x = embedding_forward(self.parameters["embedding.weight"], inputs)  # (T, B, E)
        trace = sequence_forward(self._lstm(), x)
        h = trace.outputs.reshape(inputs.size, -1)  # (T·B, H)
        u = linear_forward(self.parameters["output.weight"], self.parameters["output.bias"], h)
        return trace, u.reshape(*inputs.shape, -1)
