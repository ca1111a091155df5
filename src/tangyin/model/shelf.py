"""Finding models: those shipped in the package, a person's own, and files."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file
from pathlib import Path
from typing import Any, Self

from tangyin.data.files import data_file
from tangyin.errors import TangyinError, UsageError
from tangyin.model.file import ModelFile, describe_model, load_model
from tangyin.paths import models_home

SHIPPED = tuple(
    name for name in ("strong", "report") if data_file(f"models/{name}.safetensors").is_file()
)
DEFAULT = next(iter(SHIPPED), "")  # none in a browser, which loads the model of its page


def own_models() -> list[Path]:
    """The model files in `models_home()`, by name."""
    return sorted(models_home().glob("*.safetensors"))


def find_model(name: str) -> ModelFile:
    """Load a shipped model or one in `models_home()` by its name, or any by the path of its file.

    Raises:
        UsageError: model.unknown, model.no_file.
        TangyinError: the file cannot be used (`load_model`).
    """
    return _found(name, load_model)


def check_model(name: str) -> None:
    """Raise the errors of `find_model` without reading a tensor."""
    _found(name, describe_model)


def _found(name: str, read: Callable[[Path], ModelFile]) -> ModelFile:
    if name in SHIPPED:
        with as_file(data_file(f"models/{name}.safetensors")) as path:
            return read(path)
    for path in (Path(name), models_home() / f"{name}.safetensors"):
        if os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for a name that is too long
            return read(path)
    if os.sep in name or name.endswith(".safetensors"):
        raise UsageError("model.no_file", path=name)
    models = [*SHIPPED, *(path.stem for path in own_models())]
    raise UsageError("model.unknown", name=name, models=models)


def shipped_or_own() -> list[tuple[str, ModelFile | TangyinError]]:
    """Every model with its origin, "shipped" or its path; for a damaged one, the error instead.

    The models are described and not read: they have no tensors.
    """
    names = dict.fromkeys(SHIPPED, "shipped") | {str(path): str(path) for path in own_models()}
    found: list[tuple[str, ModelFile | TangyinError]] = []
    for name, origin in names.items():
        try:
            found.append((origin, _found(name, describe_model)))
        except TangyinError as error:
            found.append((origin, error))
    return found


@dataclass(frozen=True)
class ModelSummary:
    """A model as `tangyin models --format json` prints it.

    Attributes:
        name: what --model takes; an own file may have another name than its recipe.
        origin: "shipped" or where it is from.
    """

    name: str
    origin: str
    forms: list[str]
    parameters: int
    precision: str
    known_hanzi: int
    architecture: dict[str, Any]
    figures: dict[str, Any]
    training: dict[str, Any]
    licence: str

    @classmethod
    def of(cls, name: str, origin: str, model: ModelFile, **more: Any) -> Self:
        """The summary of a model; `more` are the fields of a subclass."""
        return cls(
            name=name,
            origin=origin,
            forms=[form.name for form in model.forms],
            parameters=model.parameters,
            precision=model.precision,
            known_hanzi=len(model.vocabulary.hanzi),
            architecture=model.architecture.to_json(),
            figures=_rounded(model.figures),
            training=model.training,
            licence=model.licence,
            **more,
        )


def _rounded(figures: Any) -> Any:
    """Perplexities to three decimals; the page sends them at each visit."""
    if isinstance(figures, dict):
        return {name: _rounded(value) for name, value in figures.items()}
    return round(figures, 3) if isinstance(figures, float) else figures
