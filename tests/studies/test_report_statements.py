"""What the report says is what its results say, whichever way they fall."""

import inspect
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tangyin.lstm.optimizers import RMSprop
from tangyin.scoring.perplexity import ALL_HANZI
from tangyin.studies import REPORTED, STUDIES, TOGETHER
from tangyin.studies.page import build
from tangyin.studies.page.blocks import (
    Block,
    Claim,
    Figure,
    Finding,
    Heading,
    Limits,
    Poems,
    Table,
    Text,
)
from tangyin.studies.page.sections import initialization, optimizers, perplexity
from tangyin.studies.page.words import overlapping
from tangyin.studies.surfaces import RAVINE
from tangyin.training.optimizers import OptimizerRecipe

REPORT = tomllib.loads(
    (Path(__file__).parents[2] / "configs/report.toml").read_text(encoding="utf-8")
)

NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?![\d⁻⁰¹²³⁴-⁹])")

Results = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def results(quick: Callable[[str], Any]) -> Results:
    """A copy of the results of a study at its quick size, to be changed."""
    return lambda name: deepcopy(quick(name).results)


def blocks_of(name: str, found: dict[str, Any]) -> list[Block]:
    section = STUDIES[name].section
    assert section is not None
    return section(found)


def texts(blocks: list[Block]) -> Iterator[str]:
    """All that a section says."""
    for block in blocks:
        match block:
            case Claim(said, found, number):
                yield from (said, found, number)
            case Finding(text) | Limits(text) | Heading(text) | Text(text):
                yield text
            case Table(caption, head, rows):
                yield from (caption, *head, *(cell for row in rows for cell in row))
            case Figure(caption=caption, alt=alt):
                yield from (caption, alt)
            case Poems(caption):
                yield caption


def said(blocks: list[Block]) -> str:
    return "\n".join(texts(blocks))


def numbers(value: Any, kind: type) -> Iterator[Any]:
    """All numbers of a kind within results."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner, kind)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner, kind)
    elif type(value) is kind:
        yield value


LEAST_COUNT = 150
"""Whole numbers above it count poems, characters and weights; below it they may be epochs."""


def moved(value: Any, power: float) -> Any:
    """Results in which what was measured is another, in the same order, shares within 0 and 1."""
    if isinstance(value, dict):
        return {k: v if k == "settings" else moved(v, power) for k, v in value.items()}
    if isinstance(value, list):
        return [moved(inner, power) for inner in value]
    if type(value) is int and value > LEAST_COUNT:
        return round(value**power)
    if type(value) is not float:
        return value
    return math.copysign(abs(value) ** power, value)


KEPT = {
    # What is not measured: the report's words, definitions, settings that only the code has.
    "perplexity": {"47", "15,000", "80", "20", "2", "3"},
    "optimizers": {"0.9", "0.01", "10", "5", "4", "0.001"},
    "update-rules": {"45", "0.0001"},
    "initialization": {"5", "64", "30", "9"},
    "capacity": set(),
    "cells": {"5"},  # cells beside the plain one
    "sampling": {"95", "7", "2", "3", "4"},
    "forms": {"95"},
    "gradients": {"49"},  # 37 Jacobians and 12 gradients
    "data": {"10", "15,000"},
    "ingredients": set(),
    "scaling": {"2020"},
}


@pytest.mark.parametrize("name", REPORTED)
def test_no_number_is_written_into_the_text(name: str, results: Results) -> None:
    """Every number moves with the results, or is a small count or a setting in them, or defined.

    A number that a section holds by itself and that is none of these would still stand there when
    the study has been run again.
    """
    found = results(name)
    before = list(texts(blocks_of(name, found)))
    others = [texts(blocks_of(name, moved(found, power))) for power in (3.0, 0.3)]
    stayed = {token for three in zip(before, *others, strict=True) for token in same(three)}
    counts = [n for n in numbers(found, int) if n <= LEAST_COUNT]
    allowed = {str(n) for n in (*counts, *(len(part) for part in parts_of(found)))}
    for setting in (*numbers(found["settings"], float), *numbers(found["settings"], int)):
        allowed |= {f"{setting:g}", f"{setting:,}", f"{setting:.0e}"[0]}
    allowed |= set(NUMBER.findall(" ".join(words(found)))) | KEPT[name]
    extremes = {token for token in stayed if float(token.replace(",", "")) in (0, 1, 100)}
    assert sorted(stayed - allowed - extremes) == []
    assert len(stayed) < len(set(NUMBER.findall(" ".join(before))))


def same(versions: Sequence[str]) -> set[str]:
    """Numbers that all versions of a text have at the same place."""
    places = zip(*map(NUMBER.findall, versions), strict=False)
    return {tokens[0] for tokens in places if len(set(tokens)) == 1}


def words(value: Any) -> Iterator[str]:
    """All names and strings within results."""
    if isinstance(value, dict):
        yield from value
    elif isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from words(inner)
        elif isinstance(inner, str):
            yield inner


def parts_of(value: Any) -> Iterator[Any]:
    """All dictionaries and lists within results."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from parts_of(inner)


