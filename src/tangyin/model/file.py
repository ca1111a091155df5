"""The one file that training writes and writing reads: `NAME.safetensors`.

Tensors are stored in fp16, or in int8 with a scale a row (`NAME.scale`); everything else about the
model is JSON in the file's metadata, under the names of the fields of `ModelFile`.
"""

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors import safe_open as _safe_open
from safetensors.numpy import save as _serialize

from tangyin.errors import TangyinError, UsageError
from tangyin.files import write_whole
from tangyin.lstm.cell import cell_named
from tangyin.model.features import ECHOES, PLACES, TONES
from tangyin.model.quantization import dequantize, quantize
from tangyin.verse import TEXT, Form, Vocabulary, form_named

FORMAT = 2
"""Version of the file format; a newer file is refused. Format 1 has no features and no int8."""

PRECISIONS = ("fp16", "int8")

TONE_CLASSES = 4
"""Tone classes of a character are below this."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Architecture:
    """The network of a language model: embedding, LSTM layers, output layer.

    With features, F being the sum of their sizes, u_t of (F,) tells of the next token what
    `tangyin.verse.Features` knows, in the order of the fields: the embeddings of the character
    opposite and of the rhyme, each through a projection, and rows looked up by place and tone. The
    first layer reads [embedding of token t, u_t].

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
        echo: the logit of every character that was read before gains a_t of its class
            (`tangyin.verse.echo_classes`), a_t = echo [h_t, u_t].
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
    echo: bool = False

    @property
    def feature_size(self) -> int:
        """F, width of all features of a place together."""
        return self.opposite_size + self.rhyme_size + self.place_size + self.tone_size

    @property
    def follows_text(self) -> bool:
        """Whether the network needs to know where in a text it is (`tangyin.verse.Reader`)."""
        return self.echo or self.feature_size > 0

    def shapes(self, vocabulary: Vocabulary) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor the network has.

        `lstm.NAME_lK` is the parameter NAME of layer K (`tangyin.lstm.cell.Cell.shapes`). `tones`
        is no weight but the tone class of each token (uint8), which the features are made with.

        Raises:
            UsageError: no cell has the name `cell`.
        """
        E, H, F = self.embedding_size, self.hidden_size, self.feature_size
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (len(vocabulary), E)}
        for name, size, width in (
            ("opposite", self.opposite_size, (self.opposite_size, E)),
            ("rhyme", self.rhyme_size, (self.rhyme_size, E)),
            ("place", self.place_size, (PLACES, self.place_size)),
            ("tone", self.tone_size, (TONES, self.tone_size)),
        ):
            if size:
                shapes[f"{name}.weight"] = width
        cell = cell_named(self.cell)
        for layer in range(self.layers):
            for name, shape in cell.shapes(H if layer else E + F, H).items():
                shapes[f"lstm.{name}_l{layer}"] = shape
        if self.tied:
            shapes["projection.weight"] = (E, H + F)
            shapes["projection.bias"] = (E,)
        else:
            shapes["output.weight"] = (vocabulary.outputs, H)
        shapes["output.bias"] = (vocabulary.outputs,)
        if self.echo:
            shapes["echo.weight"] = (ECHOES, H + F)
            shapes["echo.bias"] = (ECHOES,)
        if self.follows_text:
            shapes["tones"] = (len(vocabulary),)
        return shapes


@dataclass(frozen=True)
class ModelFile:
    """A trained model as it is stored.

    Attributes:
        name: what the model is called on the command line.
        architecture: the network.
        vocabulary: its tokens.
        forms: the forms it was trained on.
        tensors: fp32 arrays by name (`Architecture.shapes`), and `tones` in uint8.
        training: how it was made: recipe, corpus integrity, split digest, commit.
        figures: its perplexities, by part and form.
        licence: of the weights.
        precision: "fp16" or "int8", how the weights lay in the file.
    """

    name: str
    architecture: Architecture
    vocabulary: Vocabulary
    forms: tuple[Form, ...]
    tensors: dict[str, Array]
    training: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    licence: str = "MIT"
    precision: str = "fp16"

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(tensor.size for name, tensor in self.tensors.items() if name != "tones")


def save_model(model: ModelFile, path: Path, precision: str = "fp16") -> None:
    """Write the model whole.

    Args:
        model: the model.
        path: where to.
        precision: "fp16" rounds every weight to it; "int8" stores matrices in a quarter of their
            size, with a scale a row (`tangyin.model.quantization`).

    Raises:
        UsageError: there is no such precision.
        TangyinError: a weight is not finite or too large for fp16, or the file cannot be written.
    """
    if precision not in PRECISIONS:
        raise UsageError(f"there is no precision {precision!r}; it is {' or '.join(PRECISIONS)}")
    stored: dict[str, Array] = {}
    for name, tensor in model.tensors.items():
        if name == "tones":
            stored[name] = tensor.astype(np.uint8)
            continue
        with np.errstate(over="ignore"):
            half = tensor.astype(np.float16)
        if not np.isfinite(half).all():
            raise TangyinError(f"{name} holds weights that fp16 cannot hold; train at a lower rate")
        if precision == "int8" and tensor.ndim == 2:
            stored[name], stored[f"{name}.scale"] = quantize(tensor)
        else:
            stored[name] = np.ascontiguousarray(half)
    metadata = {
        "format": FORMAT,
        "name": model.name,
        "architecture": vars(model.architecture),
        "vocabulary": {
            "hanzi": "".join(model.vocabulary.hanzi),
            "prefixes": list(model.vocabulary.prefixes),
        },
        "forms": [form.name for form in model.forms],
        "training": model.training,
        "figures": model.figures,
        "licence": model.licence,
    }
    texts = {key: _json(value) for key, value in metadata.items()}
    write_whole(path, _in_order(_serialize(stored, texts)))


def _in_order(content: bytes) -> bytes:
    """The same safetensors file with its metadata in order, so that one model is always one file.

    The library writes them in the order of a hash table. The header is JSON behind its length
    (uint64), filled up with spaces to a multiple of 8 bytes; offsets count from its end.
    """
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = _json(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content[8 + size :]


def _json(value: Any) -> str:
    # A file name that is no UTF-8 holds lone surrogates, which JSON can only escape.
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def load_model(path: Path) -> ModelFile:
    """Read a model file and see that it fits its own architecture.

    Raises:
        TangyinError: it is missing, cut short, of another or a newer format, its description is
            damaged, or its tensors do not fit its architecture or are not finite.
    """
    try:
        with _safe_open(path, framework="numpy") as file:
            values = _description(path, file.metadata() or {})
            # Before any tensor: a newer format may hold types that we cannot read.
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise TangyinError(f"there is no model file {path}; see `tangyin models`") from None
    except OSError as error:
        raise TangyinError(f"cannot read the model {path} ({error}); get the file again") from error
    except (SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise TangyinError(
            f"{path} is no whole safetensors file ({_short(error)}); it was cut short or is "
            "something else: get it again"
        ) from error
    try:
        model = _model(values, stored)
    except (KeyError, ValueError, TypeError, AttributeError, TangyinError) as error:
        raise TangyinError(
            f"the description inside {path} is damaged ({_short(error)}); get the file again"
        ) from error
    _check_tensors(model, path)
    return model


def _description(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    """The JSON values inside the metadata, when their version is one we can read."""
    try:
        version = json.loads(metadata["format"])
        if type(version) is not int or version < 1:
            raise TypeError
    except (KeyError, ValueError, TypeError, RecursionError):
        raise TangyinError(
            f"{path} is a safetensors file but no tangyin model; give one written by tangyin train"
        ) from None
    if version > FORMAT:
        raise TangyinError(
            f"{path} has model format {version}, and this tangyin reads up to {FORMAT}; "
            "install a newer tangyin"
        )
    try:
        return {key: json.loads(text) for key, text in metadata.items()}
    except (ValueError, RecursionError) as error:
        raise TangyinError(
            f"the description inside {path} is damaged ({_short(error)}); get the file again"
        ) from error


def _model(values: dict[str, Any], stored: dict[str, Array]) -> ModelFile:
    """Build the model of its description; anything odd in it raises."""
    architecture = Architecture(**values["architecture"])
    _check_architecture(architecture)
    if architecture.layers > len(stored):
        raise ValueError(f"it names {architecture.layers} layers for {len(stored)} tensors")
    hanzi, prefixes = values["vocabulary"]["hanzi"], values["vocabulary"]["prefixes"]
    forms = tuple(map(form_named, values["forms"]))
    texts = (architecture.cell, values["name"], values["licence"], hanzi, *prefixes)
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError("a name, token or licence in it is no text")
    vocabulary = Vocabulary(hanzi, prefixes)
    if not forms or len(set(forms)) != len(forms):
        raise ValueError("it names no forms, or one twice")
    for form in forms:
        vocabulary.prefix_id(form)
    figures = values["figures"]
    if not all(isinstance(f, dict) for part in figures.values() for f in part.values()):
        raise ValueError("its figures are not by part and form")
    if architecture.follows_text and TEXT not in vocabulary:
        raise ValueError("it has features, and no token <text>")
    tensors = _tensors(stored)
    return ModelFile(
        name=values["name"],
        architecture=architecture,
        vocabulary=vocabulary,
        forms=forms,
        tensors=tensors,
        precision="int8" if any(t.dtype == np.int8 for t in stored.values()) else "fp16",
        training=dict(values["training"]),
        figures=figures,
        licence=values["licence"],
    )


def _check_architecture(network: Architecture) -> None:
    """Refuse sizes that cannot be."""
    sizes = (network.embedding_size, network.hidden_size, network.layers)
    features = (
        network.opposite_size,
        network.rhyme_size,
        network.place_size,
        network.tone_size,
    )
    if any(type(size) is not int or size < 1 for size in sizes):
        raise ValueError("the sizes of its architecture are no whole numbers from 1 up")
    if any(type(size) is not int or size < 0 for size in features):
        raise ValueError("the sizes of its features are no whole numbers from 0 up")
    if type(network.tied) is not bool or type(network.echo) is not bool:
        raise ValueError("tied or echo in its architecture is neither true nor false")
    if network.follows_text and not network.tied:
        raise ValueError("it has features, and its embedding is not tied")


def _tensors(stored: dict[str, Array]) -> dict[str, Array]:
    """Stored tensors in fp32; what is of no type that a model has is left out."""
    quantized = {
        name for name, tensor in stored.items() if _scales(stored.get(f"{name}.scale"), tensor)
    }
    tensors: dict[str, Array] = {}
    for name, tensor in stored.items():
        if name in quantized:
            tensors[name] = dequantize(tensor, stored[f"{name}.scale"])
        elif name == "tones":
            tensors |= {name: tensor} if tensor.dtype == np.uint8 else {}
        elif tensor.dtype.kind == "f" and name.removesuffix(".scale") not in quantized:
            with np.errstate(over="ignore"):  # what fp32 cannot hold is infinite then, and refused
                tensors[name] = tensor.astype(np.float32)
    return tensors


def _scales(scale: Array | None, tensor: Array) -> bool:
    """Whether a tensor is an int8 matrix, and `scale` holds a scale for each of its rows."""
    return (
        scale is not None
        and tensor.dtype == np.int8
        and tensor.ndim == 2
        and scale.dtype.kind == "f"
        and scale.shape == tensor.shape[:1]
    )


def _check_tensors(model: ModelFile, path: Path) -> None:
    expected = model.architecture.shapes(model.vocabulary)
    found = {name: tensor.shape for name, tensor in model.tensors.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise TangyinError(
                f"{path} does not fit its own architecture: {name} is {found.get(name)}, "
                f"and should be {expected.get(name)}; get the file again"
            )
        if name == "tones" and (model.tensors[name] >= TONE_CLASSES).any():
            raise TangyinError(f"{path} holds tone classes that there are not; get the file again")
        if not np.isfinite(model.tensors[name]).all():
            raise TangyinError(
                f"{path} holds weights in {name} that are no finite numbers; get the file again"
            )


def _short(error: Exception) -> str:
    """What an error says, on one line of bearable length."""
    return " ".join(str(error).split())[:200]
