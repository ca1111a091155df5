"""A narrow strong model on 五律 alone, for one pass: where ingredients and sizes are tried."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.studies.outcomes import parameters
from tangyin.studies.recipes import QUICK_POEMS, Base, few
from tangyin.studies.training_cache import WORST, Job, Training, TrainingCache, rounded

RATE = 0.02

SHARE = 2
"""The proxy is trained on one poem in so many, three minutes on one slow core."""


def stage(*, rate: float = RATE, epochs: int = 1) -> list[dict[str, Any]]:
    """A training's `stages` when it has one: up to the rate, then down to rest."""
    return [
        {
            "forms": ["五律"],
            "dynasties": ["tang", "song"],
            "epochs": epochs,
            "learning_rate": rate,
            "final_rate": 0.0,
            "warmup": 0.05,
        }
    ]


PROXY: dict[str, Any] = {
    "name": "study",
    "data": {
        "forms": ["五律"],
        "dynasties": ["tang", "song"],
        "minimum_frequency": 5,  # rarer characters cost time in every step
        "prefix": "told",
        "tell_form": 0.95,  # one form, so there is little to tell
        "tell_rhyme": 0.2,
        "tell_title": 0.25,
    },
    "model": {
        "embedding_size": 256,
        "hidden_size": 384,
        "tied": True,
        "opposite_size": 96,
        "rhyme_size": 64,
        "place_size": 64,
        "tone_size": 32,
        "echo": True,
        "initialization": "orthogonal",
        "dropout": {"input": 0.1, "output": 0.1},
    },
    "optimizer": {"name": "muon", "weight_decay": 0.01, "clip_norm": 1.0},
    "training": {"batch_size": 128},
    "stages": stage(),
}
"""`configs/strong.toml` at three eighths of its width, on 五律, for one pass."""


def proxy_base(workshop: TrainingCache, quick: bool) -> Base:
    """What the trainings at proxy size have in common."""
    return on_poems(Base.of(workshop, quick, values=PROXY), workshop, SHARE)


def on_poems(
    base: Base, workshop: TrainingCache, share: int, dynasties: Sequence[str] = ("tang", "song")
) -> Base:
    """The same on one training poem in so many, titles and all, and on all dev poems.

    Args:
        base: what to change.
        workshop: keeps the poems.
        share: one poem in so many; of a few poems for a quick size.
        dynasties: whose poems.
    """
    poems = load_corpus().select(forms=base.recipe.data.forms, dynasties=dynasties)
    training, dev = poems.select(parts=[TRAIN]), poems.select(parts=[DEV]).text
    most = QUICK_POEMS[TRAIN] * SHARE if base.quick else len(training)
    rows = few(few(range(len(training)), most), most // share)
    texts, titles = ([column[row] for row in rows] for column in (training.text, training.title))
    own = workshop.poem_file(texts, few(dev, base.dev), titles)
    return replace(base, own=own, train=len(texts))


def proxy_settings(base: Base) -> dict[str, Any]:
    """The facts that stand below every figure."""
    return {
        "quick": base.quick,
        "train_poems": base.train,
        "dev_poems": base.dev,
        "batch_size": base.recipe.training.batch_size,
        "embedding_size": base.recipe.model.embedding_size,
        "hidden_size": base.recipe.model.hidden_size,
        "rate": RATE,
    }


def ends(job: Job, trained: list[Training]) -> dict[str, Any]:
    """What a network came to when its training had ended.

    Returns:
        `parameters`; and of each seed `closed`, `open` and `per_hanzi` (closed), perplexities on
        dev 五律, form told, and the `seconds` of pure training.
    """
    names = {"closed": "per_token_closed", "open": "per_token", "per_hanzi": "per_hanzi_closed"}
    return {
        "parameters": parameters(job),
        **{
            name: rounded(WORST if t.failed else t.dev(figure)[-1] for t in trained)
            for name, figure in names.items()
        },
        "seconds": rounded(training.seconds for training in trained),
    }