@pytest.mark.parametrize("name", REPORTED)
def test_a_part_begins_with_what_was_found_and_ends_with_what_it_cannot_show(
    name: str, results: Results
) -> None:
    blocks = blocks_of(name, results(name))
    shown = [block for block in blocks if not isinstance(block, Claim)]
    assert isinstance(shown[0], Finding)
    assert isinstance(shown[-1], Limits)
    assert sum(isinstance(block, Finding) for block in blocks) == 1
    assert any(isinstance(block, Claim) for block in blocks)


@pytest.mark.parametrize("name", REPORTED)
def test_every_caption_says_what_is_random_and_how_to_do_it_again(
    name: str, results: Results
) -> None:
    for block in blocks_of(name, results(name)):
        if isinstance(block, Figure | Table | Poems):
            assert f"`tangyin study {name} --quick`" in block.caption
            assert re.search(
                r"\bseeds?\b|[Nn]othing (is random|to chance)|whole corpus|random draw|of the plot",
                block.caption,
                re.IGNORECASE,
            ), block.caption
        if isinstance(block, Figure):
            assert len(block.alt) > 20
            assert block.alt != block.caption


def test_all_claims_of_the_report_stand_in_the_summary(results: Results) -> None:
    claims = [
        block.said
        for name in TOGETHER
        for block in blocks_of(name, results(name))
        if isinstance(block, Claim) and block.said
    ]
    for word in ("47", "15,000", "RMSprop", "small weights", "Equal weights", "Hidden size",
                 "何時一相送", "Random-k", "All of Tang", "length", "Short forms"):  # fmt: skip
        assert any(word in claim for claim in claims), word


# Whichever way the numbers fall


def verdicts(name: str, found: dict[str, Any]) -> list[str]:
    """What stands in bold in front of each answer."""
    claims = [block.found for block in blocks_of(name, found) if isinstance(block, Claim)]
    return [match[1] for claim in claims if (match := re.match(r"\*\*(.+?)\.?\*\*", claim))]


def three(curve: dict[str, Any], factor: float = 1.0) -> list[dict[str, Any]]:
    """A curve as three seeds that differ by a hundredth."""
    return [
        {**curve, "dev": [factor * seed * value for value in curve["dev"]]}
        for seed in (0.99, 1.0, 1.01)
    ]


def test_overfitting_is_said_only_where_it_is(results: Results) -> None:
    found = results("perplexity")
    (curve,) = found["honest"]
    curve["dev"], curve["dev_closed"] = [120.0, 110.0, 100.0], [60.0, 50.0, 40.0]
    curve["best_epoch"] = 3
    assert verdicts("perplexity", found) == ["About that, on unseen poems too", "Not refuted"]
    curve["dev"], curve["best_epoch"] = [120.0, 100.0, 103.0], 2
    assert verdicts("perplexity", found)[1] == "Not so"
    assert "from epoch 3 on" in said(blocks_of("perplexity", found))
    steady = {**curve, "dev": [120.0, 110.0, 100.0], "best_epoch": 3}
    found["honest"] = [curve, steady]
    assert verdicts("perplexity", found)[1] == "Not so on every seed"
    curve["dev_closed"] = steady["dev_closed"] = [90.0, 90.0, 90.0]
    assert verdicts("perplexity", found)[0] == "Not on unseen poems"


def test_a_curve_that_falls_is_not_called_one_that_rises(results: Results) -> None:
    found = results("perplexity")
    (curve,) = found["report"]
    curve["dev"] = [90.0, 80.0, 70.0]
    assert "falls in every epoch" in said(blocks_of("perplexity", found))
    curve["dev"] = [90.0, 80.0, 85.0]
    assert "rises in 1 of 3 epochs" in said(blocks_of("perplexity", found))


