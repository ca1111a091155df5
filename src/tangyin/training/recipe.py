"""Training recipes: TOML files, read strictly."""

import difflib
import tomllib
import types
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from tangyin.errors import UsageError
from tangyin.verse import form_named


@dataclass(frozen=True)
class DataRecipe:
    """What is trained on.

    Attributes:
        forms: names of the forms.
        dynasties: "tang", "song"; ignored for one's own poems.
        minimum_frequency: a character is known when it stands so often in the training poems.
        prefix: "none" (every poem begins with `<bos>`) or "form" (with its form's token).
    """

    forms: tuple[str, ...]
    dynasties: tuple[str, ...] = ("tang",)
    minimum_frequency: int = 10
    prefix: str = "none"


@dataclass(frozen=True)
class ModelRecipe:
    """The network; see `tangyin.modelfile.Architecture` and `tangyin.nn.INITIALIZATIONS`."""

    embedding_size: int
    hidden_size: int
    layers: int = 1
    cell: str = "lstm"
    initialization: str = "report"


@dataclass(frozen=True)
class OptimizerRecipe:
    """How the weights move.

    Attributes:
        name: see `tangyin.training.optimizers.OPTIMIZERS`.
        learning_rate: step size.
        momentum: of SGD and RMSprop.
        weight_decay: L2 decay (decoupled for adamw).
        clip_norm: gradients whose norm over all parameters is larger are scaled down to it.
    """

    name: str = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 5.0


@dataclass(frozen=True)
class ScheduleRecipe:
    """How long, and on what.

    Attributes:
        batch_size: poems a step.
        epochs: at most so many passes.
        patience: stop when dev has not improved for so many epochs.
        seed: keys initialization and order.
    """

    batch_size: int = 128
    epochs: int = 20
    patience: int = 3
    seed: int = 1


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training."""

    name: str
    data: DataRecipe
    model: ModelRecipe
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    training: ScheduleRecipe = field(default_factory=ScheduleRecipe)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries of JSON values."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def read_recipe(path: Path, changes: Iterable[str] = ()) -> Recipe:
    """Read a recipe file.

    Args:
        path: a TOML file.
        changes: `key=value` strings that override it, such as `optimizer.learning_rate=0.001`;
            the value is TOML, or a bare string.

    Raises:
        UsageError: the file is missing or no TOML; a key is unknown or missing; a value has the
            wrong type or cannot be.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"cannot read the recipe {path}: {error.strerror or error}; give one such as "
            "configs/report.toml"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the recipe {path} is no TOML: {error}; mend that line") from error
    for change in changes:
        _override(values, change)
    recipe = build_recipe(values, str(path))
    _check(recipe)
    return recipe


def build_recipe(values: dict[str, Any], origin: str) -> Recipe:
    """Make a recipe of nested dictionaries, strictly (see `read_recipe`)."""
    recipe: Recipe = _build(Recipe, values, origin, "")
    return recipe


def recipe_toml(recipe: Recipe) -> str:
    """The recipe as a TOML file that reads back to the same recipe."""
    lines = [f"name = {_toml(recipe.name)}"]
    for section, values in recipe.as_dict().items():
        if isinstance(values, dict):
            lines += ["", f"[{section}]", *(f"{k} = {_toml(v)}" for k, v in values.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _override(values: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise UsageError(f"--set {change!r} is no key=value, such as training.epochs=5")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for section in path[:-1]:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise UsageError(f"--set {change!r}: {section} is no section of a recipe")
    values[path[-1]] = value


def _build(kind: Any, values: Any, origin: str, section: str) -> Any:
    if not isinstance(values, dict):
        raise UsageError(f"{origin}: {section} must be a section, [{section}]")
    hints = get_type_hints(kind)
    known = [f.name for f in fields(kind)]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            mend = f"did you mean {near[0]}" if near else f"known are {', '.join(known)}"
            raise UsageError(f"{origin}: there is no key {_joined(section, key)}; {mend}")
    given = {}
    for key, value in values.items():
        name = _joined(section, key)
        if is_dataclass(hints[key]):
            given[key] = _build(hints[key], value, origin, name)
        else:
            given[key] = _typed(hints[key], value, origin, name)
    try:
        return kind(**given)
    except TypeError:
        missing = [
            f.name
            for f in fields(kind)
            if f.name not in given and f.default is MISSING and f.default_factory is MISSING
        ]
        raise UsageError(
            f"{origin}: {', '.join(_joined(section, name) for name in missing)} must be given"
        ) from None


def _typed(hint: Any, value: Any, origin: str, name: str) -> Any:
    if isinstance(hint, types.GenericAlias):
        inner = get_args(hint)[0]
        if isinstance(value, list):
            return tuple(_typed(inner, item, origin, name) for item in value)
        raise UsageError(f"{origin}: {name} must be a list, and is {value!r}")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        words = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
        raise UsageError(f"{origin}: {name} must be {words[hint]}, and is {value!r}")
    return value


def _joined(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _check(recipe: Recipe) -> None:
    """See that the values make sense together, before anything is computed."""
    for form in recipe.data.forms:
        form_named(form)
    counts = {
        "data.minimum_frequency": recipe.data.minimum_frequency,
        "model.embedding_size": recipe.model.embedding_size,
        "model.hidden_size": recipe.model.hidden_size,
        "model.layers": recipe.model.layers,
        "training.batch_size": recipe.training.batch_size,
        "training.epochs": recipe.training.epochs,
        "training.patience": recipe.training.patience,
    }
    for name, value in counts.items():
        if value < 1:
            raise UsageError(f"{name} is {value}; give a whole number from 1 up")
    for name, number in (
        ("optimizer.learning_rate", recipe.optimizer.learning_rate),
        ("optimizer.clip_norm", recipe.optimizer.clip_norm),
    ):
        if not number > 0:
            raise UsageError(f"{name} is {number}; give a number above 0")
    if recipe.training.seed < 0:
        raise UsageError(f"training.seed is {recipe.training.seed}; give a whole number from 0 up")
    if recipe.data.prefix not in ("none", "form"):
        raise UsageError(f"data.prefix is {recipe.data.prefix!r}; it can be none or form")
    if not recipe.data.forms:
        raise UsageError('data.forms is empty; name at least one, such as ["五律"]')
    unknown = sorted(set(recipe.data.dynasties) - {"tang", "song"})
    if unknown or not recipe.data.dynasties:
        raise UsageError(f"data.dynasties is {list(recipe.data.dynasties)}; it can be tang, song")
