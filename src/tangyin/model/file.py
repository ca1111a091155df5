"""The one file that training writes and writing reads: `NAME.safetensors`.

Tensors are stored in fp16, or in int8 with one scale per row (`NAME.scale`); everything else about
the model is JSON in the file's metadata, under the names of the fields of `ModelFile`. The layout
of the features is there under `features`.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError, UsageError
from tangyin.files import json_text, json_value, whole_file
from tangyin.model.architecture import Architecture
from tangyin.model.arithmetic import LARGEST, Matrix
from tangyin.model.features import FeatureLayout
from tangyin.model.serialization import Entry, mapped, read_header, serialized
from tangyin.verse import TEXT, Form, Vocabulary, form_named

FORMAT = 3
"""Newest version of the file format.

Format 1 has no features and no int8, format 2 the default `FeatureLayout` and the four forms of the
corpus alone. A file has the lowest version that can hold its model.
"""

PRECISIONS = ("fp16", "int8")

FLOATS = ("F16", "F32", "F64")
"""Types that weights may have, by their names in a file's header."""

Array = npt.NDArray[Any]
Entries = Mapping[str, Entry]
"""What a file's header says of each tensor."""


class StoredTensors(Mapping[str, Array]):
    """Tensors in fp32, and `tones` in uint8, made of the arrays of a file."""

    def __init__(self, stored: Mapping[str, Array], names: Iterable[str]) -> None:
        self._stored, self._names = stored, tuple(names)

    def __getitem__(self, name: str) -> Array:
        if self._stored[name].dtype == np.int8:
            return self.matrix(name).rows(slice(None))
        return np.array(self._stored[name], np.uint8 if name == "tones" else np.float32)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def matrix(self, name: str) -> Matrix:
        """A matrix in int8, as it is stored or rounded now."""
        if self._stored[name].dtype == np.int8:
            return Matrix(self._stored[name], self._stored[f"{name}.scale"].astype(np.float32))
        return Matrix.of(self[name])

    def largest(self, name: str) -> Array:
        """The values of a tensor; of an int8 matrix the largest that its rows can hold."""
        if self._stored[name].dtype == np.int8:
            return LARGEST * self._stored[f"{name}.scale"].astype(np.float32)
        return self[name]


@dataclass(frozen=True)
class ModelFile:
    """A stored model.

    Attributes:
        name: what the model is called on the command line.
        architecture: the network.
        vocabulary: its tokens.
        forms: the forms it was trained on.
        tensors: fp32 arrays by name (`Architecture.shapes`), and `tones` in uint8; of a loaded file
            they are decoded on access; none where it was described and not read.
        training: how it was made: recipe, corpus integrity, split digest, commit.
        figures: its perplexities, by part and form.
        licence: of the weights.
        precision: "fp16" or "int8", how the file stores the weights.
    """

    name: str
    architecture: Architecture
    vocabulary: Vocabulary
    forms: tuple[Form, ...]
    tensors: Mapping[str, Array]
    training: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    licence: str = "MIT"
    precision: str = "fp16"

    def matrix(self, name: str) -> Matrix:
        """A matrix in int8, as the file stores it or rounded now."""
        if isinstance(self.tensors, StoredTensors):
            return self.tensors.matrix(name)
        return Matrix.of(self.tensors[name])

    @property
    def parameters(self) -> int:
        """Number of weights."""
        shapes = self.architecture.shapes(self.vocabulary)
        return sum(math.prod(shape) for name, shape in shapes.items() if name != "tones")


