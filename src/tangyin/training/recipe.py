"""Training recipes: TOML files, read strictly."""

import json
import math
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, field, fields
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from tangyin.corpus import DYNASTIES, LATER
from tangyin.errors import UsageError
from tangyin.lstm.cells import names as names_of_cells
from tangyin.model import Architecture
from tangyin.nn import INITIALIZATIONS, Dropout
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.training.precision import PRECISIONS
from tangyin.training.recipe_values import (
    STRICT,
    Count,
    Decay,
    Flag,
    Probability,
    Rate,
    Seed,
    Share,
    Size,
    one_of,
    refusal,
)
from tangyin.verse import kind_named

HERE = Path(__file__).parent
RECIPE_FOLDERS = (HERE / "recipes", HERE.parents[2] / "configs")
"""Where recipes may be: in the wheel (pyproject.toml puts them there), and in the repository."""


def _file_name(name: str) -> str:
    """Check the name of a recipe, which becomes that of a folder and of a model file."""
    usable = name.isprintable() and set(name).isdisjoint('/\\:*?"<>|')
    if not usable or name != name.strip(" .") or not 1 <= len(name) <= 60:
        raise PydanticCustomError("name", "")
    return name


FormName = Annotated[str, AfterValidator(lambda name: kind_named(name) and name)]
Forms = Annotated[tuple[FormName, ...], Field(min_length=1)]
Dynasty = Annotated[str, one_of(lambda: (*DYNASTIES, *LATER))]
Dynasties = Annotated[tuple[Dynasty, ...], Field(min_length=1)]


@dataclass(frozen=True, config=STRICT)
class DataRecipe:
    """What is trained on.

    Attributes:
        forms: names of the forms, and of kinds of verse (`tangyin.verse.KINDS`).
        dynasties: of `corpus.DYNASTIES` and `corpus.LATER`; ignored for one's own poems.
        minimum_frequency: characters that are rarer in the training poems become `<unk>`.
        prefix: "none" (every poem begins with `<bos>`), "form" (with its form's token) or "told"
            (with form, rhyme and title under prefix dropout: each is given to some poems only).
        tell_form: share of the poems that are conditioned on their form, for "told".
        tell_rhyme: share of the poems that are conditioned on their rhyme, where they have one.
        tell_title: share of the poems that are conditioned on their title, where they have one.
        tell_dynasty: share of the poems that are conditioned on their dynasty.
        title_weight: weight of a title's characters as targets; the text's have weight 1.
        later_frequency: `minimum_frequency` in later verse, which is counted by itself: a
            character that is frequent enough in either is known.
    """

    forms: Forms
    dynasties: Dynasties = ("tang",)
    minimum_frequency: Count = 10
    prefix: Annotated[str, one_of(lambda: ("none", "form", "told"))] = "none"
    tell_form: Share = 0.9
    tell_rhyme: Share = 0.25
    tell_title: Share = 0.5
    tell_dynasty: Share = 0.0
    title_weight: Share = 0.5
    later_frequency: Count = 10

    @model_validator(mode="after")
    def _distinct_forms(self) -> Self:
        names = [kind_named(name).name for name in self.forms]
        if twice := [name for name in names if names.count(name) > 1]:
            raise UsageError("recipe.form_twice", form=twice[0])
        return self


@dataclass(frozen=True, config=STRICT)
class DropoutRecipe(Dropout):
    """Dropout probabilities; see `tangyin.nn.Dropout`."""

    characters: Probability = 0.0
    input: Probability = 0.0
    output: Probability = 0.0
    recurrent: Probability = 0.0


@dataclass(frozen=True, config=STRICT)
class ModelRecipe:
    """The network; see `tangyin.model.Architecture` and `tangyin.nn.INITIALIZATIONS`."""

    embedding_size: Count
    hidden_size: Count
    layers: Count = 1
    cell: Annotated[str, one_of(names_of_cells)] = "lstm"
    initialization: Annotated[str, one_of(lambda: INITIALIZATIONS)] = "report"
    tied: Flag = False
    opposite_size: Size = 0
    rhyme_size: Size = 0
    place_size: Size = 0
    tone_size: Size = 0
    context_size: Size = 0
    echo: Flag = False
    dropout: DropoutRecipe = field(default_factory=DropoutRecipe)

    @model_validator(mode="after")
    def _cell_takes_dropout(self) -> Self:
        if self.dropout.recurrent and self.cell != "lstm":
            raise UsageError("recipe.recurrent_dropout", cell=self.cell)
        return self

    @property
    def architecture(self) -> Architecture:
        """The network that the model file describes."""
        names = {field.name for field in fields(Architecture)} & vars(self).keys()
        return Architecture(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, config=STRICT)
class ScheduleRecipe:
    """Duration, batches and precision.

    Attributes:
        batch_size: poems a step.
        epochs: maximum number of passes.
        patience: stop when the dev perplexity has not improved for this many epochs.
        seed: determines initialization, order and dropout.
        start: name or path of a model whose weights the training begins with (`start.begin_with`).
        precision: of the matrix products: "fp32", "bf16" (with weights and sums in float32), or
            "auto", bf16 where the processor has units for it (`tangyin.training.precision`).
    """

    batch_size: Count = 128
    epochs: Count = 20
    patience: Count = 3
    seed: Seed = 1
    start: str = ""
    precision: Annotated[str, one_of(lambda: PRECISIONS)] = "auto"


