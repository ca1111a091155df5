"""Where training begins: ten initializations, and what they do to gradients, gates and units."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from tangyin.errors import TangyinError
from tangyin.nn import RecurrentCell, initialize
from tangyin.nn.initialization import too_large
from tangyin.nn.language_model import LanguageModel
from tangyin.scoring import Tally
from tangyin.studies.probes import cell_of, gradient_norms, rank, saturated_gates, unit_values
from tangyin.studies.recipes import Base, changed
from tangyin.studies.training_cache import WORST, Advance, Job, TrainingCache, rounded
from tangyin.training import evaluate, load_dataset
from tangyin.training.step import DivergedError, TrainingStep

EPOCHS, QUICK_EPOCHS = 2, 1
EVERY, QUICK_EVERY = 9, 1
"""Steps between two looks at the network."""
LOOKED_AT = 64
"""Dev poems on which the gates are looked at."""
CONSTANT = 0.1
TOO_LARGE = 30.0
"""Times the report's bound. At a hundred times the gradient of the first step overflows."""


def _everything(value: float) -> Callable[[LanguageModel], None]:
    """Set every parameter of the network, the embedding and the output layer too."""

    def fill(model: LanguageModel) -> None:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(value)

    return fill


def _cells(how: str | Callable[[RecurrentCell], None]) -> Callable[[LanguageModel], None]:
    return lambda model: initialize(model, how)


def _forget_bias(value: float) -> Callable[[LanguageModel], None]:
    def fill(model: LanguageModel) -> None:
        initialize(model, "report")
        cell_of(model).set_forget_bias(value)

    return fill


STARTS: dict[str, Callable[[LanguageModel], None]] = {
    "zeros": _everything(0.0),
    "one constant": _everything(CONSTANT),
    "constant cell": _cells("constant"),
    "too small": _cells("too-small"),
    "too large": _cells(partial(too_large, factor=TOO_LARGE)),
    "uniform ±1/√h": _cells("report"),
    "Xavier": _cells("xavier"),
    "orthogonal": _cells("orthogonal"),
    "forget bias 0": _forget_bias(0.0),
    "forget bias 2": _forget_bias(2.0),
}
"""`zeros` and `one constant` fill the whole network, `constant cell` the cell alone. The uniform
one is the report's, with forget bias 1; so have Xavier and orthogonal."""


def initialization(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train from each start and look at the network every few steps.

    Returns:
        `settings`; `starts`, for each start a list of what `_train` returns, one a seed.
    """
    base = Base.of(workshop, quick)
    epochs, every = (QUICK_EPOCHS, QUICK_EVERY) if quick else (EPOCHS, EVERY)
    recipe = {"training.epochs": epochs, "training.patience": epochs, "training.precision": "fp32"}
    workshop.progress.plan(len(STARTS) * len(base.seeds) * epochs)
    starts: dict[str, list[dict[str, Any]]] = {}
    for name in STARTS:
        starts[name] = []
        for seed in base.seeds:
            job = Job(changed(base.recipe, {**recipe, "training.seed": seed}), base.own)
            found = workshop.compute(
                "initialization",
                {"start": name, "every": every, "job": workshop.name_of(job)},
                epochs,
                partial(_train, job, name, every),
            )
            starts[name].append(found)
    settings = {**base.settings(), "epochs": epochs, "every": every, "constant": CONSTANT}
    return {"settings": settings, "starts": starts}


def _train(job: Job, start: str, every: int, advance: Advance) -> dict[str, Any]:
    """One training with probes.

    The steps are the trainer's (`TrainingStep`), in fp32, so that copies of one unit stay equal if
    nothing tells them apart.

    Returns:
        `steps`, where the network was looked at; there `loss` (mean since the look before),
        `norms` (by group, after clipping), `saturated` (by gate), `rank`; `values`, the singular
        values of the units at the beginning and the end; `dev`, the open perplexity at the end;
        `failed`, the step at which the loss was no number any more, or None.
    """
    recipe = job.recipe
    material = load_dataset(recipe.data, job.own)
    torch.manual_seed(recipe.training.seed)
    model = LanguageModel(recipe.model.architecture, material.vocabulary)
    STARTS[start](model)
    step = TrainingStep(model, recipe.optimizer, material.vocabulary, "fp32")
    inputs = _dev_inputs(material)
    found: dict[str, Any] = {"steps": [], "loss": [], "rank": [], "failed": None}
    norms: list[dict[str, float]] = []
    gates: list[dict[str, float]] = []
    first = unit_values(model)
    losses: list[float] = []
    number = 0
    for epoch in range(1, recipe.training.epochs + 1):
        batches = material.batches(recipe.training.batch_size, recipe.training.seed, epoch)
        for batch in batches:
            try:
                losses.append(step(batch))
            except DivergedError as error:
                if not number:
                    raise TangyinError(f"{start}: {error} at the first step") from error
                found["failed"] = number + 1
                break
            if number % every == 0:
                found["steps"].append(number)
                found["loss"].append(float(np.mean(losses)))
                found["rank"].append(rank(unit_values(model)))
                norms.append(gradient_norms(model))
                gates.append(saturated_gates(model, inputs))
                losses.clear()
            number += 1
            advance(1 / len(batches))
        if found["failed"]:
            break
    tally = sum(evaluate(model, material, "fp32").values(), Tally())
    return {
        **found,
        "loss": rounded(found["loss"]),
        "norms": {group: rounded([line[group] for line in norms], 4) for group in norms[0]},
        "saturated": {gate: rounded([line[gate] for line in gates], 4) for gate in gates[0]},
        "values": {"first": rounded(first, 4), "last": rounded(unit_values(model), 4)},
        "dev": min(tally.figures()["per_token"], WORST),
    }


def _dev_inputs(material: Any) -> torch.Tensor:
    """Some dev poems as the network reads them, (T, B) int64."""
    (form, texts), *_ = material.dev.items()
    vocabulary = material.vocabulary
    read = [
        np.concatenate(([vocabulary.prefix_id(form)], vocabulary.encode(text)))
        for text in texts[:LOOKED_AT]
    ]
    return torch.from_numpy(np.stack(read, axis=1).astype(np.int64))
