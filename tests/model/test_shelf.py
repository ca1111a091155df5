from collections.abc import Callable
from pathlib import Path

import pytest

from tangyin.errors import TangyinError, UsageError
from tangyin.model import DEFAULT, find_model, model_card, shipped_or_own
from tangyin.model.file import ModelFile, save_model
from tangyin.model.shelf import SHIPPED
from tangyin.paths import models_home
from tangyin.verse import WULV

Build = Callable[..., ModelFile]


@pytest.fixture
def own(random_model: Build, home: Path) -> Path:
    """One model of one's own, called `mine`."""
    models_home().mkdir(parents=True)
    path = models_home() / "mine.safetensors"
    save_model(random_model("日月", (WULV,)), path)
    return path


def test_models_are_found_by_name_or_by_file(own: Path, home: Path) -> None:
    assert own.parent == home / "models"
    assert find_model(DEFAULT).name == DEFAULT == SHIPPED[0]
    assert find_model("report").name == "report"
    assert find_model("mine").vocabulary.hanzi == ("日", "月")
    assert find_model(str(own)).vocabulary.hanzi == ("日", "月")


def test_a_file_in_the_way_does_not_hide_a_shipped_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report").write_text("no model")
    assert find_model("report").name == "report"


@pytest.mark.parametrize("name", ["weak", "", "x" * 300, "日", "\0", "..", "../mine"])
def test_a_model_that_is_not_there_is_told_with_those_that_are(own: Path, name: str) -> None:
    with pytest.raises(UsageError, match="there is no model") as caught:
        find_model(name)
    assert "\n" not in str(caught.value)
    if "/" not in name:
        assert f"there are {', '.join(SHIPPED)}, mine" in str(caught.value)


def test_a_file_that_is_not_there_is_told(own: Path) -> None:
    with pytest.raises(UsageError, match="there is no model file"):
        find_model(str(own.with_name("other.safetensors")))


def test_a_damaged_model_is_listed_by_its_fault(own: Path) -> None:
    (own.parent / "broken.safetensors").write_bytes(own.read_bytes()[:-1])
    with pytest.raises(TangyinError, match="it was cut short"):
        find_model("broken")
    listed = shipped_or_own()
    assert [origin for origin, _ in listed] == [
        *["shipped"] * len(SHIPPED),
        str(own.parent / "broken.safetensors"),
        str(own),
    ]
    kinds = [isinstance(model, ModelFile) for _, model in listed]
    assert kinds == [*[True] * len(SHIPPED), False, True]


def test_without_models_of_ones_own_the_shipped_ones_are_listed(home: Path) -> None:
    assert [origin for origin, _ in shipped_or_own()] == ["shipped"] * len(SHIPPED)


def test_the_card_says_what_stands_in_the_file(report_model: ModelFile) -> None:
    card = model_card(report_model)
    dev = report_model.figures["dev"]["all"]
    for fact in (
        "# report", "五律", "1 LSTM layer(s) of 128", "embedding 256", "2,814 known characters",
        f"{report_model.parameters:,} parameters", "MIT", f"{dev['per_token']:.2f}",
        f"({dev['per_token_closed']:.2f})", "minimum_frequency", "sha512-", "split_sha256",
    ):  # fmt: skip
        assert fact in card


def test_a_card_has_a_dash_for_a_figure_that_is_not_there(random_model: Build) -> None:
    model = random_model("日月", (WULV,))
    model.figures["dev"] = {"五律": {"poems": 12, "per_token": 100.0}, "七律": {}}
    card = model_card(model)
    assert "| dev | 五律 | 12 | 100.00 (-) | - (-) |" in card
    assert "| dev | 七律 | - | - (-) | - (-) |" in card
