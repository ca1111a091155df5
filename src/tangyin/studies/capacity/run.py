"""How large the network should be: hidden units and embedding."""

from typing import Any

from tangyin.studies.outcomes import outcome
from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.training_cache import TrainingCache

HIDDEN = (32, 64, 128, 256, 512)
EMBEDDING = (64, 128, 256, 512)
QUICK_SIZES = (4, 8, 16)


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Vary one size at a time around the report's network.

    Returns:
        `settings`; `hidden_size` and `embedding_size`, each a list with `outcome` and `size` for
        every size.
    """
    base = Base.of(cache, quick)
    sizes = {"hidden_size": HIDDEN, "embedding_size": EMBEDDING}
    if quick:
        sizes = {"hidden_size": QUICK_SIZES, "embedding_size": QUICK_SIZES[1:]}
    per_size = base.recipe.training.epochs * len(base.seeds)
    cache.progress.plan(per_size * sum(map(len, sizes.values())))
    found: dict[str, Any] = {"settings": base.settings()}
    for name, values in sizes.items():
        found[name] = []
        for size in values:
            jobs = base.jobs({f"model.{name}": size})
            trained = cache.train_all(jobs, f"{name.replace('_', ' ')} {size}")
            found[name].append({"size": size, **outcome(jobs[0], trained)})
    return found


STUDY = Study(
    title="容量 Capacity",
    question="Does hidden size really matter?",
    minutes=11,
    sizes="9 sizes × 3 seeds × 5 epochs",
    run=run,
    order=50,
)
