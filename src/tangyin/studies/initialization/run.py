"""Ten initializations, and what they do to gradients, gates and units."""

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
from tangyin.studies.training_cache import WORST, Advance, Job, TrainingCache, rounded
from tangyin.training import DivergedError, evaluate, load_dataset
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
    """How many singular values count."""
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
    cache.progress.plan(len(STARTS) * len(base.seeds) * epochs)

    def trained(start: str, seed: int) -> Any:
        job = base.job({**recipe, "training.seed": seed})
        facts = {"start": start, "every": every, "job": cache.name_of(job)}
        return cache.compute("initialization", facts, epochs, partial(_train, job, start, every))

    starts = {start: [trained(start, seed) for seed in base.seeds] for start in STARTS}
    settings = {**base.settings(), "epochs": epochs, "every": every, "constant": CONSTANT}
    return {"settings": settings, "starts": starts}


def _train(job: Job, start: str, every: int, advance: Advance) -> dict[str, Any]:
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
    step = TrainingStep(model, recipe.optimizer, material.vocabulary, "fp32")
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
        advance(1 / len(epochs[0]))
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


STUDY = Study(
    title="初始化 Initialization",
    question="How do bad initial weights affect loss, gradients, gates and units?",
    minutes=16,
    sizes="10 starts × 3 seeds × 2 epochs, in fp32",
    run=run,
    order=40,
)
