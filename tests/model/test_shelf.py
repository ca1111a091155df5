import pytest

from tangyin.errors import TangyinError, UsageError
from tangyin.model import DEFAULT, find_model, model_card, shipped_or_own
from tangyin.model.file import ModelFile, save_model
from tangyin.model.shelf import SHIPPED
from tangyin.paths import models_home
from tangyin.verse import WULV


@pytest.fixture
def own(random_model, home):
    """A home with one model, called `mine`."""
    models_home().mkdir(parents=True)
    path = models_home() / "mine.safetensors"
    save_model(random_model("日月", (WULV,)), path)
    return path


def test_models_are_found_by_name_or_by_file(own, home, tmp_path, monkeypatch):
    assert own.parent == home / "models"
    assert find_model(DEFAULT).name == DEFAULT == SHIPPED[0]
    assert find_model("mine").vocabulary.hanzi == ("日", "月")
    assert find_model(str(own)).vocabulary.hanzi == ("日", "月")
    # A file of that name does not hide a shipped model.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report").write_text("no model")
    assert find_model("report").name == "report"


@pytest.mark.parametrize("name", ["weak", "", "x" * 300, "日", "\0", ".."])
def test_an_unknown_model_is_refused_with_the_models_there_are(own, name):
    with pytest.raises(UsageError) as caught:
        find_model(name)
    assert caught.value.code == "model.unknown"
    assert caught.value.params == {"name": name, "models": [*SHIPPED, "mine"]}


@pytest.mark.parametrize("name", ["../mine", "other.safetensors", "x" * 300 + ".safetensors"])
def test_a_missing_file_is_refused_by_its_path(own, name):
    with pytest.raises(UsageError) as caught:
        find_model(name)
    assert (caught.value.code, caught.value.params) == ("model.no_file", {"path": name})


def test_every_model_is_listed_a_damaged_one_with_its_error(own, home):
    broken = own.with_name("broken.safetensors")
    broken.write_bytes(own.read_bytes()[:-1])
    *shipped, (first, error), (second, model) = shipped_or_own()
    assert [(origin, m.name) for origin, m in shipped] == [("shipped", name) for name in SHIPPED]
    assert (first, second) == (str(broken), str(own))
    assert isinstance(error, TangyinError)
    assert error.code == "model.incomplete"
    assert isinstance(model, ModelFile)
    own.unlink()
    broken.unlink()
    assert len(shipped_or_own()) == len(SHIPPED)


def test_the_card_says_what_is_in_the_file(report_model):
    card = model_card(report_model)
    dev = report_model.figures["dev"]["all"]
    for fact in (
        "# report", "A language model of 五律 for tangyin", "1 LSTM layer(s) of 128", "MIT",
        "embedding 256", "2,814 known characters", f"{report_model.parameters:,} parameters",
        f"{dev['per_token']:.2f} ({dev['per_token_closed']:.2f})", "minimum_frequency", "sha512-",
        "split_sha256",
    ):  # fmt: skip
        assert fact in card


def test_a_card_has_a_dash_for_a_missing_figure(random_model):
    model = random_model("日月", (WULV,))
    model.figures["dev"] = {"五律": {"poems": 12, "per_token": 100.0}, "七律": {}}
    card = model_card(model)
    assert "| dev | 五律 | 12 | 100.00 (-) | - (-) |" in card
    assert "| dev | 七律 | - | - (-) | - (-) |" in card
