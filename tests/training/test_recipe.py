"""Recipes: read strictly, refused by key and value, written so that they read back the same."""

import dataclasses
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tangyin.errors import UsageError
from tangyin.lstm import cells
from tangyin.model import FEATURES
from tangyin.nn import INITIALIZATIONS
from tangyin.training import OPTIMIZERS, Recipe, build_recipe, read_recipe, recipe_toml
from tangyin.training.precision import PRECISIONS
from tangyin.training.recipe import (
    DataRecipe,
    DropoutRecipe,
    ModelRecipe,
    OptimizerRecipe,
    ScheduleRecipe,
    StageRecipe,
)
from tangyin.training.recipe_values import refusal as refusal_of
from tangyin.verse import FORMS

CONFIGS = Path(__file__).parents[2] / "configs"

SOUND = {
    "name": "sound",
    "data": {"forms": ["五律"]},
    "model": {"embedding_size": 4, "hidden_size": 4},
}

FEATURE_SIZES = tuple(f"{name}_size" for name in FEATURES)
WHERE = {"forms": ["五律"], "dynasties": ["tang"]}
STAGE = {**WHERE, "epochs": 2, "learning_rate": 0.01}

sizes = st.integers(1, 1_000_000)
shares = st.floats(0, 1)
probabilities = st.floats(0, 1, exclude_max=True)
rates = st.floats(0, 1000, exclude_min=True)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@st.composite
def recipes(draw):
    def one(values):
        return draw(st.sampled_from(sorted(values)))

    def some(values):
        return tuple(draw(st.lists(st.sampled_from(sorted(values)), min_size=1, unique=True)))

    def stage(peak):
        where = some(data.forms), some(data.dynasties)
        return StageRecipe(*where, draw(sizes), peak, draw(st.floats(0, peak)), draw(shares))

    where = some(form.name for form in FORMS), some(["tang", "song"])
    prefix, tells = one(["none", "form", "told"]), [draw(shares) for _ in range(4)]
    data = DataRecipe(*where, draw(sizes), prefix, *tells)
    cell, tied = one(cells.names()), draw(st.booleans())
    features = {}
    if tied and data.prefix == "told":
        features = {name: draw(st.integers(0, 1_000_000)) for name in FEATURE_SIZES}
        features["echo"] = draw(st.booleans())
    *drops, recurrent = (draw(probabilities) for _ in range(4))
    dropout = DropoutRecipe(*drops, recurrent if cell == "lstm" else 0.0)
    three = draw(sizes), draw(sizes), draw(sizes)
    model = ModelRecipe(*three, cell, one(INITIALIZATIONS), tied, **features, dropout=dropout)
    optimizer = one(OPTIMIZERS)
    momentum = draw(probabilities) if OPTIMIZERS[optimizer][1] else 0.0
    clip = draw(st.floats(0, exclude_min=True, allow_nan=False))
    moves = OptimizerRecipe(optimizer, draw(rates), momentum, draw(st.floats(0, 1000)), clip)
    seed = draw(st.integers(0, 2**64 - 1))
    schedule = ScheduleRecipe(draw(sizes), draw(sizes), draw(sizes), seed, one(PRECISIONS))
    stages = tuple(map(stage, draw(st.lists(rates, max_size=3))))
    return Recipe("any", data, model, moves, schedule, stages)


