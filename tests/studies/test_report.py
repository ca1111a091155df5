"""The report: self-contained, the committed one, and refused where results contradict its prose."""

import inspect
import json
import re
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from tangyin.cli.main import main
from tangyin.errors import TangyinError
from tangyin.studies import (
    TrainingCache,
    all_studies,
    experiments,
    gather,
    read_results,
    render,
    run_study,
)
from tangyin.studies.experiments.optimizers import REPORT_RATE, reached
from tangyin.studies.experiments.perplexity import PATIENCE, overfitted_from, stopped_after
from tangyin.training import read_recipe

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs/report"
DRAWN = re.compile(r'src="data:[^"]*"')
HASH = re.compile(r"\b[mp][0-9a-f]{10}\b")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
STUDIES = all_studies()
REPORTED = [name for name, study in STUDIES.items() if study.reported]
APART = {"ingredients", "scaling"}

Results = dict[str, Any]
SHIPPED = read_results(DOCS / "results.json")


@pytest.fixture(scope="session")
def built() -> dict[str, str]:
    return render(SHIPPED, STUDIES)


def alone(results: Results, name: str) -> tuple[Results, Any]:
    """A copy of gathered results with one study alone, and the results of that."""
    found = deepcopy(results["studies"][name])
    return results | {"studies": {name: found}}, found["results"]


def drawing(svg: str) -> tuple[str, list[float]]:
    """What an SVG draws: its elements, with matplotlib's hashes numbered, and its numbers."""
    found: dict[str, str] = {}
    named = HASH.sub(lambda m: found.setdefault(m[0], f"id{'i' * len(found)}"), svg)
    return NUMBER.sub("#", named), [float(number) for number in NUMBER.findall(named)]


def same_drawing(committed: str, built: str) -> bool:
    """Whether two SVGs draw the same; the last bits of a logarithm depend on the processor."""
    (elements, numbers), (others, places) = drawing(committed), drawing(built)
    return elements == others and np.allclose(numbers, places, rtol=0, atol=0.02)


def test_the_committed_report_is_what_its_results_build(built: dict[str, str]) -> None:
    # The Chinese summary is written by hand.
    paths = [p for p in DOCS.rglob("*") if p.is_file() and not p.name.endswith(".zh.md")]
    committed = {str(p.relative_to(DOCS)): p.read_text(encoding="utf-8") for p in paths}
    assert committed.keys() == built.keys()
    drawn = [name for name in built if name.endswith(".svg")]
    pictures = [(name, committed[name], built[name]) for name in drawn]
    for name in built.keys() - set(drawn):
        assert DRAWN.sub("", committed[name]) == DRAWN.sub("", built[name]), name
        both = (map(unquote, DRAWN.findall(files[name])) for files in (committed, built))
        pictures += [(name, *pair) for pair in zip(*both, strict=True)]
    if SHIPPED["matplotlib"] == mpl.__version__:
        assert [name for name, *pair in pictures if not same_drawing(*pair)] == []
    assert not any(s["results"]["settings"].get("quick") for s in SHIPPED["studies"].values())


def test_drawings_are_compared_by_what_they_draw(built: dict[str, str]) -> None:
    svg = built["figures/data-zipf.svg"]
    again = HASH.sub(lambda m: m[0][::-1][-1:] + m[0][:0:-1], svg)
    assert again != svg
    assert same_drawing(svg, again)
    for moved, same in ((0.01, True), (0.1, False)):
        head, place, rest = re.split(r"(?<=L )(\d+\.\d+)", svg, maxsplit=1)
        other = f"{head}{float(place) + moved:.2f}{rest}"
        assert other != svg
        assert same_drawing(svg, other) == same


def test_every_part_has_a_claim_a_finding_limits_and_captions_that_say_how(built) -> None:
    claims, *parts = re.split(r'<a id="[\w-]+"></a>', built["report.md"])
    for name, part in zip(REPORTED, parts, strict=True):
        assert f"](#{name})" in claims
        _, question, finding, *_ = part.split("\n\n")[1:]
        assert question.startswith("*")
        assert finding.startswith("> ")
        assert "**不能說明 What this cannot show.**" in part
        captions = re.findall(r"^\*\*(?:Figure|Table) \d+\.\*\* .*$", part, re.MULTILINE)
        assert captions
        assert all(f"`tangyin study {name}`" in caption for caption in captions)


@pytest.mark.parametrize("name", sorted(APART))
def test_the_page_of_the_strong_model_says_what_the_studies_found(name, built) -> None:
    page = " ".join((ROOT / "docs/model.md").read_text(encoding="utf-8").split())
    part = built["report.md"].partition(f'<a id="{name}">')[2]
    finding = re.search(r"^> (.+)$", part, re.MULTILINE)
    assert finding
    assert finding[1] in page


