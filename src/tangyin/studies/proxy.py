"""A narrow strong model on 五律 alone, for one pass: where ingredients and sizes are tried."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.studies.recipes import QUICK_TRAIN, Base, few
from tangyin.studies.training_cache import TrainingCache

PROXY = tomllib.loads(Path(__file__).with_name("proxy.toml").read_text(encoding="utf-8"))
RATE: float = PROXY["stages"][0]["learning_rate"]
SHARE = 2
"""The proxy is trained on one poem in so many, three minutes on one slow core."""


def stage(**changes: float) -> list[dict[str, Any]]:
    """The proxy's `stages` with some values changed."""
    return [PROXY["stages"][0] | changes]


def proxy_base(cache: TrainingCache, quick: bool) -> Base:
    """What the trainings of the proxy have in common."""
    return on_poems(Base.of(cache, quick, values=PROXY), cache, SHARE)


def on_poems(
    base: Base, cache: TrainingCache, share: int, dynasties: Sequence[str] = ("tang", "song")
) -> Base:
    """The same on one training poem in so many, with titles, and on all dev poems.

    Args:
        base: what to change.
        cache: keeps the poems.
        share: one poem in so many; of a few poems at a quick size.
        dynasties: whose poems.
    """
    poems = load_corpus().select(forms=base.recipe.data.forms, dynasties=dynasties)
    training, dev = poems.select(parts=[TRAIN]), poems.select(parts=[DEV]).text
    most = QUICK_TRAIN * SHARE if base.quick else len(training)
    rows = few(few(range(len(training)), most), most // share)
    texts, titles = ([column[row] for row in rows] for column in (training.text, training.title))
    return replace(base, own=cache.poem_file(texts, few(dev, base.dev), titles), texts=texts)


def proxy_settings(base: Base) -> dict[str, Any]:
    """The facts below every figure."""
    names = ("quick", "train_poems", "dev_poems", "batch_size", "embedding_size", "hidden_size")
    return {name: base.settings()[name] for name in names} | {"rate": RATE}
