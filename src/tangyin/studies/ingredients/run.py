"""What each ingredient of the strong model contributes: the proxy with one thing changed."""

from typing import Any, NamedTuple

from tangyin.studies.recipes import SEEDS, SHARE, on_poems, proxy_base, proxy_settings, stage
from tangyin.studies.study import Study
from tangyin.studies.training_cache import TrainingCache, ends

NOTHING_FED: dict[str, Any] = {
    "model.echo": False,
    **{f"model.{name}_size": 0 for name in ("opposite", "rhyme", "place", "tone")},
}
ADAMW = {"optimizer.name": "adamw"}
MOGRIFIER = {"model.cell": "mogrifier"}


class Variant(NamedTuple):
    """The proxy with a change of some kind (a key of `KINDS`) to its recipe or its poems."""

    name: str
    kind: str
    changes: dict[str, Any]
    dynasties: tuple[str, ...] = ("tang", "song")


KINDS = {
    "optimizer": "optimizer and batch",
    "feature": "features of the prefix",
    "network": "network",
    "dropout": "dropout",
    "poems": "poems and titles",
}

VARIANTS = (
    Variant("AdamW, rate 0.003", "optimizer", {**ADAMW, "stages": stage(learning_rate=0.003)}),
    Variant("AdamW, rate 0.01", "optimizer", {**ADAMW, "stages": stage(learning_rate=0.01)}),
    Variant("rate 0.01", "optimizer", {"stages": stage(learning_rate=0.01)}),
    Variant("rate 0.04", "optimizer", {"stages": stage(learning_rate=0.04)}),
    Variant("batch 64", "optimizer", {"training.batch_size": 64}),
    Variant("no weight decay", "optimizer", {"optimizer.weight_decay": 0.0}),
    Variant("no echo", "feature", {"model.echo": False}),
    Variant("no rhyme", "feature", {"model.rhyme_size": 0}),
    Variant("no tones", "feature", {"model.tone_size": 0}),
    Variant("no character opposite", "feature", {"model.opposite_size": 0}),
    Variant("no place", "feature", {"model.place_size": 0}),
    Variant("none of these", "feature", NOTHING_FED),
    Variant("two layers of 288", "network", {"model.layers": 2, "model.hidden_size": 288}),
    Variant("LayerNorm in the cell", "network", {"model.cell": "layer-norm-carried"}),
    Variant("Mogrifier cell of 320", "network", {**MOGRIFIER, "model.hidden_size": 320}),
    Variant("uniform initialization", "network", {"model.initialization": "report"}),
    Variant("none of these, untied", "network", {**NOTHING_FED, "model.tied": False}),
    Variant("no dropout", "dropout", {"model.dropout.input": 0.0, "model.dropout.output": 0.0}),
    Variant("recurrent weights 0.2", "dropout", {"model.dropout.recurrent": 0.2}),
    Variant("whole characters 0.05", "dropout", {"model.dropout.characters": 0.05}),
    Variant("titles never told", "poems", {"data.tell_title": 0.0}),
    Variant("Tang alone, five passes", "poems", {"stages": stage(epochs=5)}, ("tang",)),
)  # fmt: skip
QUICK_VARIANTS = ("AdamW, rate 0.003", "none of these", "no dropout")


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Train the proxy with all seeds, and each variant with the first."""
    base = proxy_base(cache, quick)
    variants = [v for v in VARIANTS if not quick or v.name in QUICK_VARIANTS]
    plain, seed = base.jobs(), {"training.seed": SEEDS[0]}
    jobs = [on_poems(base, cache, SHARE, v.dynasties).job({**v.changes, **seed}) for v in variants]
    cache.progress.plan(sum(job.recipe.epochs for job in (*plain, *jobs)))
    return {
        "settings": {**proxy_settings(base), "seeds": list(base.seeds)},
        "proxy": ends(plain[0], cache.train_all(plain, "the proxy")),
        "variants": [
            {"name": v.name, "kind": v.kind, **ends(job, cache.train_all([job], v.name))}
            for v, job in zip(variants, jobs, strict=True)
        ],
    }


STUDY = Study(
    title="強模型之料 Ingredients",
    question="What does each ingredient of the strong model contribute?",
    minutes=28,
    sizes="the proxy × 3 seeds, 22 variants of it",
    run=run,
    order=110,
    apart=True,
)