ALLOWED = {
    # What is not measured: the course report's words, definitions, and settings of the code.
    "perplexity": {"47", "15,000", "80", "20"},
    "optimizers": {"0.9", "0.01", "0.001", "1"},
    "update-rules": {"0", "45"},
    "initialization": {"0", "1", "2"},  # names of starts
    "sampling": {"0", "1", "2", "3", "4", "5", "10", "95"},  # names of rules and measures
    "forms": {"95", "1"},
    "convergence": {"0.01", "0.001", "1"},
    "gradients": {"0", "1"},
    "data": {"15,000", "10", "1"},
    "scaling": {"2020"},
}


@pytest.mark.parametrize("name", REPORTED)
def test_no_measured_number_is_typed_into_a_template(name: str) -> None:
    text = STUDIES[name].template.read_text(encoding="utf-8")
    prose = re.sub(
        r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\$\$.*?\$\$|<!--.*?-->", "", text, flags=re.DOTALL
    )
    found = set(re.findall(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?", prose))
    assert found <= ALLOWED.get(name, set())


def test_the_network_is_described_as_it_is_configured() -> None:
    page = render(SHIPPED | {"studies": {}}, STUDIES)["report.md"]
    recipe = read_recipe(ROOT / "configs/report.toml")
    for words in (
        f"{recipe.model.hidden_size} hidden units",
        f"embedding of size {recipe.model.embedding_size}",
        f"batches of {recipe.training.batch_size} poems",
        f"Adam with a learning rate of {recipe.optimizer.learning_rate}",
        "20,992",
    ):
        assert words in page


@pytest.mark.parametrize("name", REPORTED)
def test_a_missing_number_fails_the_build(name: str) -> None:
    found, numbers = alone(SHIPPED, name)
    del numbers[next(key for key in numbers if key != "settings")]
    with pytest.raises(TangyinError) as failure:
        render(found, STUDIES)
    assert failure.value.code == "study.missing_number"
    assert failure.value.params["study"] == name


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "study.no_results"), ("{", "study.results_damaged"), ("{}", "study.results_format")],
)
def test_results_that_cannot_be_read_are_refused(content, code, tmp_path) -> None:
    given = tmp_path / "given.json"
    if content is not None:
        given.write_text(content, encoding="utf-8")
    with pytest.raises(TangyinError) as failure:
        read_results(given)
    assert failure.value.code == code


FALLING = [float(value) for value in range(121, 100, -1)]
SAME = [100.0, 101.0, 102.0]
FAILED = {"dev": [], "losses": [], "seconds": [], "failed": "the loss is NaN"}


def put(found: Any, path: tuple[Any, ...], value: Any) -> None:
    """Set the value at a path, where `...` means every entry."""
    key, *rest = path
    keys = [key] if key is not ... else found if isinstance(found, dict) else range(len(found))
    for each in keys:
        if rest:
            put(found[each], tuple(rest), value)
        else:
            found[each] = value


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("perplexity", ("honest", ..., "dev"), FALLING),
        ("perplexity", ("report", 1, "dev", 7), 150.0),
        ("optimizers", ("report", "RMSprop at 0.01", ..., "dev", -1), 90.0),
        ("optimizers", ("curves", "Muon", 0), FAILED),
        ("update-rules", ("paths", "saddle", "SGD", "arrived"), 40),
        ("initialization", ("starts", "zeros", 2, "rank", -1), 128),
        ("initialization", ("starts", "too large", ..., "saturated", ..., ...), 0.0),
        ("sampling", ("rules", "argmax", "repeated", "value"), 0.5),
        ("sampling", ("rules", "argmax", "seven", "line"), 4),
        ("scaling", ("size", "lines", -1, "closed"), [50.0]),
        ("capacity", ("hidden_size", ..., "best"), SAME),
        ("cells", ("cells", ..., "best"), SAME),
        ("forms", ("kinds", "all", "best_epoch", 0), 21),
        ("forms", ("kinds", "五律", "length", "temperature 1", "value"), 0.95),
        ("gradients", ("jacobians", 3, "autograd"), 0.01),
        ("data", ("learning", ..., "best"), [100.0]),
        ("ingredients", ("variants", ..., "closed"), [87.4, 88.5, 92.7]),  # the proxy's
    ],
)
def test_results_that_contradict_the_prose_stop_the_build(name, path, value) -> None:
    found, numbers = alone(SHIPPED, name)
    put(numbers, path, value)
    with pytest.raises(TangyinError) as failure:
        render(found, {name: STUDIES[name]})
    assert failure.value.code == "study.contradicted"
    assert failure.value.params["study"] == name


