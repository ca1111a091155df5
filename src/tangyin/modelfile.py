"""The one file that training writes and writing reads: `NAME.safetensors`.

Tensors are stored in fp16; everything else about the model is JSON in the file's metadata, under
the names of the fields of `ModelFile`.
"""

import json
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
    texts = {key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()}
    write_whole(path, _serialize(stored, texts))


def load_model(path: Path) -> ModelFile:
    """Read a model file and see that it fits its own architecture.

    Raises:
        TangyinError: it is missing, cut short, of another or a newer format, or its tensors do
            not fit its architecture.
    """
    metadata, stored = _read(path)
    try:
        version = json.loads(metadata["format"])
        if not isinstance(version, int):
            raise TypeError
    except (KeyError, ValueError, TypeError):
        raise TangyinError(
            f"{path} is a safetensors file but no tangyin model; give one written by tangyin train"
        ) from None
    if version > FORMAT:
        raise TangyinError(
            f"{path} has model format {version}, and this tangyin reads up to {FORMAT}; "
            "install a newer tangyin"
        )
    try:
        values = {key: json.loads(text) for key, text in metadata.items()}
        model = ModelFile(
            name=str(values["name"]),
            architecture=Architecture(**values["architecture"]),
            vocabulary=Vocabulary(values["vocabulary"]["hanzi"], values["vocabulary"]["prefixes"]),
            forms=tuple(map(form_named, values["forms"])),
            tensors={name: tensor.astype(np.float32) for name, tensor in stored.items()},
            training=dict(values["training"]),
            figures=dict(values["figures"]),
            licence=str(values["licence"]),
        )
        expected = model.architecture.shapes(model.vocabulary)
    except (KeyError, ValueError, TypeError, AttributeError, TangyinError) as error:
        raise TangyinError(
            f"the description inside {path} is damaged ({error}); get the file again"
        ) from error
    found = {name: tensor.shape for name, tensor in model.tensors.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise TangyinError(
                f"{path} does not fit its own architecture: {name} is {found.get(name)}, "
                f"and should be {expected.get(name)}; get the file again"
            )
    return model


def _read(path: Path) -> tuple[dict[str, str], dict[str, npt.NDArray[Any]]]:
    try:
        with _safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            return metadata, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise TangyinError(
            f"{path} is no whole safetensors file ({error}); it was cut short or is something "
            "else: get it again"
        ) from error
    except OSError as error:
        raise TangyinError(
            f"cannot read the model {path}: {error.strerror or error}; see `tangyin models`"
        ) from error
