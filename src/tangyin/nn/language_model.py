"""The language model: embedding, LSTM, output layer."""

import math

import torch
from torch import Tensor, nn

from tangyin.modelfile import Architecture
from tangyin.nn.cross_entropy import linear_cross_entropy
from tangyin.nn.initialization import initialize
from tangyin.nn.lstm import LSTM
from tangyin.verse import Vocabulary


class LanguageModel(nn.Module):
    """Predicts each token of a poem from those before it.

    The parameters are named as in the model file: `embedding.weight` (V, E), `lstm.weight_ih_l0`
    (4H, E), `lstm.weight_hh_l0` (4H, H), `lstm.bias_l0` (4H), `output.weight` (outputs, H) and
    `output.bias` (outputs). Prefix tokens have an embedding and no output, so they are outside
    the softmax.

    Args:
        architecture: sizes and cell.
        vocabulary: its tokens.
        initialization: name of the cells' initialization (`tangyin.nn.INITIALIZATIONS`); embedding
            and output layer are uniform in ±1/√H in any case.
    """

    def __init__(
        self, architecture: Architecture, vocabulary: Vocabulary, initialization: str = "report"
    ) -> None:
        super().__init__()
        self.architecture = architecture
        E, H = architecture.embedding_size, architecture.hidden_size
        self.embedding = nn.Embedding(len(vocabulary), E)
        self.lstm = LSTM(E, H, architecture.layers, cell=architecture.cell)
        self.output = nn.Linear(H, vocabulary.outputs)
        initialize(self.lstm, initialization)
        bound = 1 / math.sqrt(H)
        for parameter in (self.embedding.weight, self.output.weight, self.output.bias):
            nn.init.uniform_(parameter, -bound, bound)

    def hidden_states(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """Run the LSTM over sequences from the zero state.

        Args:
            inputs: (T, B) int64 token numbers.
            mask: (T, B) bool, False where a sequence is padded; None when none is.

        Returns:
            (T, B, H).
        """
        output, _ = self.lstm(self.embedding(inputs), mask=mask)
        hidden: Tensor = output
        return hidden

    def loss(self, inputs: Tensor, targets: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mean cross-entropy of the targets, in nats; padding counts for nothing.

        Args:
            inputs: (T, B) int64.
            targets: (T, B) int64.
            mask: (T, B) bool, False where a sequence is padded; None when none is.

        Returns:
            A scalar.
        """
        hidden = self.hidden_states(inputs, mask).flatten(0, 1)  # (T·B, H)
        wanted = targets.flatten()
        if mask is not None:
            hidden, wanted = hidden[mask.flatten()], wanted[mask.flatten()]
        return linear_cross_entropy(hidden, self.output.weight, self.output.bias, wanted)

    def log_probs(self, inputs: Tensor) -> Tensor:
        """Natural logarithms of the probabilities of the next token after each input.

        Args:
            inputs: (T, B) int64.

        Returns:
            (T, B, outputs).
        """
        return torch.log_softmax(self.output(self.hidden_states(inputs)), dim=-1)