def test_early_stopping_overfitting_and_arrival_are_where_they_are_defined() -> None:
    assert read_recipe(ROOT / "configs/report.toml").training.patience == PATIENCE
    assert stopped_after([9, 8, 7, 8, 8, 8, 8]) == 6
    assert stopped_after([9, 8, 7, 8, 8, 6, 7]) is None
    assert overfitted_from([9, 8, 8.1, 8.2, 8.1, 9]) == 6
    assert overfitted_from([9, 8, 7]) is None
    assert reached({"dev": [400.0, 100.0]}, 200.0) == pytest.approx(1.5)
    assert reached({"dev": [100.0, 50.0]}, 200.0) == 1
    assert reached({"dev": [400.0, 300.0]}, 200.0) == float("inf")


def test_the_rates_that_are_called_pytorchs_are() -> None:
    rmsprop, adam, adadelta = (
        inspect.signature(getattr(torch.optim, name)).parameters["lr"].default
        for name in ("RMSprop", "Adam", "Adadelta")
    )
    assert (rmsprop, 10 * adam, adadelta / 100) == pytest.approx((REPORT_RATE,) * 3)
    prose = " ".join(STUDIES["optimizers"].template.read_text(encoding="utf-8").split())
    assert "ten times its default for Adam, and a hundredth" in prose


def test_the_page_needs_nothing_beside_it(built: dict[str, str]) -> None:
    page = built["index.html"]
    ids = re.findall(r'<[^>]*\sid="([^"]*)"', page)
    links = re.findall(r'<[^>]*\shref="([^"]*)"', page)
    assert not re.findall(r'<(?:script|link)\b|@import|src="(?!data:)', page)
    assert set(links) <= {f"#{name}" for name in ids}
    assert max(Counter(ids).values()) == 1
    assert set(REPORTED) <= set(ids)


def test_every_figure_and_table_is_in_both_pages(built: dict[str, str]) -> None:
    html, markdown = built["index.html"], built["report.md"]
    drawn = [name for name in built if name.endswith(".svg")]
    assert len(drawn) >= 15
    for name in drawn:
        assert f"({name})" in markdown
        ET.fromstring(built[name])
        assert quote(built[name], safe=" /:;=,()") in html
    assert html.count("<table") == len(re.findall(r"^\| -", markdown, re.MULTILINE))


def test_studies_that_were_not_run_say_how_to_run_them() -> None:
    found = render(SHIPPED | {"studies": {}}, STUDIES)
    html = re.findall(r"<code>tangyin study ([\w-]+)</code>", found["index.html"])
    markdown = re.findall(r"`tangyin study ([\w-]+)`", found["report.md"])
    assert {*html, "all"} == {*markdown, "all"} == {*REPORTED, "all"} - APART
    assert not [name for name in found if name.endswith(".svg")]


def test_the_command_builds_the_page_and_deletes_stale_figures(tmp_path) -> None:
    small, _ = alone(SHIPPED, "update-rules")
    given, page = tmp_path / "given.json", tmp_path / "page"
    given.write_text(json.dumps(small), encoding="utf-8")
    (page / "figures").mkdir(parents=True)
    (page / "figures/old.svg").touch()
    done = CliRunner().invoke(main, ["report", "--results", str(given), "-o", str(page)])
    assert done.exit_code == 0, done.output
    assert f"1 of {len(REPORTED)} studies" in done.stderr
    written = {p.relative_to(page).as_posix() for p in page.rglob("*") if p.is_file()}
    assert written == render(small, STUDIES).keys()
    assert json.loads((page / "results.json").read_text(encoding="utf-8")) == small


def test_studies_that_were_not_run_here_keep_the_results_of_the_folder(tmp_path: Path) -> None:
    full, _ = alone(SHIPPED, "update-rules")
    before = tmp_path / "results.json"
    before.write_text(json.dumps(full), encoding="utf-8")
    cache = TrainingCache(tmp_path / "empty")
    assert gather(cache, before)["studies"] == full["studies"]
    quick = run_study(STUDIES["update-rules"], cache, quick=True)
    assert gather(cache, before)["studies"] == full["studies"]  # quick results are not reported
    assert run_study(STUDIES["update-rules"], cache, quick=False) != quick
    assert gather(cache, before)["studies"] != full["studies"]


def test_without_a_folder_the_report_goes_where_git_looks_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert CliRunner().invoke(main, ["report"]).exit_code == 0
    assert (tmp_path / "report/index.html").exists()
    assert "/report/" in ignored


RUN = """
from tangyin.studies import Study

def run(cache, quick):
    return {"settings": {"quick": quick}, "answer": 42.0}

STUDY = Study("新 New", "What is the answer?", 1, "one number", run)
"""


def test_a_study_without_a_template_runs_and_has_no_part_of_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new_study.py").write_text(RUN, encoding="utf-8")
    monkeypatch.setattr(experiments, "__path__", [*experiments.__path__, str(tmp_path)])
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path / "home"))
    for words in (["study", "new-study"], ["report", "-o", str(tmp_path / "page")]):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
    assert "new-study" not in (tmp_path / "page/report.md").read_text(encoding="utf-8")