@dataclass(frozen=True, config=STRICT)
class StageRecipe:
    """A part of a curriculum: a subset of the poems, with its own epochs and learning rates.

    Attributes:
        forms: a subset of `data.forms`.
        dynasties: a subset of `data.dynasties`.
        epochs: passes over these poems.
        learning_rate: the peak rate.
        final_rate: the rate at the end.
        warmup: share of the stage's steps over which the rate rises.
    """

    forms: Forms
    dynasties: Dynasties
    epochs: Count
    learning_rate: Rate
    final_rate: Decay = 0.0
    warmup: Share = 0.0

    @model_validator(mode="after")
    def _falling_rate(self) -> Self:
        if self.final_rate > self.learning_rate:
            raise UsageError("recipe.final_rate", final=self.final_rate, peak=self.learning_rate)
        return self

    def rate_at(self, progress: float) -> float:
        """The learning rate after a share of the stage, from 0 to 1.

        Linear from 0 over the warm-up, then half a cosine down to the final rate (Loshchilov and
        Hutter 2017, "SGDR", without restarts).
        """
        if progress < self.warmup:
            return self.learning_rate * progress / self.warmup
        if self.warmup >= 1:
            return self.learning_rate
        fallen = (progress - self.warmup) / (1 - self.warmup)
        span = self.learning_rate - self.final_rate
        return self.final_rate + span * (1 + math.cos(math.pi * fallen)) / 2


@dataclass(frozen=True, config=STRICT)
class Recipe:
    """Everything that determines the result of a training.

    Attributes:
        stages: a curriculum; it replaces `training.epochs`, `training.patience` and the constant
            `optimizer.learning_rate`. Without it all poems are trained on at that one rate.
    """

    name: Annotated[str, AfterValidator(_file_name)]
    data: DataRecipe
    model: ModelRecipe
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    training: ScheduleRecipe = field(default_factory=ScheduleRecipe)
    stages: tuple[StageRecipe, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        conditioned = self.model.tied and self.data.prefix == "told"
        if self.model.architecture.follows_text and not conditioned:
            raise UsageError("recipe.features")
        forms = set(map(kind_named, self.data.forms))
        for number, stage in enumerate(self.stages, 1):
            if not forms.issuperset(map(kind_named, stage.forms)):
                raise UsageError("recipe.not_in_data", stage=number, key="forms")
            if not set(self.data.dynasties).issuperset(stage.dynasties):
                raise UsageError("recipe.not_in_data", stage=number, key="dynasties")
        return self

    @property
    def epochs(self) -> int:
        """Maximum number of epochs, over all stages."""
        return sum(stage.epochs for stage in self.stages) or self.training.epochs

    def as_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries of JSON values."""
        return dict(json.loads(json.dumps(asdict(self))))


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the package, by name."""
    paths = (path for folder in RECIPE_FOLDERS for path in sorted(folder.glob("*.toml")))
    return {path.stem: path for path in paths}


def read_recipe(path: Path, changes: Iterable[str] = ()) -> Recipe:
    """Read a TOML file, or a recipe that comes with the package by its name, such as `report`.

    `changes` are `key=value` strings that override it, such as `optimizer.learning_rate=0.001`;
    the value is TOML, or a bare string.

    Raises:
        UsageError: the file is missing or not TOML; a key is unknown or missing; a value has the
            wrong type or is out of range.
    """
    shipped = shipped_recipes()
    if not path.is_file():
        path = shipped.get(str(path), path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        given = {"path": path, "reason": error.strerror or str(error)}
        raise UsageError("recipe.unreadable", **given, names=", ".join(shipped)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError("recipe.not_toml", path=path, reason=str(error)) from error
    for change in changes:
        _override(values, change)
    return build_recipe(values, str(path))


def build_recipe(values: dict[str, Any], origin: str) -> Recipe:
    """Make a recipe from nested dictionaries, strictly (see `read_recipe`)."""
    try:
        return Recipe(**values)
    except ValidationError as error:
        raise refusal(error, Recipe, origin) from error


def recipe_toml(recipe: Recipe) -> str:
    """The recipe as a TOML file that reads back to the same recipe."""
    return tomli_w.dumps(recipe.as_dict())


def differences(begun: Recipe, given: Recipe) -> dict[str, list[str]]:
    """The `keys` in which two recipes differ, and the first one's `values`; empty if in none."""
    values, others = (dict(_flat(recipe.as_dict())) for recipe in (begun, given))
    keys = [key for key in values | others if values.get(key) != others.get(key)]
    shown = [f"{key} = {json.dumps(values.get(key), ensure_ascii=False)}" for key in keys]
    return {"keys": keys, "values": shown} if keys else {}


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a recipe by their keys, such as `stages#2.epochs`."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        for number, part in enumerate(value, 1):
            yield from _flat(part, f"{key}#{number}")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(part, f"{key}.{name}" if key else name)
    else:
        yield key, value


def _override(values: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise UsageError("recipe.bad_change", change=change)
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        value = text.strip()
    for section in path[:-1]:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise UsageError("recipe.no_section", change=change, section=section)
    values[path[-1]] = value