@settings(deadline=None, max_examples=150)
@given(recipe=recipes())
def test_a_recipe_written_as_toml_reads_back_the_same(recipe, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(recipe_toml(recipe), encoding="utf-8")
    assert read_recipe(path) == recipe


@settings(deadline=None, max_examples=150)
@given(name=names)
def test_a_name_is_refused_or_reads_back_the_same(name, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "named.toml"
    try:
        recipe = build_recipe({**SOUND, "name": name}, "a recipe")
    except UsageError as refusal:
        assert refusal.code == "recipe.name"  # noqa: PT017
    else:
        path.write_text(recipe_toml(recipe), encoding="utf-8")
        assert read_recipe(path).name == name
        assert (path.parent / f"{name}.safetensors").parent == path.parent


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_repository_is_sound_and_gives_reasons(path):
    assert read_recipe(path).name == path.stem
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match(r"\w+ = [\d.]+", line) and not line.startswith("seed"):
            assert re.search(r"# \w+", line), line


def test_the_report_recipe_is_the_reports_network():
    recipe = read_recipe(CONFIGS / "report.toml")
    assert recipe == Recipe(
        "report",
        DataRecipe(("五律",), ("tang",), 10, "none"),
        ModelRecipe(256, 128, 1, "lstm", "report"),
        OptimizerRecipe("adam", 0.01, 0.0, 0.0, 5.0),
        ScheduleRecipe(128, 20, 3, 1),
    )


MISSPELLED = "misspelled_key"
REFUSED = [
    # An unknown key: its path, and the nearest one or all.
    ({"data.form": ["五律"]}, MISSPELLED, {"key": "data.form", "near": "forms"}),
    ({"training.epoch": 3}, MISSPELLED, {"key": "training.epoch", "near": "epochs"}),
    ({"trainings.epochs": 3}, MISSPELLED, {"key": "trainings", "near": "training"}),
    ({"model.dropout": {"inputs": 0.1}}, MISSPELLED, {"key": "model.dropout.inputs"}),
    ({"model.hidden_size": None, "model.hidden_sise": 3}, MISSPELLED, {"near": "hidden_size"}),
    ({"hidden_size": 3}, "unknown_key", {"key": "hidden_size"}),
    ({"colour": "red"}, "unknown_key", {"known": [f.name for f in dataclasses.fields(Recipe)]}),
    ({"name": None}, "missing", {"key": "name"}),
    ({"data": None}, "missing", {"key": "data"}),
    ({"model.hidden_size": None}, "missing", {"key": "model.hidden_size"}),
    # A wrong type: the key and its value.
    ({"training.epochs": "three"}, "integer", {"key": "training.epochs", "value": "three"}),
    ({"training.epochs": 3.0}, "integer", {"value": 3.0}),
    ({"training.epochs": True}, "integer", {"value": True}),
    ({"optimizer.learning_rate": "fast"}, "number", {"value": "fast"}),
    ({"optimizer.learning_rate": True}, "number", {"value": True}),
    ({"optimizer.learning_rate": 10**400}, "number", {"key": "optimizer.learning_rate"}),
    ({"data.forms": "五律"}, "list", {"key": "data.forms", "value": "五律"}),
    ({"data.forms": ["五律", 5]}, "string", {"key": "data.forms#2", "value": 5}),
    ({"model.cell": 5}, "string", {"key": "model.cell"}),
    ({"model.tied": 1}, "boolean", {"key": "model.tied", "value": 1}),
    ({"data": 5}, "section", {"key": "data", "value": 5}),
    ({"model.dropout": 0.1}, "section", {"key": "model.dropout"}),
    # A number out of range: the bound.
    ({"training.epochs": 0}, "at_least", {"key": "training.epochs", "value": 0, "ge": 1}),
    ({"training.patience": -1}, "at_least", {"key": "training.patience"}),
    ({"training.batch_size": 0}, "at_least", {"key": "training.batch_size"}),
    ({"training.seed": -1}, "at_least", {"ge": 0}),
    ({"training.seed": 2**64}, "at_most", {"le": 2**64 - 1}),
    ({"model.hidden_size": 10**9}, "at_most", {"le": 1_000_000}),
    ({"model.layers": 0}, "at_least", {"key": "model.layers"}),
    ({"model.embedding_size": 0}, "at_least", {"key": "model.embedding_size"}),
    ({"model.place_size": -1}, "at_least", {"key": "model.place_size", "ge": 0}),
    ({"data.minimum_frequency": 0}, "at_least", {"key": "data.minimum_frequency"}),
    ({"data.tell_form": 1.5}, "at_most", {"key": "data.tell_form", "le": 1}),
    ({"data.tell_rhyme": -0.1}, "at_least", {"key": "data.tell_rhyme"}),
    ({"data.tell_title": math.nan}, "at_most", {"key": "data.tell_title"}),
    ({"data.title_weight": 2}, "at_most", {"key": "data.title_weight"}),
    ({"model.dropout": {"input": 1}}, "below", {"key": "model.dropout.input", "lt": 1}),
    ({"model.dropout": {"output": -0.1}}, "at_least", {"key": "model.dropout.output"}),
    ({"optimizer": {"name": "sgd", "momentum": 1.0}}, "below", {"lt": 1}),
    ({"optimizer": {"name": "sgd", "momentum": math.nan}}, "below", {"lt": 1}),
    ({"optimizer.learning_rate": 0}, "above", {"value": 0, "gt": 0}),
    ({"optimizer.learning_rate": -1}, "above", {"gt": 0}),
    ({"optimizer.learning_rate": math.nan}, "at_most", {"le": 1000}),
    ({"optimizer.learning_rate": math.inf}, "at_most", {"le": 1000}),
    ({"optimizer.clip_norm": 0}, "above", {"key": "optimizer.clip_norm"}),
    ({"optimizer.clip_norm": math.nan}, "above", {"key": "optimizer.clip_norm"}),
    ({"optimizer.weight_decay": math.inf}, "at_most", {"key": "optimizer.weight_decay"}),
    ({"optimizer.weight_decay": -0.1}, "at_least", {"key": "optimizer.weight_decay"}),
    # A name that is no choice: all choices.
    ({"model.cell": "gru"}, "choice", {"choices": sorted(cells.names())}),
    ({"model.initialization": "lucky"}, "choice", {"choices": sorted(INITIALIZATIONS)}),
    ({"data.prefix": "title"}, "choice", {"choices": ["form", "none", "told"]}),
    ({"data.dynasties": ["ming"]}, "choice", {"key": "data.dynasties#1", "value": "ming"}),
    ({"optimizer.name": "adma"}, "choice", {"choices": sorted(OPTIMIZERS)}),
    ({"training.precision": "fp16"}, "choice", {"choices": sorted(PRECISIONS)}),
    ({"data.forms": []}, "empty", {"key": "data.forms"}),
    ({"data.dynasties": []}, "empty", {"key": "data.dynasties"}),
    *(
        ({"name": name}, "name", {"value": name})
        for name in ("", ".", "../elsewhere", "/etc/passwd", "C:\\x", "two\nlines", "x" * 61)
    ),
    # Values that contradict each other.
    ({"data.forms": ["五律", "wulv"]}, "form_twice", {"form": "五律"}),
    ({"optimizer.momentum": 0.9}, "momentum", {"optimizer": "adam"}),
    (
        {"model.cell": "peephole", "model.dropout": {"recurrent": 0.1}},
        "recurrent_dropout",
        {"cell": "peephole"},
    ),
    ({"model.place_size": 4}, "features", {}),
    ({"model.echo": True, "model.tied": True, "data.prefix": "form"}, "features", {}),
    # Stages.
    *(({"stages": stages}, "list", {"key": "stages"}) for stages in (5, "one", {"epochs": 3})),
    ({"stages": [STAGE, 5]}, "section", {"key": "stages#2", "value": 5}),
    *(
        ({"stages": [STAGE, {**STAGE, **change}]}, code, params)
        for change, code, params in (
            ({"forms": ["七律"]}, "not_in_data", {"stage": 2, "key": "forms"}),
            ({"forms": []}, "empty", {"key": "stages#2.forms"}),
            ({"forms": "五律"}, "list", {"key": "stages#2.forms", "value": "五律"}),
            ({"dynasties": ["song"]}, "not_in_data", {"stage": 2, "key": "dynasties"}),
            ({"dynasties": []}, "empty", {"key": "stages#2.dynasties"}),
            ({"epochs": 0}, "at_least", {"key": "stages#2.epochs", "value": 0}),
            ({"epochs": 1.5}, "integer", {"key": "stages#2.epochs"}),
            ({"learning_rate": 0}, "above", {"key": "stages#2.learning_rate"}),
            ({"learning_rate": math.nan}, "at_most", {"key": "stages#2.learning_rate"}),
            ({"final_rate": 0.02}, "final_rate", {"final": 0.02, "peak": 0.01}),
            ({"final_rate": -0.1}, "at_least", {"key": "stages#2.final_rate"}),
            ({"final_rate": math.nan}, "at_most", {"key": "stages#2.final_rate"}),
            ({"warmup": 1.5}, "at_most", {"key": "stages#2.warmup"}),
            ({"epoch": 1}, "misspelled_key", {"key": "stages#2.epoch", "near": "epochs"}),
        )
    ),
]


def assert_refused(refusal, code, params):
    assert refusal.code == f"recipe.{code}"
    found = {name: refusal.params[name] for name in params}
    assert found == params
    assert len(str(refusal).splitlines()) == 1


@pytest.mark.parametrize(("changes", "code", "params"), REFUSED)
def test_an_invalid_recipe_is_refused_by_key_and_value(changes, code, params, changed_values):
    with pytest.raises(UsageError) as refusal:
        build_recipe(changed_values(SOUND, changes), "a.toml")
    assert_refused(refusal.value, code, params)


@pytest.mark.parametrize("where", ["data", "stages"])
def test_an_unknown_form_is_refused(where):
    forms = {"forms": ["九言"]}
    change = {"data": forms} if where == "data" else {"stages": [{**STAGE, **forms}]}
    with pytest.raises(UsageError) as refusal:
        build_recipe({**SOUND, **change}, "a.toml")
    assert (refusal.value.code, refusal.value.params["name"]) == ("form.unknown", "九言")


def test_an_error_of_pydantic_that_no_value_of_toml_causes_has_a_code_too():
    faults = [{"type": "frozen_field", "loc": ("name",), "input": 5}]
    error = ValidationError.from_exception_data("Recipe", faults)
    found = refusal_of(error, Recipe, "a.toml")
    assert_refused(found, "invalid", {"key": "name", "value": 5})


def test_stages_are_read_in_order_with_their_defaults(changed_values):
    last = {"final_rate": 0.5, "warmup": 1}
    stages = [{**STAGE, "forms": ["wulv"]}, {**STAGE, "learning_rate": 1, **last}]
    assert build_recipe(changed_values(SOUND, {"stages": stages}), "a.toml").stages == (
        StageRecipe(("wulv",), ("tang",), 2, 0.01, 0.0, 0.0),
        StageRecipe(("五律",), ("tang",), 2, 1.0, 0.5, 1.0),
    )


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (b"name = ", "not_toml", "Invalid value (at end of document)"),
        (b'name = "a"\nname = "b"', "not_toml", "Cannot overwrite a value (at"),
        (b"\xff\xfe", "not_toml", "'utf-8' codec"),
        (b"{}", "not_toml", "Invalid statement (at line 1"),
        (b"x = " + b"[" * 100_000, "not_toml", ""),
        (b"", "missing", None),
        (None, "unreadable", "No such file or directory"),
    ],
)
def test_a_file_that_is_not_a_recipe_is_refused(content, code, reason, tmp_path):
    path = tmp_path / "bad.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as refusal:
        read_recipe(path)
    assert refusal.value.code == f"recipe.{code}"
    assert str(path) in map(str, refusal.value.params.values())
    assert reason is None or refusal.value.params["reason"].startswith(reason)