def test_early_stopping_is_marked_where_the_trainer_would_end() -> None:
    assert REPORT["training"]["patience"] == perplexity.PATIENCE
    assert perplexity.stopped_after([9, 8, 7, 8, 8, 8, 8]) == 6
    assert perplexity.stopped_after([9, 8, 7, 8, 8, 6, 7]) is None
    assert perplexity.overfitted_from([9, 8, 8.1, 8.2, 8.1, 9]) == 6
    assert perplexity.overfitted_from([9, 8, 7]) is None


HALF = "Half of it holds: these two are before the rest, but their seeds overlap"


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((1.0, 1.2, 1.5, 1.5), "Holds on every seed"),
        ((1.0, 1.005, 1.5, 1.5), HALF),
        ((1.005, 1.0, 1.5, 1.5), HALF),
        ((1.0, 1.2, 1.205, 1.5), "Holds by the means, though seeds overlap"),
        ((1.2, 1.0, 1.5, 1.5), "Does not hold"),
        ((1.0, 1.6, 1.5, 1.7), "Does not hold"),
    ],
)
def test_the_reports_ranking_holds_only_where_the_seeds_say_so(
    ends: tuple[float, ...], verdict: str, results: Results
) -> None:
    found = results("optimizers")
    curve = found["report"]["Adam at 0.01"][0]
    names = ("RMSprop", "Adam", "SGD with momentum", "Adadelta")
    for name, factor in zip(names, ends, strict=True):
        found["report"][f"{name} at 0.01"] = three(curve, factor)
    assert verdicts("optimizers", found)[0] == verdict


def test_an_optimizer_that_diverged_is_last_and_the_page_still_stands(results: Results) -> None:
    found = results("optimizers")
    for curves in (found["curves"]["Muon"], found["report"]["Adadelta at 0.01"]):
        curves[0].update(dev=[], losses=[], seconds=[], train=[], failed="the loss is no number")
    blocks = blocks_of("optimizers", found)
    (table,) = [b for b in blocks if isinstance(b, Table) and b.head[0] == "optimizer"]
    assert table.rows[-1][0] == "Muon"
    for block in blocks:
        if isinstance(block, Figure):
            block.draw()


def test_symmetry_is_said_to_stay_only_where_it_did(results: Results) -> None:
    found = results("initialization")
    assert verdicts("initialization", found) == ["Large ones do", "They make it one unit repeated"]
    units = found["settings"]["hidden_size"]
    for name in initialization.EQUAL:
        for run in found["starts"][name]:
            run["rank"] = [1] * (len(run["rank"]) - 1) + [units]
    assert verdicts("initialization", found)[1] == "They do not stay equal here"
    assert "No start kept all units equal" in said(blocks_of("initialization", found))


def test_a_size_matters_only_where_it_moves_every_seed(results: Results) -> None:
    found = results("capacity")
    for line in found["hidden_size"]:
        line["best"] = [1000 / line["size"]]
    assert verdicts("capacity", found) == ["Holds"]
    for line in found["hidden_size"]:
        line["best"] = [100.0 + line["size"] / 100]
    assert verdicts("capacity", found) == ["Does not hold here"]


def test_a_cell_is_better_only_where_every_seed_says_so(results: Results) -> None:
    found = results("cells")
    for line in found["cells"]:
        line["best"] = [100.0, 101.0, 102.0]
    assert verdicts("cells", found) == ["No"]
    peephole = next(line for line in found["cells"] if line["cell"] == "peephole")
    peephole["best"] = [97.0, 98.0, 99.0]
    assert verdicts("cells", found) == ["Yes"]
    assert "Better than the plain cell on every seed is peephole" in said(blocks_of("cells", found))


def test_repetition_is_laid_to_argmax_only_where_it_repeats_most(results: Results) -> None:
    found = results("sampling")
    found["rules"]["argmax"]["repeated"]["value"] = 0.6
    found["rules"]["random-5"]["repeated"]["value"] = 0.1
    assert verdicts("sampling", found) == ["What repeats is the same", "It cannot"]
    found["rules"]["random-5"]["repeated"]["value"] = 0.7
    assert verdicts("sampling", found)[0] == "Not so here"
    found["rules"]["argmax"]["seven"]["line"] = 4
    assert "its own line comes back (4 of 7)" in said(blocks_of("sampling", found))


