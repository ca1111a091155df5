"""Training recipes: TOML files, read strictly."""

import difflib
import json
import tomllib
import types
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from tangyin.errors import UsageError
from tangyin.lstm.cells import names as names_of_cells
from tangyin.model.file import Architecture
from tangyin.nn import INITIALIZATIONS, Dropout
from tangyin.training.optimizers import LARGEST, check_optimizer
from tangyin.training.optimizers import OptimizerRecipe as OptimizerRecipe
from tangyin.training.precision import PRECISIONS
from tangyin.verse import form_named

MOST = 1_000_000
"""No size and no count of a recipe is larger."""

FEATURE_SIZES = ("opposite_size", "rhyme_size", "place_size", "tone_size")
TOLD_SHARES = ("tell_form", "tell_rhyme", "tell_title", "title_weight")


@dataclass(frozen=True)
class DataRecipe:
    """What is trained on.

    Attributes:
        forms: names of the forms.
        dynasties: "tang", "song"; ignored for one's own poems.
        minimum_frequency: a character is known when it stands so often in the training poems.
        prefix: "none" (every poem begins with `<bos>`), "form" (with its form's token) or "told"
            (with form, rhyme and title, each told to some poems and not to others).
        tell_form: share of the poems that are told their form, for "told".
        tell_rhyme: share of the poems that are told their rhyme, where they have one.
        tell_title: share of the poems that are told their title, where they have one.
        title_weight: how much a character of a told title counts as a target, beside 1 for the
            text's.
    """

    forms: tuple[str, ...]
    dynasties: tuple[str, ...] = ("tang",)
    minimum_frequency: int = 10
    prefix: str = "none"
    tell_form: float = 0.9
    tell_rhyme: float = 0.25
    tell_title: float = 0.5
    title_weight: float = 0.5


