"""The one file that training writes and writing reads: `NAME.safetensors`.

Tensors are stored in fp16; everything else about the model is JSON in the file's metadata, under
the names of the fields of `ModelFile`.
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

from tangyin.errors import TangyinError
from tangyin.files import write_whole
from tangyin.verse import Form, Vocabulary, form_named

FORMAT = 1
"""Version of the file format; a newer file is refused."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Architecture:
    """The network of a language model: embedding, LSTM layers, output layer.

    Attributes:
        embedding_size: E, width of the embedding.
        hidden_size: H, width of the hidden state.
        layers: number of LSTM layers.
        cell: name of the cell; "lstm" is the plain one.
    """

    embedding_size: int
    hidden_size: int
    layers: int = 1
    cell: str = "lstm"

    def shapes(self, vocabulary: Vocabulary) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor the network has.

        `lstm.weight_ih_lK` is (4H, E or H), `lstm.weight_hh_lK` (4H, H) and `lstm.bias_lK` (4H,),
        with the gates in the order i, f, g, o.
        """
        E, H = self.embedding_size, self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (len(vocabulary), E)}
        for layer in range(self.layers):
            shapes[f"lstm.weight_ih_l{layer}"] = (4 * H, E if layer == 0 else H)
            shapes[f"lstm.weight_hh_l{layer}"] = (4 * H, H)
            shapes[f"lstm.bias_l{layer}"] = (4 * H,)
        shapes["output.weight"] = (vocabulary.outputs, H)
        shapes["output.bias"] = (vocabulary.outputs,)
        return shapes


@dataclass(frozen=True)
class ModelFile:
    """A trained model as it is stored.

    Attributes:
        name: what the model is called on the command line.
        architecture: the network.
        vocabulary: its tokens.
        forms: the forms it was trained on.
        tensors: fp32 arrays by name (`Architecture.shapes`).
        training: how it was made: recipe, corpus integrity, split digest, commit.
        figures: its perplexities, by part and form.
        licence: of the weights.
    """

    name: str
    architecture: Architecture
    vocabulary: Vocabulary
    forms: tuple[Form, ...]
    tensors: dict[str, Array]
    training: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    licence: str = "MIT"

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(tensor.size for tensor in self.tensors.values())


def save_model(model: ModelFile, path: Path) -> None:
    """Write the model whole, its tensors rounded to fp16.

    Raises:
        TangyinError: a weight is not finite or too large for fp16, or the file cannot be written.
    """
    stored = {}
    for name, tensor in model.tensors.items():
        with np.errstate(over="ignore"):
            half = tensor.astype(np.float16)
        if not np.isfinite(half).all():
            raise TangyinError(f"{name} holds weights that fp16 cannot hold; train at a lower rate")
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


def _model(values: dict[str, Any], stored: dict[str, npt.NDArray[Any]]) -> ModelFile:
    """Build the model of its description; anything odd in it raises."""
    architecture = Architecture(**values["architecture"])
    numbers = (architecture.embedding_size, architecture.hidden_size, architecture.layers)
    if any(type(number) is not int or number < 1 for number in numbers):
        raise ValueError("the sizes of its architecture are no whole numbers from 1 up")
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
    with np.errstate(over="ignore"):  # what fp32 cannot hold becomes infinite, and is refused
        tensors = {
            name: tensor.astype(np.float32)
            for name, tensor in stored.items()
            if tensor.dtype.kind == "f"
        }
    return ModelFile(
        name=values["name"],
        architecture=architecture,
        vocabulary=vocabulary,
        forms=forms,
        tensors=tensors,
        training=dict(values["training"]),
        figures=figures,
        licence=values["licence"],
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
        if not np.isfinite(model.tensors[name]).all():
            raise TangyinError(
                f"{path} holds weights in {name} that are no finite numbers; get the file again"
            )


def _short(error: Exception) -> str:
    """What an error says, on one line of bearable length."""
    return " ".join(str(error).split())[:200]
