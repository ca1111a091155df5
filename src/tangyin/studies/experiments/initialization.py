"""Ten initializations, and their effect on gradients, gates and units."""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tangyin.nn import RecurrentCell, initialize
from tangyin.nn.initialization import too_large
from tangyin.nn.language_model import LanguageModel
from tangyin.scoring import Tally
from tangyin.studies.poem_costs import encoded
from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.style import GREY, band, look, panels, plain_ticks
from tangyin.studies.training_cache import WORST, Job, TrainingCache, rounded
from tangyin.training import DivergedError, evaluate, load_dataset
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.training.step import TrainingStep

EPOCHS, QUICK_EPOCHS = 2, 1
EVERY, QUICK_EVERY = 9, 1
"""Steps between two probes of the network."""
PROBE_POEMS = 64
"""Dev poems on which the gates are probed."""
CONSTANT = 0.1
TOO_LARGE = 30.0
"""Multiple of the report's bound. At 100 the gradient of the first step overflows."""
SATURATED = 0.05
"""A gate this close to closed or open passes less than a fifth of the gradient it could."""
RANK_SHARE = 1e-4
"""A singular value counts when it is above this share of the largest."""
GROUPS = ("embedding", "W_ih", "W_hh", "bias", "output")


def gradient_norms(model: LanguageModel) -> dict[str, float]:
    """Norm of the latest gradient of each group of parameters."""
    sums = dict.fromkeys(GROUPS, 0.0)
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            named = name.replace("weight_", "W_")
            group = next(group for group in ("output", *GROUPS) if group in named)
            sums[group] += float(parameter.grad.float().square().sum())
    return {group: total**0.5 for group, total in sums.items()}


@torch.no_grad()
def saturated_gates(model: LanguageModel, inputs: Tensor) -> dict[str, float]:
    """Share of each gate's values near an end of its range; one plain layer reads (T, B) inputs."""
    cell = cell_of(model)
    x = model.embedding(inputs)
    h = model.lstm.states(x).h[0]  # (T, B, H)
    before = torch.cat((torch.zeros_like(h[:1]), h[:-1]))
    y = cell.project(x) + before @ cell.weight_hh.t()
    shares = {}
    for gate in "ifgo":
        values = y[..., cell.rows(gate)]
        opened = torch.tanh(values).abs() if gate == "g" else torch.sigmoid(values)
        near = (opened > 1 - SATURATED) | ((opened < SATURATED) & (gate != "g"))
        shares[gate] = float(near.float().mean())
    return shares


@torch.no_grad()
def unit_values(model: LanguageModel) -> list[float]:
    """Singular values of the matrix with a row for each hidden unit, largest first.

    The row holds all weights and biases that lead into the unit: 4(E + H + 1) numbers. Units that
    are copies of one another have equal rows: the matrix then has rank 1 (or 0, if all are 0).
    """
    cell = cell_of(model)
    parts = [part.view(4, cell.hidden_size, -1) for part in cell.parameters()]
    rows = torch.cat(parts, dim=2).transpose(0, 1).flatten(1).double()
    return [float(value) for value in torch.linalg.svdvals(rows)]


def rank(values: list[float]) -> int:
    """The number of singular values that count."""
    return sum(value > RANK_SHARE * max(values[0], 1e-12) for value in values)


def cell_of(model: LanguageModel) -> RecurrentCell:
    """The cell of the only layer."""
    ((_, cell),) = model.lstm.cells()
    return cell


@torch.no_grad()
def _fill(model: LanguageModel, value: float) -> None:
    for parameter in model.parameters():
        parameter.fill_(value)


def _forget_bias(model: LanguageModel, value: float) -> None:
    initialize(model, "report")
    cell_of(model).set_forget_bias(value)


