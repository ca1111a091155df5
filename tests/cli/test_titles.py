"""The command line with a model that was trained on titles."""

import json
from pathlib import Path

import pytest

from tangyin.metre import LEVEL_RHYMES
from tangyin.model.file import save_model
from tangyin.scoring import closed_hanzi
from tangyin.verse import FORMS, prefix_tokens


@pytest.fixture
def path(random_model, tmp_path):
    """A model file of random weights, in int8."""
    hanzi, prefixes = "".join(sorted(closed_hanzi())), prefix_tokens(LEVEL_RHYMES)
    model = random_model(hanzi, FORMS, prefixes=prefixes, scale=0.2, tied=True, place_size=4)
    save_model(model, tmp_path / "titled.safetensors", "int8")
    return str(tmp_path / "titled.safetensors")


def test_poems_are_conditioned_on_a_title(path, cli):
    words = ("write", "--model", path, "--form", "wujue", "--seed", "1", "--format", "jsonl")
    done = cli(*words, "--title", "送友人归山", "--script", "simplified")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["title"] == "送友人归山"
    assert json.loads(cli(*words, "--title", "送友人归山").out)["title"] == "送友人歸山"
    assert json.loads(cli(*words, "--title", "").out)["title"] == ""
    cli("write", "--model", "report", "--title", "春望").refused(2, "titles")
    cli("write", "--model", path, "--title", "x").refused(2, "has no Chinese character")


def test_a_title_is_drawn_where_none_is_given_and_stands_above_the_poem(path, cli):
    words = ("write", "日", "--model", path, "--form", "wujue", "--seed", "1")
    drawn = json.loads(cli(*words, "--format", "jsonl").out)
    assert drawn["title_drawn"]
    title, *lines = cli(*words).out.splitlines()
    assert title == drawn["title"]
    assert "".join(lines) == drawn["text"]
    # Given, it brings the same poem.
    given = json.loads(cli(*words, "--title", title, "--format", "jsonl").out)
    assert given == drawn | {"title_drawn": False}


@pytest.mark.timeout(400)
@pytest.mark.corpus
def test_the_count_of_tangshi_gpt_has_its_own_poems_and_no_closed_figure(path, cli):
    words = ("eval", "--protocol", "tangshi-gpt")
    done = cli(*words, "--model", path, "--format", "json")
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out)
    assert [result[name] for name in ("split", "form", "protocol", "prefix", "poems")] == [
        "test", "all", "tangshi-gpt", "none", 3717,
    ]  # fmt: skip
    assert result["per_token_closed"] is None
    assert result["nll_closed"] is None
    table = cli(*words, "--model", path).out
    assert f"per token {result['per_token']:9.2f}          -" in table
    cli(*words, "--model", path, "--form", "wulv").refused(2, "leave the form out")
    cli(*words, "--model", "report").refused(2, "use the protocol honest")


def test_models_are_listed_by_what_model_takes_with_how_their_weights_lie_in_the_file(
    path, cli, home
):
    (home / "models").mkdir(parents=True)
    Path(path).rename(home / "models" / "mine.safetensors")
    rows = {row["name"]: row for row in json.loads(cli("models", "--format", "json").out)}
    assert (rows["report"]["precision"], rows["mine"]["precision"]) == ("fp16", "int8")
    table = cli("models").out.splitlines()
    assert "int8" in next(row for row in table if row.startswith("mine"))
    assert cli("write", "日", "--free", "--model", "mine").code == 0
    assert "in int8" in cli("models", "--card", "mine").out