@dataclass(frozen=True)
class ModelRecipe:
    """The network; see `tangyin.model.file.Architecture` and `tangyin.nn.INITIALIZATIONS`.

    Attributes:
        dropout: what is dropped while training (`tangyin.nn.Dropout`).
    """

    embedding_size: int
    hidden_size: int
    layers: int = 1
    cell: str = "lstm"
    initialization: str = "report"
    tied: bool = False
    opposite_size: int = 0
    rhyme_size: int = 0
    place_size: int = 0
    tone_size: int = 0
    echo: bool = False
    dropout: Dropout = field(default_factory=Dropout)

    @property
    def architecture(self) -> Architecture:
        """The network that the model file describes."""
        names = [f.name for f in fields(Architecture) if f.name != "layout"]
        return Architecture(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class ScheduleRecipe:
    """How long, and on what.

    Attributes:
        batch_size: poems a step.
        epochs: at most so many passes.
        patience: stop when dev has not improved for so many epochs.
        seed: keys initialization and order.
        precision: of the matrix products: "fp32", "bf16" (with weights and sums in float32), or
            "auto", bf16 where the processor has units for it (`tangyin.training.precision`).
    """

    batch_size: int = 128
    epochs: int = 20
    patience: int = 3
    seed: int = 1
    precision: str = "auto"


@dataclass(frozen=True)
class StageRecipe:
    """A part of a curriculum: some of the poems, for some epochs, at rates of its own.

    Within a stage the rate rises from 0 over the first steps, then falls along a half cosine.

    Attributes:
        forms: of `data.forms`, those of this stage.
        dynasties: of `data.dynasties`, those of this stage.
        epochs: passes over these poems.
        learning_rate: the highest rate.
        final_rate: the rate at the end.
        warmup: share of the stage's steps over which the rate rises.
    """

    forms: tuple[str, ...]
    dynasties: tuple[str, ...]
    epochs: int
    learning_rate: float
    final_rate: float = 0.0
    warmup: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training.

    Attributes:
        stages: a curriculum; it replaces `training.epochs`, `training.patience` and the constant
            `optimizer.learning_rate`. Without it all poems are trained on at that one rate.
    """

    name: str
    data: DataRecipe
    model: ModelRecipe
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    training: ScheduleRecipe = field(default_factory=ScheduleRecipe)
    stages: tuple[StageRecipe, ...] = ()

    @property
    def epochs(self) -> int:
        """At most so many passes, over all stages."""
        return sum(stage.epochs for stage in self.stages) or self.training.epochs

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
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(
            f"cannot read the recipe {path}: {error.strerror or error}; give one such as "
            "configs/report.toml"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"the recipe {path} is no TOML: {error}; mend that line") from error
    for change in changes:
        _override(values, change)
    return build_recipe(values, str(path))


def build_recipe(values: dict[str, Any], origin: str) -> Recipe:
    """Make a recipe of nested dictionaries, strictly (see `read_recipe`)."""
    recipe: Recipe = _build(Recipe, values, origin, "")
    _check(recipe)
    return recipe


def recipe_toml(recipe: Recipe) -> str:
    """The recipe as a TOML file that reads back to the same recipe."""
    lines = [f"name = {_toml(recipe.name)}"]
    for section, values in recipe.as_dict().items():
        if isinstance(values, dict):
            lines += _section(f"[{section}]", values)
        elif isinstance(values, list):
            for stage in values:
                lines += _section(f"[[{section}]]", stage)
    return "\n".join(lines) + "\n"


def _section(head: str, values: dict[str, Any]) -> list[str]:
    return ["", head, *(f"{key} = {_toml(value)}" for key, value in values.items())]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        # A JSON string is a TOML string but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def _override(values: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise UsageError(f"--set {change!r} is no key=value, such as training.epochs=5")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
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
        if isinstance(value, list) and is_dataclass(inner):
            return tuple(_build(inner, item, origin, name) for item in value)
        if isinstance(value, list):
            return tuple(_typed(inner, item, origin, name) for item in value)
        raise UsageError(f"{origin}: {name} must be a list, and is {value!r}")
    if hint is float and type(value) is int and abs(value) < 2**1000:
        return float(value)
    if type(value) is not hint:
        words = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
        raise UsageError(f"{origin}: {name} must be {words[hint]}, and is {value!r}")
    return value


def _joined(section: str, key: str) -> str:
    return f"{section}.{key}" if section else key


def _check(recipe: Recipe) -> None:
    """See that the values make sense together, before anything is computed."""
    _check_name(recipe.name)
    _check_data(recipe.data)
    check_optimizer(recipe.optimizer)
    counts = {
        "data.minimum_frequency": recipe.data.minimum_frequency,
        "model.embedding_size": recipe.model.embedding_size,
        "model.hidden_size": recipe.model.hidden_size,
        "model.layers": recipe.model.layers,
        "training.batch_size": recipe.training.batch_size,
        "training.epochs": recipe.training.epochs,
        "training.patience": recipe.training.patience,
    }
    for key, value in counts.items():
        if not 1 <= value <= MOST:
            raise UsageError(f"{key} is {value}; give a whole number from 1 to {MOST:,}")
    if not 0 <= recipe.training.seed < 2**64:
        raise UsageError(
            f"training.seed is {recipe.training.seed}; give a whole number from 0 to 2^64 - 1"
        )
    for number, stage in enumerate(recipe.stages, 1):
        _check_stage(recipe, stage, f"stages, number {number}")
    network = recipe.model
    sizes = {name: getattr(network, name) for name in FEATURE_SIZES}
    for key, size in sizes.items():
        if not 0 <= size <= MOST:
            raise UsageError(f"model.{key} is {size}; give a whole number from 0 to {MOST:,}")
    if (any(sizes.values()) or network.echo) and not (
        network.tied and recipe.data.prefix == "told"
    ):
        raise UsageError(
            'a model with features or echo needs model.tied = true and data.prefix = "told"'
        )
    for key in TOLD_SHARES:
        share = getattr(recipe.data, key)
        if not 0 <= share <= 1:
            raise UsageError(f"data.{key} is {share}; give a number from 0 to 1")
    for key, p in vars(network.dropout).items():
        if not 0 <= p < 1:
            raise UsageError(f"model.dropout.{key} is {p}; give a number from 0 to below 1")
    if network.dropout.recurrent and network.cell != "lstm":
        raise UsageError(
            f"the cell {network.cell} drops no recurrent weights; leave model.dropout.recurrent out"
        )
    names = {
        "data.prefix": (recipe.data.prefix, ["none", "form", "told"]),
        "training.precision": (recipe.training.precision, PRECISIONS),
        "model.cell": (recipe.model.cell, names_of_cells()),
        "model.initialization": (recipe.model.initialization, INITIALIZATIONS),
    }
    for key, (name, known) in names.items():
        if name not in known:
            raise UsageError(f"{key} is {name!r}; it can be {', '.join(known)}")


def _check_stage(recipe: Recipe, stage: StageRecipe, where: str) -> None:
    """See that a stage uses poems that the recipe has, at rates that can be."""
    for key, chosen, all_ in (
        ("forms", tuple(map(form_named, stage.forms)), tuple(map(form_named, recipe.data.forms))),
        ("dynasties", stage.dynasties, recipe.data.dynasties),
    ):
        if not chosen or not set(chosen) <= set(all_):
            raise UsageError(f"{where}: {key} must be some of data.{key}")
    if not 1 <= stage.epochs <= MOST:
        raise UsageError(f"{where}: epochs is {stage.epochs}; give a whole number from 1 up")
    if not 0 <= stage.final_rate <= stage.learning_rate <= LARGEST or not stage.learning_rate:
        raise UsageError(
            f"{where}: give a learning_rate above 0 and up to {LARGEST}, and a final_rate "
            "from 0 up to it"
        )
    if not 0 <= stage.warmup <= 1:
        raise UsageError(f"{where}: warmup is {stage.warmup}; give a share from 0 to 1")


def _check_name(name: str) -> None:
    """The name becomes that of a folder and of a model file."""
    if not name.isprintable() or name != name.strip(" .") or not 1 <= len(name) <= 60:
        raise UsageError(
            f"name is {name!r}; give 1 to 60 characters without dots or spaces at the ends"
        )
    if not set(name).isdisjoint('/\\:*?"<>|'):
        raise UsageError(f'name is {name!r}; it is used for files, so take / \\ : * ? " < > | out')


def _check_data(data: DataRecipe) -> None:
    if not data.forms:
        raise UsageError('data.forms is empty; name at least one, such as ["五律"]')
    forms = [form_named(name) for name in data.forms]
    for form in forms:
        if forms.count(form) > 1:
            raise UsageError(f"data.forms names {form} twice; take one of them out")
    if not data.dynasties or not {"tang", "song"}.issuperset(data.dynasties):
        raise UsageError(f"data.dynasties is {list(data.dynasties)}; it can be tang, song")