def save_model(model: ModelFile, path: Path, precision: str = "fp16") -> None:
    """Write the model whole, its weights rounded to fp16, or its matrices to int8.

    Raises:
        UsageError: model.precision.
        TangyinError: model.too_large, a weight is not finite or too large for fp16; or the file
            cannot be written.
    """
    if precision not in PRECISIONS:
        raise UsageError("model.precision", precision=precision, precisions=PRECISIONS)
    stored: dict[str, Array] = {}
    for name, tensor in model.tensors.items():
        if name == "tones":
            stored[name] = tensor.astype(np.uint8)
            continue
        with np.errstate(over="ignore"):
            half = tensor.astype(np.float16)
        if not np.isfinite(half).all():
            raise TangyinError("model.too_large", tensor=name)
        if precision == "int8" and tensor.ndim == 2:
            matrix = Matrix.of(tensor)
            stored[name], stored[f"{name}.scale"] = matrix.weights, matrix.scales
        else:
            stored[name] = half
    network, vocabulary, old = model.architecture, model.vocabulary, FeatureLayout()
    forms = [form.name for form in model.forms]
    metadata = {
        "format": 2 if network.layout == old and {*forms} <= {*old.forms} else FORMAT,
        "name": model.name,
        "architecture": network.to_json(),
        "vocabulary": {"hanzi": "".join(vocabulary.hanzi), "prefixes": vocabulary.prefixes},
        "forms": forms,
        "training": model.training,
        "figures": model.figures,
        "licence": model.licence,
    }
    if network.follows_text:
        metadata["features"] = asdict(network.layout)
    texts = {key: _json(value) for key, value in metadata.items()}
    with whole_file(path) as file:
        file.writelines(serialized(stored, texts))


def _json(value: Any) -> str:
    # A file name that is not UTF-8 holds lone surrogates, which JSON can only escape.
    return json_text(value).encode("utf-8", "backslashreplace").decode("utf-8")


def load_model(path: Path) -> ModelFile:
    """Read a model file and check that it fits its own architecture.

    Raises:
        TangyinError: model.no_file, model.unreadable, model.incomplete, model.foreign,
            model.newer, model.damaged, model.unknown_form, model.misfit or model.bad_values.
    """
    return _read(path, whole=True)


def describe_model(path: Path) -> ModelFile:
    """Read a model file without its tensors, checking only their header.

    So a list of models takes no more memory than their descriptions, whatever their sizes.
    """
    return _read(path, whole=False)


def _read(path: Path, *, whole: bool) -> ModelFile:
    try:
        metadata, entries = read_header(path)
        # Before any tensor: a newer format may hold types that we cannot read.
        _check_format(metadata, path)
        model = _described(metadata, entries, path)
        if not whole:
            return model
    except FileNotFoundError:
        raise TangyinError("model.no_file", path=str(path)) from None
    except OSError as error:
        raise TangyinError("model.unreadable", path=str(path), reason=_short(error)) from error
    except ValueError as error:
        raise TangyinError("model.incomplete", path=str(path), reason=_short(error)) from error
    stored = StoredTensors(mapped(path), model.architecture.shapes(model.vocabulary))
    _check_values(model, stored, path)
    return replace(model, tensors=stored)


def _described(metadata: dict[str, str], entries: Entries, path: Path) -> ModelFile:
    """The model without its tensors, whose types and shapes are those of its architecture."""
    try:
        model = _model({key: json_value(text) for key, text in metadata.items()}, entries)
        expected = model.architecture.shapes(model.vocabulary)
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError, TangyinError) as error:
        if isinstance(error, UsageError) and error.code == "form.unknown":
            form = error.params["name"]
            raise TangyinError("model.unknown_form", path=str(path), form=form) from None
        raise TangyinError("model.damaged", path=str(path), reason=_short(error)) from error
    found = _shapes(entries)
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            shapes = {"expected": expected.get(name), "found": found.get(name)}
            texts = {key: str(shape or "-") for key, shape in shapes.items()}
            raise TangyinError("model.misfit", path=str(path), tensor=name, **texts)
    return model


