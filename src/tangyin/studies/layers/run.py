"""One layer or two, on the longest form."""

from typing import Any

from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.training_cache import TrainingCache, outcome

FORMS = ("七律",)
LAYERS = (1, 2)
EPOCHS, PATIENCE = 10, 3


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train the report's network on each form with one layer and with two, with one seed."""
    bases = {form: Base.of(cache, quick, [form]) for form in FORMS}
    epochs = 2 if quick else EPOCHS
    cache.progress.plan(epochs * len(FORMS) * len(LAYERS))
    forms: dict[str, Any] = {}
    for form, base in bases.items():
        found = forms[form] = {"train_poems": len(base.texts), "dev_poems": base.dev, "layers": {}}
        for layers in LAYERS:
            job = base.job(
                {
                    "model.layers": layers,
                    "training.epochs": epochs,
                    "training.patience": PATIENCE,
                    "training.seed": base.seeds[0],
                }
            )
            trained = cache.train(job, f"{form}, layers {layers}")
            found["layers"][str(layers)] = outcome(job, [trained])
    return {
        "settings": {"quick": quick, "epochs": epochs, "seeds": list(base.seeds[:1])},
        "forms": forms,
    }


STUDY = Study(
    title="層數 Layers",
    question="Does a second layer help where poems are long?",
    minutes=3,
    sizes="1 and 2 layers × 10 epochs at most, one seed",
    run=run,
    order=85,
)
