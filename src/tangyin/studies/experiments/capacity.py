"""The size of the network: hidden units and embedding."""

from typing import Any

from tangyin.studies.recipes import Base
from tangyin.studies.study import Study
from tangyin.studies.style import BLUE, panels, plain_ticks, ranges, second_scale
from tangyin.studies.training_cache import TrainingCache, outcome

SIZES = {"hidden_size": (32, 64, 128, 256, 512), "embedding_size": (64, 128, 256, 512)}
QUICK_SIZES = {"hidden_size": (4, 8, 16), "embedding_size": (8, 16)}


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Vary one size at a time around the report's network."""
    base = Base.of(cache, quick)
    sizes = QUICK_SIZES if quick else SIZES

    def line(name: str, size: int) -> dict[str, Any]:
        jobs = base.jobs({f"model.{name}": size})
        trained = cache.train_all(jobs, f"{name.replace('_', ' ')} {size}")
        return {"size": size, **outcome(jobs[0], trained)}

    lines = {name: [line(name, size) for size in values] for name, values in sizes.items()}
    return {"settings": base.settings(), **lines}


def capacity(results: dict[str, Any]) -> Any:
    """Perplexity and time against hidden size (left) and embedding size (right)."""
    figure, both = panels(2, height=3.4, sharey=True)
    for axes, name in zip(both, ("hidden_size", "embedding_size"), strict=True):
        lines = results[name]
        sizes = [line["size"] for line in lines]
        ranges(axes, sizes, [line["best"] for line in lines], color=BLUE, marker="o", zorder=3)
        axes.set(xscale="log", xlabel=name.replace("_", " "))
        plain_ticks(axes.xaxis, sizes)
        second_scale(axes, sizes, [min(line["seconds"]) for line in lines], "seconds an epoch")
    both[0].set_ylabel("best dev perplexity per token", color=BLUE)
    return figure


STUDY = Study(
    title="容量 Capacity",
    question="Does hidden size really matter?",
    minutes=11,
    sizes="9 sizes × 3 seeds × 5 epochs",
    run=run,
    order=50,
)
