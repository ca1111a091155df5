"""Recipes: read strictly, refused by key and value, written so that they read back the same."""

import dataclasses
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tangyin.errors import UsageError
from tangyin.lstm import cells
from tangyin.training import OPTIMIZERS, Recipe, build_recipe, read_recipe, recipe_toml
from tangyin.training.recipe import (
    DataRecipe,
    ModelRecipe,
    OptimizerRecipe,
    ScheduleRecipe,
    StageRecipe,
)
from tangyin.training.recipe_values import refusal as refusal_of

CONFIGS = Path(__file__).parents[2] / "configs"

SOUND = {
    "name": "sound",
    "data": {"forms": ["五律"]},
    "model": {"embedding_size": 4, "hidden_size": 4},
}

STAGE = {"forms": ["五律"], "dynasties": ["tang"], "epochs": 2, "learning_rate": 0.01}

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


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
def test_every_recipe_of_the_repository_is_sound_reads_back_the_same_and_gives_reasons(
    path, tmp_path
):
    assert read_recipe(path).name == path.stem
    for changes in ([], ["optimizer.clip_norm=inf", f"training.seed={2**64 - 1}"]):
        recipe = read_recipe(path, changes)
        (tmp_path / "written.toml").write_text(recipe_toml(recipe), encoding="utf-8")
        assert read_recipe(tmp_path / "written.toml") == recipe
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
    ({"trainings.epochs": 3}, MISSPELLED, {"key": "trainings", "near": "training"}),
    ({"model.dropout": {"inputs": 0.1}}, MISSPELLED, {"key": "model.dropout.inputs"}),
    ({"colour": "red"}, "unknown_key", {"known": [f.name for f in dataclasses.fields(Recipe)]}),
    ({"name": None}, "missing", {"key": "name"}),
    ({"model.hidden_size": None}, "missing", {"key": "model.hidden_size"}),
    # A wrong type: the key and its value.
    ({"training.epochs": "three"}, "integer", {"key": "training.epochs", "value": "three"}),
    ({"training.epochs": True}, "integer", {"value": True}),
    ({"optimizer.learning_rate": "fast"}, "number", {"value": "fast"}),
    ({"optimizer.learning_rate": 10**400}, "number", {"key": "optimizer.learning_rate"}),
    ({"data.forms": "五律"}, "list", {"key": "data.forms", "value": "五律"}),
    ({"data.forms": ["五律", 5]}, "string", {"key": "data.forms#2", "value": 5}),
    ({"model.tied": 1}, "boolean", {"key": "model.tied", "value": 1}),
    ({"data": 5}, "section", {"key": "data", "value": 5}),
    ({"model.dropout": 0.1}, "section", {"key": "model.dropout"}),
    # A number out of range: the bound.
    ({"training.epochs": 0}, "at_least", {"key": "training.epochs", "value": 0, "ge": 1}),
    ({"training.seed": 2**64}, "at_most", {"le": 2**64 - 1}),
    ({"model.hidden_size": 10**9}, "at_most", {"le": 1_000_000}),
    ({"data.tell_form": 1.5}, "at_most", {"key": "data.tell_form", "le": 1}),
    ({"data.tell_title": math.nan}, "at_most", {"key": "data.tell_title"}),
    ({"model.dropout": {"input": 1}}, "below", {"key": "model.dropout.input", "lt": 1}),
    ({"optimizer.learning_rate": 0}, "above", {"value": 0, "gt": 0}),
    ({"optimizer.learning_rate": math.nan}, "at_most", {"le": 1000}),
    ({"optimizer.clip_norm": math.nan}, "above", {"key": "optimizer.clip_norm"}),
    ({"optimizer.weight_decay": math.inf}, "at_most", {"key": "optimizer.weight_decay"}),
    # A name that is no choice: all choices.
    ({"model.cell": "gru"}, "choice", {"choices": sorted(cells.names())}),
    ({"data.dynasties": ["han"]}, "choice", {"key": "data.dynasties#1", "value": "han"}),
    ({"optimizer.name": "adma"}, "choice", {"choices": sorted(OPTIMIZERS)}),
    ({"data.forms": []}, "empty", {"key": "data.forms"}),
    ({"data.forms": ["九言"]}, "form.unknown", {"name": "九言"}),
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
    *(({"stages": stages}, "list", {"key": "stages"}) for stages in (5, {"epochs": 3})),
    ({"stages": [STAGE, 5]}, "section", {"key": "stages#2", "value": 5}),
    *(
        ({"stages": [STAGE, {**STAGE, **change}]}, code, params)
        for change, code, params in (
            ({"forms": ["七律"]}, "not_in_data", {"stage": 2, "key": "forms"}),
            ({"forms": []}, "empty", {"key": "stages#2.forms"}),
            ({"forms": ["九言"]}, "form.unknown", {"name": "九言"}),
            ({"dynasties": ["song"]}, "not_in_data", {"stage": 2, "key": "dynasties"}),
            ({"epochs": 0}, "at_least", {"key": "stages#2.epochs", "value": 0}),
            ({"final_rate": 0.02}, "final_rate", {"final": 0.02, "peak": 0.01}),
            ({"final_rate": math.nan}, "at_most", {"key": "stages#2.final_rate"}),
            ({"epoch": 1}, "misspelled_key", {"key": "stages#2.epoch", "near": "epochs"}),
        )
    ),
]


