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
from tangyin.lstm import cells
from tangyin.nn import INITIALIZATIONS, Dropout
from tangyin.training import OPTIMIZERS, Recipe, build_recipe, read_recipe, recipe_toml
from tangyin.training.precision import PRECISIONS
from tangyin.training.recipe import (
    FEATURE_SIZES,
    DataRecipe,
    ModelRecipe,
    OptimizerRecipe,
    ScheduleRecipe,
    StageRecipe,
)
from tangyin.verse import FORMS

CONFIGS = Path(__file__).parents[2] / "configs"

SOUND: dict[str, Any] = {
    "name": "sound",
    "data": {"forms": ["五律"]},
    "model": {"embedding_size": 4, "hidden_size": 4},
}

TOLD: dict[str, Any] = {**SOUND, "data": {"forms": ["五律", "七絕"], "prefix": "told"}}
STAGE: dict[str, Any] = {
    "forms": ["五律"],
    "dynasties": ["tang"],
    "epochs": 2,
    "learning_rate": 0.01,
}

sizes = st.integers(1, 1_000_000)
shares = st.floats(0, 1)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@st.composite
def stages_of(draw: st.DrawFn, forms: list[str], dynasties: list[str]) -> StageRecipe:
    highest = draw(st.floats(0, 1000, exclude_min=True))
    return StageRecipe(
        tuple(draw(st.lists(st.sampled_from(forms), min_size=1, unique=True))),
        tuple(draw(st.lists(st.sampled_from(dynasties), min_size=1, unique=True))),
        draw(sizes),
        highest,
        draw(st.floats(0, highest)),
        draw(shares),
    )


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    optimizer = draw(st.sampled_from(sorted(OPTIMIZERS)))
    momentum = st.floats(0, 1, exclude_max=True) if OPTIMIZERS[optimizer][1] else st.just(0.0)
    forms = draw(st.lists(st.sampled_from([f.name for f in FORMS]), min_size=1, unique=True))
    dynasties = draw(st.lists(st.sampled_from(["tang", "song"]), min_size=1, unique=True))
    data = DataRecipe(
        tuple(forms),
        tuple(dynasties),
        draw(sizes),
        draw(st.sampled_from(["none", "form", "told"])),
        *(draw(shares) for _ in range(4)),
    )
    cell = draw(st.sampled_from(cells.names()))
    tied = draw(st.booleans())
    features: dict[str, Any] = {}
    if tied and data.prefix == "told":
        features = {name: draw(st.integers(0, 1_000_000)) for name in FEATURE_SIZES}
        features["echo"] = draw(st.booleans())
    drops = [draw(st.floats(0, 1, exclude_max=True)) for _ in range(3)]
    model = ModelRecipe(
        draw(sizes),
        draw(sizes),
        draw(sizes),
        cell,
        draw(st.sampled_from(sorted(INITIALIZATIONS))),
        tied,
        **features,
        dropout=Dropout(*drops, drops[0] if cell == "lstm" else 0.0),
    )
    rate, decay = draw(st.floats(0, 1000, exclude_min=True)), draw(st.floats(0, 1000))
    clip = draw(st.floats(0, exclude_min=True, allow_nan=False))
    moves = OptimizerRecipe(optimizer, rate, draw(momentum), decay, clip)
    seed = draw(st.integers(0, 2**64 - 1))
    precision = draw(st.sampled_from(PRECISIONS))
    schedule = ScheduleRecipe(draw(sizes), draw(sizes), draw(sizes), seed, precision)
    stages = draw(st.lists(stages_of(forms, dynasties), max_size=3))
    return Recipe("any", data, model, moves, schedule, tuple(stages))


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