STARTS: dict[str, Callable[[LanguageModel], None]] = {
    "zeros": partial(_fill, value=0.0),
    "one constant": partial(_fill, value=CONSTANT),
    "constant cell": partial(initialize, how="constant"),
    "too small": partial(initialize, how="too-small"),
    "too large": partial(initialize, how=partial(too_large, factor=TOO_LARGE)),
    "uniform ±1/√h": partial(initialize, how="report"),
    "Xavier": partial(initialize, how="xavier"),
    "orthogonal": partial(initialize, how="orthogonal"),
    "forget bias 0": partial(_forget_bias, value=0.0),
    "forget bias 2": partial(_forget_bias, value=2.0),
}
"""`zeros` and `one constant` fill the whole network, `constant cell` only the cell. The uniform
start is the report's; it, Xavier and orthogonal have forget bias 1."""


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train from each start with every seed, and probe the network every few steps."""
    base = Base.of(cache, quick)
    epochs, every = (QUICK_EPOCHS, QUICK_EVERY) if quick else (EPOCHS, EVERY)
    recipe = {"training.epochs": epochs, "training.patience": epochs, "training.precision": "fp32"}

    def trained(start: str, seed: int) -> Any:
        job = base.job({**recipe, "training.seed": seed})
        facts = {"start": start, "every": every, "job": cache.name_of(job)}
        return cache.compute("initialization", facts, partial(_train, job, start, every))

    starts = {start: [trained(start, seed) for seed in base.seeds] for start in STARTS}
    settings = {**base.settings(), "epochs": epochs, "every": every, "constant": CONSTANT}
    return {"settings": settings, "starts": starts}


def _train(job: Job, start: str, every: int) -> dict[str, Any]:
    """One training with probes at `steps`.

    It is in fp32, so that identical units stay identical unless something distinguishes them. The
    `loss` is the mean since the previous probe; `norms` are those after clipping; `values` are the
    singular values of the units; `failed` is the step at which the loss stopped being finite.
    """
    recipe = job.recipe
    material = load_dataset(recipe.data, job.own)
    torch.manual_seed(recipe.training.seed)
    model = LanguageModel(recipe.model.architecture, material.vocabulary)
    STARTS[start](model)
    step = TrainingStep(model, recipe.optimizer, "fp32")
    (form, texts), *_ = material.dev.items()
    prefix = material.vocabulary.prefix_id(form)
    inputs = encoded(material.vocabulary, texts[:PROBE_POEMS], prefix)[:-1]
    first, losses, failed = unit_values(model), [], None
    probes: dict[str, list[Any]] = {n: [] for n in ("steps", "loss", "rank", "norms", "saturated")}
    size, seed, last = recipe.training.batch_size, recipe.training.seed, recipe.training.epochs
    epochs = [material.batches(size, seed, epoch) for epoch in range(1, last + 1)]
    for number, batch in enumerate(chain.from_iterable(epochs)):
        try:
            losses.append(step(batch))
        except DivergedError:
            if not number:  # there is nothing to show
                raise
            failed = number + 1
            break
        if number % every == 0:
            probes["steps"].append(number)
            probes["loss"].append(float(np.mean(losses)))
            probes["rank"].append(rank(unit_values(model)))
            probes["norms"].append(gradient_norms(model))
            probes["saturated"].append(saturated_gates(model, inputs))
            losses.clear()
    tally = sum(evaluate(model, material, "fp32").values(), Tally())
    return {
        **probes,
        "failed": failed,
        "loss": rounded(probes["loss"]),
        **{
            kind: {key: rounded((line[key] for line in probes[kind]), 4) for key in probes[kind][0]}
            for kind in ("norms", "saturated")
        },
        "values": {"first": rounded(first, 4), "last": rounded(unit_values(model), 4)},
        "dev": min(tally.figures()["per_token"], WORST),
    }


LABELS = {
    "i": "input", "f": "forget", "g": "candidate", "o": "output",
    "W_ih": "$W_{ih}$", "W_hh": "$W_{hh}$",
}  # fmt: skip
UNIFORM = "uniform ±1/√h"
SHOWN = ("zeros", "one constant", "constant cell", "too small", "too large", UNIFORM)
"""Starts whose norms and gates are drawn; the table has all."""
FLOOR = 1e-9
"""The smallest share of the largest singular value that is drawn."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The results of each start; lists have an entry for each seed."""
    starts = results["starts"]

    def each(figure: Callable[[Any], Any]) -> dict[str, list[Any]]:
        return {name: list(map(figure, runs)) for name, runs in starts.items()}

    def mean(figure: Callable[[Any], Any]) -> dict[str, float]:
        return {name: float(np.mean(values)) for name, values in each(figure).items()}

    first, last = (
        mean(partial(lambda when, run: [gate[when] for gate in run["saturated"].values()], when))
        for when in (0, -1)
    )
    return {
        "clip_norm": OptimizerRecipe().clip_norm,
        "floor": FLOOR,
        "probe_poems": PROBE_POEMS,
        "too_large": TOO_LARGE,
        "ends": each(lambda run: run["dev"]),
        "stuck": [n for n, ranks in each(lambda run: max(run["rank"])).items() if max(ranks) <= 1],
        "ranks": each(lambda run: run["rank"][-1]),
        "first_ranks": each(lambda run: rank(run["values"]["first"])),
        "gradients": mean(lambda run: run["norms"]["W_hh"][0]),
        "saturated": {name: {"first": first[name], "last": last[name]} for name in starts},
    }


