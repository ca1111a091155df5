"""Finding models: those shipped in the package, one's own, and files."""

import os
from importlib.resources import as_file
from pathlib import Path

from tangyin.data.files import data_file
from tangyin.errors import TangyinError, UsageError
from tangyin.model.file import ModelFile, load_model
from tangyin.paths import models_home

SHIPPED = tuple(
    name for name in ("strong", "report") if data_file(f"models/{name}.safetensors").is_file()
)
DEFAULT = SHIPPED[0]


def own_models() -> list[Path]:
    """The model files in `models_home()`, by name."""
    return sorted(models_home().glob("*.safetensors"))


def find_model(name: str) -> ModelFile:
    """Load a model by name or file.

    Args:
        name: a shipped model's name, the name of one in `models_home()`, or the path of a file.

    Raises:
        UsageError: there is no such model.
        TangyinError: there is, and it is damaged.
    """
    if name in SHIPPED:
        with as_file(data_file(f"models/{name}.safetensors")) as path:
            return load_model(path)
    for path in (Path(name), models_home() / f"{name}.safetensors"):
        if _stands(path):
            return load_model(path)
    if os.sep in name or name.endswith(".safetensors"):
        raise UsageError(f"there is no model file {name}; see `tangyin models` for those there are")
    known = ", ".join([*SHIPPED, *(path.stem for path in own_models())])
    raise UsageError(f"there is no model called {name}; there are {known}, or give a file's path")


def _stands(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name too long for a file
        return False


def shipped_or_own() -> list[tuple[str, ModelFile | TangyinError]]:
    """Every model there is with its origin; a damaged one is told by its error."""
    found: list[tuple[str, ModelFile | TangyinError]] = []
    places = [("shipped", name) for name in SHIPPED]
    places += [(str(path), str(path)) for path in own_models()]
    for origin, name in places:
        try:
            found.append((origin, find_model(name)))
        except TangyinError as error:
            found.append((origin, error))
    return found
