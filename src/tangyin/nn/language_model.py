"""The language model: embedding, features of the prefix, LSTM, output layer."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tangyin.metre import tone_classes
from tangyin.model import (
    ECHOES,
    FEATURES,
    Architecture,
    Features,
    echo_classes,
    read_sequences,
)
from tangyin.model.engine import check_cell
from tangyin.nn.cross_entropy import Echo, linear_cross_entropy
from tangyin.nn.dropout import character_dropout, locked_dropout
from tangyin.nn.initialization import initialize
from tangyin.nn.lstm import LSTM
from tangyin.nn.sequence import product_dtype
from tangyin.verse import Ids, Vocabulary


@dataclass(frozen=True)
class Dropout:
    """Probabilities of dropping, while training only.

    Attributes:
        characters: whole rows of the embedding, for the batch.
        input: units of the LSTM's input, the same at all steps.
        output: units of what the output layer reads, the same at all steps.
        recurrent: single weights between the hidden states (weight-drop).
    """

    characters: float = 0.0
    input: float = 0.0
    output: float = 0.0
    recurrent: float = 0.0


class FeatureTensors(NamedTuple):
    """The features of the prefixes of sequences side by side (`tangyin.model.Features`).

    Places and tones are rows of their tables, opposite and rhyme token numbers, each (T, B) int64.
    `line_of` (T, B) int8 is the line of each input, -2 in the title, -1 for a non-character.
    `echo`, (T, B, T) int8, is the class of each earlier input as an echo of the next token, or -1.
    """

    place: Tensor
    opposite: Tensor
    rhyme: Tensor
    tone: Tensor
    line_of: Tensor
    echo: Tensor

    @classmethod
    def of(cls, features: Features) -> "FeatureTensors":
        """Turn what `tangyin.model.read_sequences` returns into tensors."""
        known = (features.place, features.opposite, features.rhyme, features.tone)
        place, opposite, rhyme, tone = (torch.from_numpy(a.astype(np.int64)) for a in known)
        classes = echo_classes(features.line_of, features.line)  # (T, T, B)
        echo = torch.from_numpy(np.ascontiguousarray(classes.transpose(0, 2, 1)))
        return cls(place, opposite, rhyme, tone, torch.from_numpy(features.line_of), echo)


class LanguageModel(nn.Module):
    """Predicts each token of a poem from those before it.

    The parameters are named and shaped as in the model file (`Architecture.shapes`). Prefix tokens
    have an embedding and no output, so they are outside the softmax. `Architecture` describes
    features, tied output and echo.

    `initialization` names the initialization of the cells (`tangyin.nn.INITIALIZATIONS`). Embedding
    and output layer are uniform in ±1/√H. With a tied output the embedding is normal with deviation
    0.05, so that the first logits are small, and biases and echo are 0.

    Raises:
        UsageError: no cell or initialization has this name.
        TangyinError: the writing engine cannot run the cell.
    """

    def __init__(
        self,
        architecture: Architecture,
        vocabulary: Vocabulary,
        initialization: str = "report",
        dropout: Dropout | None = None,
    ) -> None:
        super().__init__()
        check_cell(architecture.cell)
        self.architecture, self.vocabulary = architecture, vocabulary
        self.tones = tone_classes(vocabulary) if architecture.follows_text else None
        self.dropout = dropout or Dropout()
        self.outputs = vocabulary.outputs
        a = architecture
        E, H, features = a.embedding_size, a.hidden_size, a.feature_size
        self.embedding = nn.Embedding(len(vocabulary), E)
        self.lstm = LSTM(E + features, H, a.layers, cell=a.cell, biases=1)
        initialize(self.lstm, initialization)
        bound = 1 / math.sqrt(H)
        self.output = _OutputLayer(vocabulary.outputs, None if a.tied else H)
        if self.output.weight is None:
            self.projection = nn.Linear(H + features, E)
            nn.init.normal_(self.embedding.weight, std=0.05)
            nn.init.zeros_(self.projection.bias)
        else:
            for parameter in (self.embedding.weight, self.output.weight, self.output.bias):
                nn.init.uniform_(parameter, -bound, bound)
        for name in ("opposite", "rhyme", "context"):
            if size := getattr(a, f"{name}_size"):
                self.add_module(name, nn.Linear(E, size, bias=False))
        for name, rows in (("place", a.layout.places), ("tone", a.layout.tones)):
            if size := getattr(a, f"{name}_size"):
                self.add_module(name, nn.Embedding(rows, size))
                nn.init.normal_(getattr(self, name).weight, std=0.05)
        if a.echo:
            self.echo = nn.Linear(H + features, ECHOES)
            nn.init.zeros_(self.echo.weight)
            nn.init.zeros_(self.echo.bias)
        self.lstm.weight_drop = self.dropout.recurrent

    def features_of(self, inputs: Ids) -> FeatureTensors | None:
        """The features of sequences of token numbers (T, B); None if the network needs none."""
        if self.tones is None:
            return None
        found = read_sequences(self.vocabulary, self.tones, self.architecture.layout, inputs)
        device = self.embedding.weight.device
        return FeatureTensors(*(tensor.to(device) for tensor in FeatureTensors.of(found)))

    def hidden_states(self, inputs: Tensor, features: FeatureTensors | None = None) -> Tensor:
        """Run the network up to its output layer over sequences from the zero state.

        Inputs are (T, B) int64 token numbers, with padding at the end of a sequence; features are
        required if the architecture follows the text. The result is (T, B, H + F): the last layer's
        hidden state and the features beside it.
        """
        drop = self.dropout if self.training else Dropout()
        table = character_dropout(self.embedding.weight, drop.characters)
        products = product_dtype(table)
        x = F.embedding(inputs, table).to(products)
        u = None if features is None else self._features(features, table, x)
        x = locked_dropout(x if u is None else torch.cat((x, u), -1), drop.input)
        h, _ = self.lstm(x)
        h = locked_dropout(h, drop.output)
        hidden: Tensor = h if u is None else torch.cat((h, u.to(h.dtype)), -1)
        return hidden

    def _features(self, features: FeatureTensors, table: Tensor, x: Tensor) -> Tensor | None:
        """The features u of each place, (T, B, F), or None when F is 0.

        `x`, (T, B, E), are the embeddings of the inputs.
        """
        parts = []
        for name in FEATURES:
            if not getattr(self.architecture, f"{name}_size"):
                continue
            layer = getattr(self, name)
            if name == "context":
                part = _mean_so_far(layer(x), features.line_of >= 0)
            elif isinstance(layer, nn.Linear):
                part = layer(F.embedding(getattr(features, name), table).to(x.dtype))
            else:
                part = layer(getattr(features, name))
            parts.append(part.to(x.dtype))
        return torch.cat(parts, -1) if parts else None

    def loss(
        self,
        inputs: Tensor,
        targets: Tensor,
        weights: Tensor | None = None,
        features: FeatureTensors | None = None,
    ) -> Tensor:
        """Mean cross-entropy of the targets, in nats: Σ weight · nll / Σ weight.

        All are (T, B). Each target counts by its weight, which is 0 or False for padding and other
        non-targets; all count equally if None. Inputs and features are those of `hidden_states`.
        """
        hidden = self.hidden_states(inputs, features).flatten(0, 1)  # (T·B, H + F)
        wanted, scale = targets.flatten(), None
        rows = None
        if weights is not None:
            flat = weights.flatten().to(self.output.bias.dtype)
            rows = flat.nonzero().squeeze(1)
            # chosen as an embedding's rows are: the way back is faster than an index's
            hidden, wanted = F.embedding(rows, hidden), wanted[rows]
            scale = flat[rows] / flat.sum()
        echo = None
        if self.architecture.echo and features is not None:
            echo = self._echo(hidden, inputs, features, rows)
        read, weight = self._output(hidden)
        return linear_cross_entropy(read, weight, self.output.bias, wanted, scale, echo)

    forward = loss  # DistributedDataParallel calls it

    def _output(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """The input of the output layer, (N, E or H), and its weight, (outputs, E or H)."""
        if self.output.weight is not None:
            return hidden, self.output.weight
        return self.projection(hidden), self.embedding.weight[: self.outputs]

    def _echo(
        self, hidden: Tensor, inputs: Tensor, features: FeatureTensors, rows: Tensor | None
    ) -> Echo:
        """The echoes of the chosen rows of (T·B)."""
        # (B, T); prefix tokens, which have no output, have no class either
        ids = inputs.t().clamp(max=self.outputs - 1).to(torch.int32)
        classes = features.echo.flatten(0, 1)  # (T·B, T)
        if rows is None:
            rows = torch.arange(len(classes), device=classes.device)
        else:
            classes = classes[rows]
        return Echo(self.echo(hidden), ids[rows % len(ids)], classes)

    def log_probs(self, inputs: Tensor, features: FeatureTensors | None = None) -> Tensor:
        """Log-probabilities, in nats, of the token after each input: (T, B, outputs).

        They are float32 or wider. Inputs and features are those of `hidden_states`.
        """
        hidden = self.hidden_states(inputs, features)
        read, weight = self._output(hidden)
        logits = F.linear(read, weight)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32)) + self.output.bias
        if self.architecture.echo and features is not None:
            echo = self._echo(hidden.flatten(0, 1), inputs, features, None)
            counted = echo.classes >= 0
            added = echo.values.gather(1, echo.classes.clamp(min=0).long()) * counted
            logits.view(-1, self.outputs).scatter_add_(1, echo.ids.long(), added.to(logits.dtype))
        return torch.log_softmax(logits, dim=-1)


def _mean_so_far(rows: Tensor, counted: Tensor) -> Tensor:
    """The mean of the counted rows up to each step, (T, B, size); 0 before there is one."""
    mask = counted.to(torch.promote_types(rows.dtype, torch.float32))
    sums = (rows * mask[..., None]).cumsum(0)
    return sums / mask.cumsum(0).clamp(min=1)[..., None]


class _OutputLayer(nn.Module):
    """The output layer's parameters; without a width its weight is the embedding's."""

    def __init__(self, outputs: int, width: int | None) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.weight = None if width is None else nn.Parameter(torch.empty(outputs, width))