def test_a_recipe_saved_by_a_windows_editor_is_read(tmp_path):
    path = tmp_path / "report.toml"
    text = (CONFIGS / "report.toml").read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_recipe(path) == read_recipe(CONFIGS / "report.toml")


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("training.epochs=7", "training.epochs", 7),
        ("training.epochs = 7", "training.epochs", 7),
        ("optimizer.learning_rate=1e-3", "optimizer.learning_rate", 0.001),
        ("optimizer.learning_rate=1", "optimizer.learning_rate", 1.0),
        ("optimizer.name=sgd", "optimizer.name", "sgd"),
        ('optimizer.name="sgd"', "optimizer.name", "sgd"),
        ('data.forms=["五絕", "qilv"]', "data.forms", ["五絕", "qilv"]),
        ("data.prefix=form", "data.prefix", "form"),
        ("optimizer.clip_norm=inf", "optimizer.clip_norm", math.inf),
        ("name=mine", "name", "mine"),
    ],
)
def test_set_changes_one_value(change, key, value, changed_values):
    values = read_recipe(CONFIGS / "report.toml").as_dict()
    changed = read_recipe(CONFIGS / "report.toml", ["training.epochs=2", change])
    expected = changed_values(values, {"training.epochs": 2, key: value})
    assert changed.as_dict() == expected