def test_forms_are_judged_by_what_they_came_to(results: Results) -> None:
    found = results("forms")
    kinds = found["kinds"]
    for kind in kinds.values():
        kind["length"]["temperature 1"]["value"] = 0.95
        kind["best_epoch"] = [1]
    for number, name in enumerate(("五絕", "七絕", "五律", "七律")):
        kinds[name]["best"] = [100.0 + number]
    wanted = ["It converges", "It is learned", "By perplexity it looks so"]
    assert verdicts("forms", found) == wanted
    kinds["all"]["length"]["temperature 1"]["value"] = 0.5
    kinds["all"]["best_epoch"] = [len(kinds["all"]["dev"][0])]
    kinds["七律"]["best"] = [10.0]
    converges, length, short = verdicts("forms", found)
    assert converges == "It still falls at the end"
    assert length.startswith("It is learned for 五絕")
    assert short == "Not by perplexity"


def test_more_poems_help_only_where_the_curve_falls(results: Results) -> None:
    found = results("data")
    assert verdicts("data", found) == ["More poems help"]
    for line in found["learning"]:
        line["best"] = [100.0 + line["poems"]]
    assert verdicts("data", found) == ["More poems do not help"]


def test_gradients_are_right_only_where_they_are(results: Results) -> None:
    found = results("gradients")
    assert verdicts("gradients", found) == ["They are right"]
    found["jacobians"][3]["autograd"] = 0.01
    assert verdicts("gradients", found) == ["Not all are right"]


def test_seeds_that_overlap_are_told() -> None:
    ends = {"a": [1.0, 2.0], "b": [1.5, 2.5], "c": [3.0, 4.0]}
    assert "a and b overlap" in overlapping(["a", "b", "c"], ends)
    assert "b and c" not in overlapping(["a", "b", "c"], ends)
    assert "No two" in overlapping(["a", "c"], ends)
    assert overlapping(["a"], {"a": [1.0]}) == ""


# What is said of the code


def test_the_rates_that_are_called_pytorchs_are() -> None:
    for name, rate in optimizers.PYTORCH.items():
        kind = getattr(torch.optim, name)
        assert inspect.signature(kind).parameters["lr"].default == rate
    text = optimizers.section.__code__.co_consts
    assert any("ten times its rate for Adam and a hundredth" in str(part) for part in text)
    assert optimizers.PYTORCH["RMSprop"] == 0.01
    assert 10 * optimizers.PYTORCH["Adam"] == pytest.approx(0.01)
    assert optimizers.PYTORCH["Adadelta"] / 100 == 0.01


def test_the_reports_network_is_described_as_it_is_configured() -> None:
    lead = " ".join(build._lead({"studies": {}}))
    model, training = REPORT["model"], REPORT["training"]
    assert f"{model['hidden_size']} hidden units" in lead
    assert f"an embedding of {model['embedding_size']}" in lead
    assert f"batches of {training['batch_size']} poems" in lead
    assert f"Adam at a rate of {REPORT['optimizer']['learning_rate']}" in lead
    assert f"{ALL_HANZI:,}" in " ".join(build._reading())
    assert OptimizerRecipe().clip_norm == initialization.CLIPPED


def test_a_turned_ravine_takes_rmsprop_longer_than_one_along_the_coordinates() -> None:
    def steps(angle: float) -> int:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        place = turn @ np.array(RAVINE.start)
        optimizer = RMSprop({"place": place}, lr=0.03, alpha=0.9)
        for number in range(1, 3000):
            x, y = turn.T @ place
            optimizer.step({"place": turn @ np.array(RAVINE.gradient(float(x), float(y)))})
            if np.linalg.norm(place) < 0.1:
                return number
        return 3000

    assert steps(np.pi / 4) > 2 * steps(0.0)


def test_the_largest_network_is_called_the_best_only_where_it_is(results: Results) -> None:
    found = results("scaling")
    lines = found["size"]["lines"]
    for last, other in ((50.0, 60.0), (60.0, 50.0)):
        lines[-1]["closed"], lines[0]["closed"] = [last], [other]
        said = next(b.text for b in blocks_of("scaling", found) if isinstance(b, Finding))
        assert ("lowest at" in said) == (last > other)
