"""The network of a language model: its sizes, and the tensors that it has."""

from dataclasses import dataclass, field, replace
from typing import Any

from tangyin.lstm.cell import cell_named
from tangyin.model.features import ECHOES, FeatureLayout
from tangyin.verse import Vocabulary

FEATURES = ("opposite", "rhyme", "place", "tone", "context")
"""The features of a place, in the order in which u_t holds them."""


@dataclass(frozen=True)
class Architecture:
    """The network of a language model: embedding, LSTM layers, output layer.

    With features, F being the sum of their sizes, u_t of (F,) holds what `tangyin.model.Features`
    knows about the next token: the embeddings of the character opposite and of the rhyme, each
    through a projection, rows looked up by place and tone, and the mean of the projected embeddings
    of the text's characters so far, in this order. The first layer reads
    [embedding of token t, u_t].

    Attributes:
        embedding_size: E, width of the embedding.
        hidden_size: H, width of the hidden state.
        layers: number of LSTM layers.
        cell: name of the cell (`tangyin.lstm.cells`); "lstm" is the plain one.
        tied: the output rows are the embedding's: logits = embedding · s_t + bias, where
            s_t = projection [h_t, u_t]. Features and echo need it.
        opposite_size: width of the feature of the character opposite.
        rhyme_size: width of the feature of the rhyme.
        place_size: width of the feature of the place.
        tone_size: width of the feature of the tones.
        context_size: width of the mean over the characters of the text so far.
        echo: the logit of every character that was read before gains a_t of its class
            (`tangyin.model.echo_classes`), a_t = echo [h_t, u_t].
        layout: what the places and tones of the features mean.
    """

    embedding_size: int
    hidden_size: int
    layers: int = 1
    cell: str = "lstm"
    tied: bool = False
    opposite_size: int = 0
    rhyme_size: int = 0
    place_size: int = 0
    tone_size: int = 0
    context_size: int = 0
    echo: bool = False
    layout: FeatureLayout = field(default_factory=FeatureLayout)

    def fitted(self, vocabulary: Vocabulary) -> "Architecture":
        """The same network with the layout of features for a new model of this vocabulary."""
        layout = FeatureLayout.of(vocabulary) if self.follows_text else FeatureLayout()
        return replace(self, layout=layout)

    def to_json(self) -> dict[str, Any]:
        """The fields, except the layout."""
        return {name: value for name, value in vars(self).items() if name != "layout"}

    @property
    def feature_size(self) -> int:
        """F, width of all features of a place together."""
        return sum(getattr(self, f"{name}_size") for name in FEATURES)

    @property
    def follows_text(self) -> bool:
        """Whether the network needs to know where in a text it is (`features.Reader`)."""
        return self.echo or self.feature_size > 0

    def shapes(self, vocabulary: Vocabulary) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor the network has.

        `lstm.NAME_lK` is the parameter NAME of layer K (`tangyin.lstm.cell.Cell.shapes`). `tones`
        is not a weight but the tone class of each token (uint8), from which the features are made.

        Raises:
            UsageError: no cell has the name `cell`.
        """
        E, H, F = self.embedding_size, self.hidden_size, self.feature_size
        shapes: dict[str, tuple[int, ...]] = {
            "embedding.weight": (len(vocabulary), E),
            "opposite.weight": (self.opposite_size, E),
            "rhyme.weight": (self.rhyme_size, E),
            "place.weight": (self.layout.places, self.place_size),
            "tone.weight": (self.layout.tones, self.tone_size),
            "context.weight": (self.context_size, E),
        }
        cell = cell_named(self.cell)
        for layer in range(self.layers):
            for name, shape in cell.shapes(H if layer else E + F, H).items():
                shapes[f"lstm.{name}_l{layer}"] = shape
        if self.tied:
            shapes |= {"projection.weight": (E, H + F), "projection.bias": (E,)}
        else:
            shapes["output.weight"] = (vocabulary.outputs, H)
        shapes["output.bias"] = (vocabulary.outputs,)
        if self.echo:
            shapes |= {"echo.weight": (ECHOES, H + F), "echo.bias": (ECHOES,)}
        if self.follows_text:
            shapes["tones"] = (len(vocabulary),)
        return {name: shape for name, shape in shapes.items() if all(shape)}
