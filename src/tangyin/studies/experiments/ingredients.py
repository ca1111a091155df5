"""The contribution of each ingredient of the strong model: the proxy with one change."""

from typing import Any, NamedTuple

from tangyin.studies.filters import mean
from tangyin.studies.recipes import SEEDS, SHARE, on_poems, proxy_base, proxy_settings, stage
from tangyin.studies.study import Study
from tangyin.studies.style import GREY, look, panels
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
    return {
        "settings": {**proxy_settings(base), "seeds": list(base.seeds)},
        "proxy": ends(plain[0], cache.train_all(plain, "the proxy")),
        "variants": [
            {"name": v.name, "kind": v.kind, **ends(job, cache.train_all([job], v.name))}
            for v, job in zip(variants, jobs, strict=True)
        ],
    }


LABELS = {"titles never told": "titles never given"}
"""How variants are called on the page where their name in the results is another."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The variants from the best on, and which of them are outside the seeds of the proxy."""
    closed = results["proxy"]["closed"]
    variants = sorted(results["variants"], key=lambda line: float(line["closed"][0]))
    return {
        "start": mean(closed),
        "variants": variants,
        "better": [line for line in variants if line["closed"][0] < min(closed)],
        "worse": [line for line in reversed(variants) if line["closed"][0] > max(closed)],
        "kinds": KINDS,
        "labels": LABELS,
    }


def ingredients(results: dict[str, Any]) -> Any:
    """The perplexity of each variant beside the proxy's."""
    closed, lines = results["proxy"]["closed"], facts(results)["variants"]
    figure, axes = panels(height=0.8 + 0.24 * len(lines))
    axes.axvspan(min(closed), max(closed), color=GREY, alpha=0.3, linewidth=0)
    axes.axvline(mean(closed), color=GREY)
    for number, (kind, label) in enumerate(KINDS.items()):
        rows = [row for row, line in enumerate(lines) if line["kind"] == kind]
        values = [lines[row]["closed"][0] for row in rows]
        axes.plot(values, rows, **look(number, marker=True, linestyle="none", label=label))
    axes.set_yticks(range(len(lines)), [LABELS.get(line["name"], line["name"]) for line in lines])
    axes.invert_yaxis()
    axes.set(xlabel="dev perplexity per token, closed")
    axes.legend(loc="lower right")
    return figure


STUDY = Study(
    title="強模型之料 Ingredients",
    question="What does each ingredient of the strong model contribute?",
    minutes=28,
    sizes="the proxy × 3 seeds, 22 variants of it",
    run=run,
    order=110,
    apart=True,
)