def initialization_loss(results: dict[str, Any]) -> Any:
    """Training loss against steps."""
    starts = results["starts"]
    figure, axes = panels(height=4.0)
    _bands(axes, results, "loss")
    best = min(min(run["loss"]) for runs in starts.values() for run in runs)
    first = max(run["loss"][0] for run in starts[UNIFORM])
    axes.set(ylabel="training loss, nats per token", ylim=(0.95 * best, 1.06 * first))
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, -0.15))
    return figure


def initialization_rank(results: dict[str, Any]) -> Any:
    """Rank against steps (left), and singular values at the end (right)."""
    units = results["settings"]["hidden_size"]
    figure, (left, right) = panels(2, height=3.9)
    _bands(left, results, "rank")
    for number, runs in enumerate(results["starts"].values()):
        values = np.array(runs[0]["values"]["last"])
        shares = np.maximum(values / max(values[0], 1e-12), FLOOR)
        right.plot(np.arange(1, len(shares) + 1), shares, **look(number))
    left.axhline(units, color=GREY, linewidth=0.8)
    left.set(ylabel="rank of the hidden units", ylim=(-0.03 * units, 1.06 * units))
    right.set(yscale="log", xlabel="number of the singular value", ylabel="share of the largest")
    figure.legend(ncols=4, loc="outside lower center")
    return figure


def initialization_norms(results: dict[str, Any]) -> Any:
    """Gradient norms by group of parameters."""
    drawn = partial(np.maximum, 1e-7)
    figure, grid = _first_seeds(results, "norms", drawn, "gradient norm", 2.3)
    grid[0, 0].set_yscale("log")
    return figure


def initialization_gates(results: dict[str, Any]) -> Any:
    """Share of saturated gates."""
    drawn = partial(np.multiply, 100)
    figure, grid = _first_seeds(results, "saturated", drawn, "saturated, %", 2.2)
    for axes in grid.flat:
        axes.set_ylim(-4, 104)
        plain_ticks(axes.yaxis, (0, 50, 100))
    return figure


def _first_seeds(
    results: dict[str, Any], what: str, drawn: Callable[..., Any], label: str, height: float
) -> Any:
    figure, grid = panels(3, 2, height=height, sharex=True, sharey=True)
    for axes, name in zip(grid.flat, SHOWN, strict=True):
        run = results["starts"][name][0]
        for number, (key, values) in enumerate(run[what].items()):
            axes.plot(run["steps"], drawn(values), **look(number, label=LABELS.get(key, key)))
        axes.set_title(name)
    for axes in grid[-1]:
        axes.set_xlabel("steps")
    for axes in grid[:, 0]:
        axes.set_ylabel(label)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), ncols=5, loc="outside lower center")
    return figure, grid


def _bands(axes: Any, results: dict[str, Any], figure: str) -> None:
    for number, (name, runs) in enumerate(results["starts"].items()):
        steps = max((run["steps"] for run in runs), key=len)
        band(axes, [run[figure] for run in runs], look(number, label=name), steps)
    axes.set_xlabel("steps")


STUDY = Study(
    title="初始化 Initialization",
    question="How do bad initial weights affect loss, gradients, gates and units?",
    minutes=16,
    sizes="10 starts × 3 seeds × 2 epochs, in fp32",
    run=run,
    order=40,
)
