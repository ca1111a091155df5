"""`tangyin eval` and `tangyin models`: the figures, by their names."""

import json
import math
from dataclasses import replace

import pytest

from tangyin.errors import TangyinError, message
from tangyin.model import find_model
from tangyin.model.file import FORMAT, save_model
from tangyin.model.shelf import SHIPPED

FIGURES = [
    "poems", "targets", "hanzi", "unknown", "nll", "nll_closed", "per_token", "per_token_closed",
    "per_hanzi", "per_hanzi_closed",
]  # fmt: skip


@pytest.fixture
def own(home):
    """An empty folder of one's own models."""
    (home / "models").mkdir(parents=True)
    return home / "models"


@pytest.mark.timeout(300)
@pytest.mark.corpus
def test_the_shipped_models_figures_on_dev_are_those_in_its_file(cli):
    done = cli("eval", "--model", "report", "--split", "dev", "--form", "五律", "--format", "json")
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out)
    assert list(result) == ["model", "split", "form", "protocol", "prefix", *FIGURES]
    assert list(result.values())[:5] == ["report", "dev", "五律", "honest", "none"]
    assert (result["poems"], result["targets"], result["hanzi"]) == (1278, 62622, 51120)
    assert result["per_token_closed"] <= 104
    assert result["per_token_closed"] == pytest.approx(
        math.exp(result["nll_closed"] / result["targets"])
    )
    assert result["per_token"] == pytest.approx(math.exp(result["nll"] / result["targets"]))
    shipped = find_model("report").figures["dev"]["all"]
    assert shipped.keys() <= set(FIGURES)
    # Its file has the figures of version 1 of the split, which had three poems more.
    for name in shipped.keys() & set(FIGURES[-4:]):
        value = shipped[name]
        assert result[name] == pytest.approx(value, rel=1e-3)
    table = cli("eval", "--form", "wulv").out
    assert "report, dev, 五律, protocol honest, prefix none" in table
    for name in FIGURES[-4:]:
        assert f"{result[name]:.2f}" in table


@pytest.mark.parametrize(
    ("option", "value"),
    [("--form", "七律"), ("--form", "sonnet"), ("--split", "train"), ("--protocol", "kind"),
     ("--model", "nobody")],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_refused_in_one_sentence(option, value, cli):
    cli("eval", option, value).refused(2, value)


def test_models_lists_the_shipped_and_ones_own(cli, own):
    report = find_model("report")
    save_model(report, own / "mine.safetensors")
    done = cli("models", "--format", "json")
    assert (done.code, done.err) == (0, "")
    rows = json.loads(done.out)
    shipped = next(row for row in rows if row["name"] == "report")
    assert [row["origin"] for row in rows[:-1]] == ["shipped"] * len(SHIPPED)
    assert rows[-1]["origin"] == str(own / "mine.safetensors")
    for row in rows:
        assert list(row) == [
            "name", "origin", "forms", "parameters", "precision", "known_hanzi", "architecture",
            "figures", "training", "licence",
        ]  # fmt: skip
    assert (shipped["forms"], shipped["parameters"]) == (["五律"], report.parameters)
    assert (shipped["known_hanzi"], shipped["licence"]) == (2814, "MIT")
    all_forms, exact = shipped["figures"]["dev"]["all"], report.figures["dev"]["all"]
    assert all_forms == {name: round(value, 3) for name, value in exact.items()}
    table = cli("models")
    assert (table.code, table.err) == (0, "")
    assert f"{report.figures['dev']['all']['per_token_closed']:.2f}" in table.out
    assert "mine.safetensors" in table.out
    assert str(own) in table.out


def test_a_model_without_figures_is_listed_with_dashes(cli, own):
    report = find_model("report")
    for number, figures in enumerate([{}, {"dev": {}}, {"dev": {"all": {"per_token": "x"}}}]):
        bare = replace(report, name=f"bare{number}", figures=figures)
        save_model(bare, own / f"bare{number}.safetensors")
    done = cli("models")
    assert (done.code, done.err) == (0, "")
    bare_rows = [line for line in done.out.splitlines() if line.startswith("bare")]
    assert [line.split()[3:5] for line in bare_rows] == [["-", "-"]] * 3
    assert json.loads(cli("models", "--format", "json").out)[-1]["name"] == "bare2"


def test_a_damaged_own_model_is_left_out_with_a_note(cli, own):
    (own / "cut.safetensors").write_bytes(b"cut")
    done = cli("models", "--format", "json")
    assert done.code == 0
    shown = message("model.left_out", {"origin": own / "cut.safetensors", "error": ""})
    assert done.err.startswith(f"tangyin: {shown}")
    assert len(done.err.splitlines()) == 1
    assert "cut" not in [row["name"] for row in json.loads(done.out)]


def test_the_card_of_a_model_has_its_figures_and_licence(cli):
    done = cli("models", "--card", "report")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("# report\n")
    assert "Licence: MIT" in done.out
    assert f"{find_model('report').figures['dev']['all']['per_token']:.2f}" in done.out
    cli("models", "--card", "nobody").refused(2, "nobody")


@pytest.mark.parametrize("command", [["write", "日"], ["score"], ["eval"]])
def test_a_model_file_that_cannot_be_used_is_refused_in_one_sentence(command, cli, tmp_path):
    path = tmp_path / "model.safetensors"
    error = TangyinError("model.no_file", path=str(path))
    cli(*command, "--model", str(path), stdin="床前明月光，" * 4).refused(2, str(error))
    save_model(find_model("report"), path)
    path.write_bytes(path.read_bytes().replace(b'"format": "2"', b'"format": "9"'))
    error = TangyinError("model.newer", path=str(path), version=9, newest=FORMAT)
    cli(*command, "--model", str(path), stdin="床前明月光，" * 4).refused(1, str(error))