@pytest.mark.parametrize(
    ("change", "code", "params"),
    [
        *((text, "bad_change", {"change": text}) for text in ("", "epochs", "=5", ".epochs=5")),
        ("training..epochs=5", "bad_change", {}),
        ("epochs=5", "unknown_key", {"key": "epochs"}),
        ("training.epoch=5", "misspelled_key", {"near": "epochs"}),
        ("training.epochs=many", "integer", {"value": "many"}),
        ("training.epochs=", "integer", {"value": ""}),
        ("training.epochs=-5", "at_least", {"value": -5}),
        ("name.x=5", "no_section", {"section": "name"}),
        ("training=5", "section", {"key": "training"}),
        ("data.forms=五律", "list", {"value": "五律"}),
        ("training.epochs=" + "[" * 100_000, "integer", {}),
    ],
)
def test_set_to_an_invalid_value_is_refused(change, code, params):
    with pytest.raises(UsageError) as refusal:
        read_recipe(CONFIGS / "report.toml", [change])
    assert_refused(refusal.value, code, params)


keys = st.sampled_from(["training.epochs", "data.forms", "name", "model", "optimizer.clip_norm"])


@settings(deadline=None, max_examples=150)
@given(change=st.text(max_size=40) | st.builds("{}={}".format, keys, st.text()))
def test_whatever_is_set_gives_a_recipe_or_a_refusal(change):
    try:
        recipe = read_recipe(CONFIGS / "report.toml", [change])
    except UsageError:
        return
    assert isinstance(recipe, Recipe)