REFUSED_WITH_FEATURES = [
    ({"data.tell_form": 1.5}, "data.tell_form is 1.5; give a number from 0 to 1"),
    ({"data.tell_rhyme": -0.1}, "data.tell_rhyme is -0.1; give"),
    ({"data.tell_title": math.nan}, "data.tell_title is nan; give"),
    ({"data.title_weight": 2}, "data.title_weight is 2.0; give"),
    ({"data.tell_form": "often"}, "data.tell_form must be a number, and is 'often'"),
    ({"training.precision": "fp16"}, "training.precision is 'fp16'; it can be auto, fp32, bf16"),
    ({"model.dropout": {"input": 1}}, "model.dropout.input is 1.0; give a number from 0 to below"),
    ({"model.dropout": {"output": -0.1}}, "model.dropout.output is -0.1; give"),
    ({"model.dropout": {"inputs": 0.1}}, "no key model.dropout.inputs; did you mean input"),
    ({"model.dropout": 0.1}, "model.dropout must be a section, [model.dropout]"),
    (
        {"model.cell": "peephole", "model.dropout": {"recurrent": 0.1}},
        "the cell peephole drops no recurrent weights; leave model.dropout.recurrent out",
    ),
    ({"model.place_size": 4}, 'needs model.tied = true and data.prefix = "told"'),
    ({"model.echo": True}, 'needs model.tied = true and data.prefix = "told"'),
    (
        {"model.echo": True, "model.tied": True, "data.prefix": "form"},
        'needs model.tied = true and data.prefix = "told"',
    ),
    ({"model.place_size": -1}, "model.place_size is -1; give a whole number from 0 to 1,000,000"),
    ({"model.tied": 1}, "model.tied must be true or false, and is 1"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED_WITH_FEATURES)
def test_what_a_recipe_with_features_cannot_be_is_refused_with_a_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    values = deepcopy(TOLD)
    for key, value in changes.items():
        section, _, name = key.partition(".")
        values.setdefault(section, {})[name] = value
    with pytest.raises(UsageError) as refusal:
        build_recipe(values, "a.toml")
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


REFUSED_STAGES = [
    ({"forms": ["七律"]}, "stages, number 2: forms must be some of data.forms"),
    ({"forms": []}, "stages, number 2: forms must be some of data.forms"),
    ({"forms": ["五言"]}, "there is no form '五言'; the forms are"),
    ({"forms": "五律"}, "stages.forms must be a list, and is '五律'"),
    ({"dynasties": ["song"]}, "stages, number 2: dynasties must be some of data.dynasties"),
    ({"dynasties": []}, "stages, number 2: dynasties must be some of data.dynasties"),
    ({"epochs": 0}, "stages, number 2: epochs is 0; give a whole number from 1"),
    ({"epochs": 1.5}, "stages.epochs must be a whole number, and is 1.5"),
    ({"learning_rate": 0}, "stages, number 2: give a learning_rate above 0"),
    ({"learning_rate": math.nan}, "stages, number 2: give a learning_rate above 0"),
    ({"learning_rate": 1e300}, "stages, number 2: give a learning_rate above 0"),
    ({"final_rate": 0.02}, "and a final_rate from 0 up to it"),
    ({"final_rate": -0.1}, "and a final_rate from 0 up to it"),
    ({"final_rate": math.nan}, "and a final_rate from 0 up to it"),
    ({"warmup": 1.5}, "stages, number 2: warmup is 1.5; give a share from 0 to 1"),
    ({"warmup": math.nan}, "stages, number 2: warmup is nan; give"),
    ({"epoch": 1}, "there is no key stages.epoch; did you mean epochs"),
    ({"epochs": None}, "stages.epochs must be given"),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED_STAGES)
def test_a_stage_that_cannot_be_is_refused_with_a_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    stage = {key: value for key, value in {**STAGE, **changes}.items() if value is not None}
    with pytest.raises(UsageError) as refusal:
        build_recipe({**TOLD, "stages": [STAGE, stage]}, "a.toml")
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("stages", [5, "one", {"epochs": 3}, [5]])
def test_stages_that_are_no_list_of_sections_are_refused(stages: Any) -> None:
    with pytest.raises(UsageError, match=r"^a\.toml: stages must be a (list|section)"):
        build_recipe({**TOLD, "stages": stages}, "a.toml")


def test_stages_are_read_in_the_order_of_the_file_with_their_defaults(tmp_path: Path) -> None:
    path = tmp_path / "staged.toml"
    path.write_text(
        """
        name = "staged"
        [data]
        forms = ["五律", "七絕"]
        [model]
        embedding_size = 4
        hidden_size = 4
        [[stages]]
        forms = ["wulv", "七絕"]
        dynasties = ["tang"]
        epochs = 3
        learning_rate = 1
        [[stages]]
        forms = ["七絕"]
        dynasties = ["tang"]
        epochs = 1
        learning_rate = 0.5
        final_rate = 0.5
        warmup = 1
        """,
        encoding="utf-8",
    )
    assert read_recipe(path).stages == (
        StageRecipe(("wulv", "七絕"), ("tang",), 3, 1.0, 0.0, 0.0),
        StageRecipe(("七絕",), ("tang",), 1, 0.5, 0.5, 1.0),
    )


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
