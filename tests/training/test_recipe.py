"""Recipes: read strictly, refused in one sentence, written so that they read back the same."""

import dataclasses
import math
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import UsageError
from tangyin.nn import INITIALIZATIONS, RecurrentCell
from tangyin.training import OPTIMIZERS, Recipe, build_recipe, read_recipe, recipe_toml
from tangyin.training.recipe import DataRecipe, ModelRecipe, OptimizerRecipe, ScheduleRecipe
from tangyin.verse import FORMS

CONFIGS = Path(__file__).parents[2] / "configs"

SOUND: dict[str, Any] = {
    "name": "sound",
    "data": {"forms": ["五律"]},
    "model": {"embedding_size": 4, "hidden_size": 4},
}

sizes = st.integers(1, 1_000_000)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    optimizer = draw(st.sampled_from(sorted(OPTIMIZERS)))
    momentum = st.floats(0, 1, exclude_max=True) if OPTIMIZERS[optimizer][1] else st.just(0.0)
    data = DataRecipe(
        tuple(draw(st.lists(st.sampled_from([f.name for f in FORMS]), min_size=1, unique=True))),
        tuple(draw(st.lists(st.sampled_from(["tang", "song"]), min_size=1, unique=True))),
        draw(sizes),
        draw(st.sampled_from(["none", "form"])),
    )
    model = ModelRecipe(
        draw(sizes),
        draw(sizes),
        draw(sizes),
        draw(st.sampled_from(sorted(RecurrentCell.registry))),
        draw(st.sampled_from(sorted(INITIALIZATIONS))),
    )
    rate, decay = draw(st.floats(0, 1000, exclude_min=True)), draw(st.floats(0, 1000))
    clip = draw(st.floats(0, exclude_min=True, allow_nan=False))
    moves = OptimizerRecipe(optimizer, rate, draw(momentum), decay, clip)
    seed = draw(st.integers(0, 2**64 - 1))
    schedule = ScheduleRecipe(draw(sizes), draw(sizes), draw(sizes), seed)
    return Recipe("any", data, model, moves, schedule)


