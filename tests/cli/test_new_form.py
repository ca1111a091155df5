"""A rectangular form is one file: it is read, trained on, scored, written and checked."""

import json
from pathlib import Path

import pytest

from tangyin.api import check, load
from tangyin.errors import TangyinError, UsageError
from tangyin.model import FeatureLayout, find_model, load_model
from tangyin.verse import FORMS

HANZI = "日月山水風花雪夜春秋江海天地人心白青紅明"
RECIPE = """
name = "six"
[data]
forms = ["liujue"]
minimum_frequency = 1
prefix = "told"
[model]
embedding_size = 12
hidden_size = 10
tied = true
echo = true
opposite_size = 4
rhyme_size = 3
place_size = 3
tone_size = 2
[training]
batch_size = 8
epochs = 2
"""


@pytest.fixture
def six(extra_form):
    """六言絕句, four lines of six, as a file of the installation."""
    return extra_form("六言絕句", "liujue", lines=4, characters=6)


@pytest.fixture
def model(six, tmp_path, cli):
    """The file of a small model that was trained on own poems of the form."""
    recipe, corpus, run = tmp_path / "six.toml", tmp_path / "six.txt", tmp_path / "run"
    recipe.write_text(RECIPE, encoding="utf-8")
    characters = [
        [HANZI[(7 * n + 3 * k + n * k) % 20] for k in range(six.hanzi)] for n in range(20)
    ]
    corpus.write_text("\n".join(map("".join, characters)), encoding="utf-8")
    done = cli("train", str(recipe), "--corpus", str(corpus), "--run", str(run))
    assert done.code == 0, done.err
    return str(run / "model.safetensors")


def test_a_model_of_a_new_form_is_trained_stored_and_writes(six, model, cli, monkeypatch):
    stored = load_model(Path(model))
    forms = (*(form.name for form in FORMS), "六言絕句")
    assert stored.forms == (six,)
    assert stored.architecture.layout == FeatureLayout(forms, (5, 6, 7), lines=9, columns=8)
    writer, given = load(model), {"title": "山水", "acrostic": "日山"}
    poem = writer.write(regulated=False, seed=1, **given)
    assert [len(line) for line in poem.lines] == [6, 6, 6, 6]
    assert (poem.lines[0][0], poem.lines[2][0], poem.form) == ("日", "山", "六言絕句")
    assert writer.score(poem.text).targets == six.targets
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    for name in ("六言絕句", "六言绝句", "liujue"):
        words = ("--free", "--form", name, "--model", model, "--seed", "1", "--format", "jsonl")
        written = json.loads(cli("write", *words, *options).out)
        assert (written["text"], written["prosody"]) == (poem.text, None)
    # It has no tone patterns.
    with pytest.raises(UsageError) as caught:
        writer.write(seed=1)
    assert (caught.value.code, caught.value.params["form"]) == ("form.not_regulated", "六言絕句")
    cli("write", "--model", model).refused(2, str(caught.value))
    # And where the form is not installed, the model is refused.
    monkeypatch.setattr("tangyin.verse.form.all_forms", lambda: FORMS)
    with pytest.raises(TangyinError) as refused:
        find_model(model)
    assert (refused.value.code, refused.value.params["form"]) == ("model.unknown_form", "六言絕句")


def test_a_new_form_with_lines_the_checker_knows_is_reported_by_its_name(extra_form):
    lines = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。明月松間照，清泉石上流。"
    assert check(lines).form == "排律"
    extra_form("五言三韻", "sanyun", lines=6, characters=5)
    assert check(lines).form == "五言三韻"