def assert_refused(refusal, code, params):
    assert refusal.code == (code if "." in code else f"recipe.{code}")
    found = {name: refusal.params[name] for name in params}
    assert found == params
    assert len(str(refusal).splitlines()) == 1


@pytest.mark.parametrize(("changes", "code", "params"), REFUSED)
def test_an_invalid_recipe_is_refused_by_key_and_value(changes, code, params, changed_values):
    with pytest.raises(UsageError) as refusal:
        build_recipe(changed_values(SOUND, changes), "a.toml")
    assert_refused(refusal.value, code, params)


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


def test_shipped_recipes_are_read_by_name_and_a_file_of_that_name_comes_first(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report").mkdir()  # what `tangyin report` writes
    for path in CONFIGS.glob("*.toml"):
        assert read_recipe(Path(path.stem)) == read_recipe(path)
    (tmp_path / "laptop").write_text("name = ")
    with pytest.raises(UsageError):
        read_recipe(Path("laptop"))


def test_an_unknown_recipe_is_refused_with_the_names_of_the_shipped_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refusal:
        read_recipe(Path("raport"))
    assert set(refusal.value.params["names"].split(", ")) == {
        p.stem for p in CONFIGS.glob("*.toml")
    }


def test_a_recipe_saved_by_a_windows_editor_is_read(tmp_path):
    path = tmp_path / "report.toml"
    text = (CONFIGS / "report.toml").read_text(encoding="utf-8").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_recipe(path) == read_recipe(CONFIGS / "report.toml")


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("training.epochs=7", "training.epochs", 7),
        ("optimizer.learning_rate=1", "optimizer.learning_rate", 1.0),
        ("optimizer.name=sgd", "optimizer.name", "sgd"),
        ('optimizer.name="sgd"', "optimizer.name", "sgd"),
        ('data.forms=["五絕", "qilv"]', "data.forms", ["五絕", "qilv"]),
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
        ("training.epochs=many", "integer", {"value": "many"}),
        ("training.epochs=", "integer", {"value": ""}),
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


@given(change=st.text(max_size=40) | st.builds("{}={}".format, keys, st.text()))
def test_whatever_is_set_gives_a_recipe_or_a_refusal(change):
    try:
        recipe = read_recipe(CONFIGS / "report.toml", [change])
    except UsageError:
        return
    assert isinstance(recipe, Recipe)
