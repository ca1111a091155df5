"""One layer or two, on the longest form."""

from typing import Any

import numpy as np

from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.style import epoch_axis, log_ticks, look, panels
from tangyin.studies.training_cache import TrainingCache, outcome

FORM = "七律"
LAYERS = (1, 2)
EPOCHS, PATIENCE = 10, 3


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train the report's network with one layer and with two, with one seed."""
    base, epochs = Base.of(cache, quick, [FORM]), 2 if quick else EPOCHS
    training = {"epochs": epochs, "patience": PATIENCE, "seed": base.seeds[0]}
    limits = {f"training.{name}": value for name, value in training.items()}
    found = {}
    for layers in LAYERS:
        job = base.job({"model.layers": layers, **limits})
        found[str(layers)] = outcome(job, [cache.train(job, f"{FORM}, layers {layers}")])
    return {
        "settings": {"quick": quick, "epochs": epochs, "seeds": list(base.seeds[:1])},
        "forms": {FORM: {"train_poems": len(base.texts), "dev_poems": base.dev, "layers": found}},
    }


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """By form: the lowest dev perplexity with each number of layers, and their ratio."""
    best = {
        form: {layers: line["best"][0] for layers, line in found["layers"].items()}
        for form, found in results["forms"].items()
    }
    return {"lowest": best, "ratio": {form: both["2"] / both["1"] for form, both in best.items()}}


def layers(results: dict[str, Any]) -> Any:
    """Dev perplexity after each epoch; dashes for two layers."""
    figure, axes = panels(height=3.6)
    for number, (form, found) in enumerate(results["forms"].items()):
        for count, line in found["layers"].items():
            dev = line["dev"][0]
            style = look(number, marker=True, label=f"{form}, {count}")
            style["linestyle"] = "-" if count == "1" else "--"
            axes.plot(np.arange(1, len(dev) + 1), dev, **style)
    log_ticks(axes, "dev perplexity per token")
    epoch_axis(axes)
    axes.legend()
    return figure


STUDY = Study(
    title="層數 Layers",
    question="Does a second layer help where poems are long?",
    minutes=3,
    sizes="1 and 2 layers × 10 epochs at most, one seed",
    run=run,
    order=85,
)