def _check_format(metadata: dict[str, str], path: Path) -> None:
    try:
        version = json.loads(metadata["format"])
        if type(version) is not int or version < 1:
            raise TypeError
    except (KeyError, ValueError, TypeError, RecursionError):
        raise TangyinError("model.foreign", path=str(path)) from None
    if version > FORMAT:
        raise TangyinError("model.newer", path=str(path), version=version, newest=FORMAT)


def _model(values: dict[str, Any], entries: Entries) -> ModelFile:
    """Build the model from its description; anything invalid raises."""
    architecture = Architecture(**values["architecture"], layout=_layout(values))
    for key, value in architecture.to_json().items():
        if key in ("tied", "echo"):
            _require(type(value) is bool, key)
        elif key != "cell":
            smallest = 1 if key in ("embedding_size", "hidden_size", "layers") else 0
            _require(type(value) is int and value >= smallest, key)
    _require(architecture.tied or not architecture.follows_text, "tied")
    _require(architecture.layers <= len(entries), "layers")
    name, licence, names = values["name"], values["licence"], values["forms"]
    hanzi, prefixes = values["vocabulary"]["hanzi"], values["vocabulary"]["prefixes"]
    for text in (architecture.cell, name, licence, hanzi, *prefixes):
        _require(isinstance(text, str) and text, "text")
    vocabulary = Vocabulary(hanzi, prefixes)
    forms = tuple(map(form_named, names if isinstance(names, list) else ()))
    _require(forms and len(set(forms)) == len(forms), "forms")
    for form in forms:
        vocabulary.prefix_id(form)
    for part in values["figures"].values():
        _require(all(isinstance(figures, dict) for figures in part.values()), "figures")
    _require(TEXT in vocabulary or not architecture.follows_text, TEXT)
    return ModelFile(
        name=name,
        architecture=architecture,
        vocabulary=vocabulary,
        forms=forms,
        tensors={},
        precision="int8" if any(entry.dtype == "I8" for entry in entries.values()) else "fp16",
        training=dict(values["training"]),
        figures=values["figures"],
        licence=licence,
    )


def _layout(values: dict[str, Any]) -> FeatureLayout:
    if "features" not in values:
        return FeatureLayout()
    stored = dict(values["features"])
    forms, first_lines = stored.pop("forms"), stored.pop("first_lines")
    in_turn = stored.pop("in_turn", False)
    _require(type(in_turn) is bool, "in_turn")
    _require(isinstance(forms, list) and all(isinstance(name, str) for name in forms), "forms")
    for number in (*first_lines, *stored.values()):
        _require(type(number) is int and 1 <= number <= 255, "features")
    layout = FeatureLayout(tuple(forms), tuple(first_lines), in_turn=in_turn, **stored)
    _require(layout.columns > 1, "columns")  # the tone of the second character is a feature
    return layout


def _require(holds: object, name: str) -> None:
    """Refuse a description in which the value `name` is wrong."""
    if not holds:
        raise ValueError(name)


def _shapes(entries: Entries) -> dict[str, tuple[int, ...]]:
    """The shapes of a file's tensors, without scales and those of a type that no model has."""
    shapes = {
        name: entry.shape
        for name, entry in entries.items()
        if (entry.dtype == "U8" if name == "tones" else entry.dtype in FLOATS)
    }
    for name, entry in entries.items():
        scale = f"{name}.scale"
        if entry.dtype == "I8" and len(entry.shape) == 2 and shapes.get(scale) == entry.shape[:1]:
            shapes[name] = entry.shape
            del shapes[scale]
    return shapes


def _check_values(model: ModelFile, stored: StoredTensors, path: Path) -> None:
    classes = model.architecture.layout.tone_classes
    for name in sorted(stored):
        # Numbers too large for fp32 become infinite, and are refused.
        with np.errstate(over="ignore", invalid="ignore"):
            tensor = stored.largest(name)
        if not (tensor < classes if name == "tones" else np.isfinite(tensor)).all():
            raise TangyinError("model.bad_values", path=str(path), tensor=name)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