@settings(deadline=None, max_examples=150)
@given(recipe=recipes())
def test_a_recipe_written_as_toml_reads_back_the_same(
    recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(recipe_toml(recipe), encoding="utf-8")
    assert read_recipe(path) == recipe


@settings(deadline=None, max_examples=150)
@given(name=names)
def test_a_name_is_refused_or_reads_back_the_same(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "named.toml"
    recipe = Recipe(name, DataRecipe(("五律",)), ModelRecipe(4, 4))
    path.write_text(recipe_toml(recipe), encoding="utf-8")
    try:
        build_recipe({**SOUND, "name": name}, "a recipe")
    except UsageError:
        with pytest.raises(UsageError, match=r"^name is"):
            read_recipe(path)
    else:
        assert read_recipe(path).name == name
        assert (path.parent / f"{name}.safetensors").parent == path.parent


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_repository_is_sound(path: Path) -> None:
    assert read_recipe(path).name == path.stem


def test_the_report_recipe_is_the_reports_network() -> None:
    recipe = read_recipe(CONFIGS / "report.toml")
    assert recipe == Recipe(
        "report",
        DataRecipe(("五律",), ("tang",), 10, "none"),
        ModelRecipe(256, 128, 1, "lstm", "report"),
        OptimizerRecipe("adam", 0.01, 0.0, 0.0, 5.0),
        ScheduleRecipe(128, 20, 3, 1),
    )


def test_the_numbers_of_the_shipped_recipes_have_a_reason_beside_them() -> None:
    for path in CONFIGS.rglob("*.toml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"\w+ = [\d.]+", line) and not line.startswith("seed"):
                assert re.search(r"# \w+", line), f"{path}: {line}"


REFUSED = [
    ({"data.form": ["五律"]}, "there is no key data.form; did you mean forms"),
    ({"training.epoch": 3}, "there is no key training.epoch; did you mean epochs"),
    ({"model.xyzzy": 3}, "there is no key model.xyzzy; known are embedding_size, hidden_size"),
    ({"colour": "red"}, "there is no key colour; known are name, data, model"),
    ({"trainings.epochs": 3}, "there is no key trainings; did you mean training"),
    ({"training.epochs": "three"}, "training.epochs must be a whole number, and is 'three'"),
    ({"training.epochs": 3.0}, "training.epochs must be a whole number, and is 3.0"),
    ({"training.epochs": True}, "training.epochs must be a whole number, and is True"),
    ({"optimizer.learning_rate": "fast"}, "optimizer.learning_rate must be a number, and is"),
    ({"optimizer.learning_rate": True}, "optimizer.learning_rate must be a number, and is True"),
    ({"optimizer.learning_rate": 10**400}, "optimizer.learning_rate must be a number, and is"),
    ({"data.forms": "五律"}, "data.forms must be a list, and is '五律'"),
    ({"data.forms": [5]}, "data.forms must be a string, and is 5"),
    ({"model.cell": 5}, "model.cell must be a string, and is 5"),
    ({"data": 5}, "data must be a section, [data]"),
    ({"name": None}, "name must be given"),
    ({"data": None}, "data must be given"),
    ({"model.hidden_size": None}, "model.hidden_size must be given"),
    ({"training.epochs": 0}, "training.epochs is 0; give a whole number from 1 to 1,000,000"),
    ({"training.patience": -1}, "training.patience is -1; give a whole number from 1"),
    ({"training.batch_size": 0}, "training.batch_size is 0; give"),
    ({"training.seed": -1}, "training.seed is -1; give a whole number from 0"),
    ({"training.seed": 2**64}, "training.seed is 18446744073709551616; give"),
    ({"model.hidden_size": 10**9}, "model.hidden_size is 1000000000; give"),
    ({"model.layers": 0}, "model.layers is 0; give"),
    ({"model.embedding_size": 0}, "model.embedding_size is 0; give"),
    ({"model.cell": "gru"}, "model.cell is 'gru'; it can be coupled, layer-norm"),
    ({"model.initialization": "lucky"}, "model.initialization is 'lucky'; it can be report"),
    ({"data.minimum_frequency": 0}, "data.minimum_frequency is 0; give"),
    ({"data.prefix": "title"}, "data.prefix is 'title'; it can be none, form"),
    ({"data.forms": []}, "data.forms is empty; name at least one"),
    ({"data.forms": ["五言"]}, "there is no form '五言'; the forms are"),
    ({"data.forms": ["五律", "wulv"]}, "data.forms names 五律 twice"),
    ({"data.dynasties": ["ming"]}, "data.dynasties is ['ming']; it can be tang, song"),
    ({"data.dynasties": []}, "data.dynasties is []; it can be tang, song"),
    ({"optimizer.name": "adma"}, "optimizer.name is 'adma'; it can be adadelta, adagrad, adam"),
    ({"optimizer.momentum": 0.9}, "adam takes no momentum; leave optimizer.momentum out"),
    ({"optimizer.name": "sgd", "optimizer.momentum": 1.0}, "optimizer.momentum is 1.0; give"),
    ({"optimizer.name": "sgd", "optimizer.momentum": math.nan}, "optimizer.momentum is nan; give"),
    ({"optimizer.learning_rate": 0}, "optimizer.learning_rate is 0.0; give a number above"),
    ({"optimizer.learning_rate": -1}, "optimizer.learning_rate is -1.0; give a number above 0"),
    ({"optimizer.learning_rate": math.nan}, "optimizer.learning_rate is nan; give"),
    ({"optimizer.learning_rate": 1e300}, "optimizer.learning_rate is 1e+300; give"),
    ({"optimizer.weight_decay": math.inf}, "optimizer.weight_decay is inf; give"),
    ({"optimizer.learning_rate": math.inf}, "optimizer.learning_rate is inf; give"),
    ({"optimizer.clip_norm": 0}, "optimizer.clip_norm is 0.0; give"),
    ({"optimizer.clip_norm": math.nan}, "optimizer.clip_norm is nan; give"),
    ({"optimizer.weight_decay": -0.1}, "optimizer.weight_decay is -0.1; give"),
    ({"optimizer.weight_decay": math.nan}, "optimizer.weight_decay is nan; give"),
    ({"name": ""}, "name is ''; give 1 to 60 characters"),
    ({"name": "."}, "name is '.'; give"),
    ({"name": "../elsewhere"}, "name is '../elsewhere'; "),
    ({"name": "/etc/passwd"}, "name is '/etc/passwd'; "),
    ({"name": "C:\\x"}, "name is 'C:\\\\x'; "),
    ({"name": "two\nlines"}, "name is 'two\\nlines'; "),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_a_recipe_that_cannot_be_is_refused_with_a_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    values = deepcopy(SOUND)
    for key, value in changes.items():
        section, _, name = key.partition(".")
        place = values.setdefault(section, {}) if name else values
        if value is None:
            del place[name or section]
        else:
            place[name or section] = value
    with pytest.raises(UsageError) as refusal:
        build_recipe(values, "a.toml")
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name = ", "is no TOML: Invalid value (at end of document); mend that line"),
        (b'name = "a"\nname = "b"', "is no TOML: Cannot overwrite a value (at"),
        (b"\xff\xfe", "is no TOML: 'utf-8' codec"),
        (b"{}", "is no TOML: Invalid statement (at line 1"),
        (b"x = " + b"[" * 100_000, "is no TOML"),
        (b"", "name, data, model must be given"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_a_sentence(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refusal:
        read_recipe(path)
    assert sentence in str(refusal.value)
    assert "bad.toml" in str(refusal.value)


def test_a_missing_recipe_or_a_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(UsageError, match=r"^cannot read the recipe .*; give one such as"):
            read_recipe(path)


def test_a_recipe_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.toml"
    text = (CONFIGS / "report.toml").read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_recipe(path) == read_recipe(CONFIGS / "report.toml")


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("training.epochs=7", ("training", "epochs"), 7),
        ("training.epochs = 7", ("training", "epochs"), 7),
        ("optimizer.learning_rate=1e-3", ("optimizer", "learning_rate"), 0.001),
        ("optimizer.learning_rate=1", ("optimizer", "learning_rate"), 1.0),
        ("optimizer.name=sgd", ("optimizer", "name"), "sgd"),
        ('optimizer.name="sgd"', ("optimizer", "name"), "sgd"),
        ('data.forms=["五絕", "qilv"]', ("data", "forms"), ("五絕", "qilv")),
        ("data.prefix=form", ("data", "prefix"), "form"),
        ("optimizer.clip_norm=inf", ("optimizer", "clip_norm"), math.inf),
    ],
)
def test_set_changes_one_value(change: str, key: tuple[str, str], value: Any) -> None:
    plain = read_recipe(CONFIGS / "report.toml")
    changed = read_recipe(CONFIGS / "report.toml", [change])
    section, name = key
    assert getattr(getattr(changed, section), name) == value
    restored = dataclasses.replace(
        getattr(changed, section), **{name: getattr(getattr(plain, section), name)}
    )
    assert dataclasses.replace(changed, **{section: restored}) == plain


def test_set_changes_the_name_and_the_last_of_two_counts() -> None:
    changes = ["name=mine", "training.epochs=2", "training.epochs=3"]
    recipe = read_recipe(CONFIGS / "report.toml", changes)
    assert (recipe.name, recipe.training.epochs) == ("mine", 3)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("", "--set '' is no key=value"),
        ("epochs", "--set 'epochs' is no key=value, such as training.epochs=5"),
        ("=5", "is no key=value"),
        (".epochs=5", "is no key=value"),
        ("training..epochs=5", "is no key=value"),
        ("epochs=5", "there is no key epochs"),
        ("training.epoch=5", "there is no key training.epoch; did you mean epochs"),
        ("training.epochs=many", "training.epochs must be a whole number, and is 'many'"),
        ("training.epochs=", "training.epochs must be a whole number, and is ''"),
        ("training.epochs=-5", "training.epochs is -5"),
        ("name.x=5", "name is no section of a recipe"),
        ("training=5", "training must be a section"),
        ("data.forms=五律", "data.forms must be a list, and is '五律'"),
        ("training.epochs=" + "[" * 100_000, "training.epochs must be a whole number"),
    ],
)
def test_set_of_what_cannot_be_is_refused_with_a_sentence(change: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read_recipe(CONFIGS / "report.toml", [change])
    assert sentence in str(refusal.value)


keys = st.sampled_from(["training.epochs", "data.forms", "name", "model", "optimizer.clip_norm"])


@settings(deadline=None, max_examples=150)
@given(change=st.text(max_size=40) | st.builds("{}={}".format, keys, st.text()))
def test_whatever_is_set_gives_a_recipe_or_a_refusal(change: str) -> None:
    try:
        recipe = read_recipe(CONFIGS / "report.toml", [change])
    except UsageError:
        return
    assert isinstance(recipe, Recipe)


def test_a_recipe_as_a_dictionary_builds_the_same_recipe(tiny: Callable[..., Recipe]) -> None:
    assert build_recipe(tiny().as_dict(), "itself") == tiny()
