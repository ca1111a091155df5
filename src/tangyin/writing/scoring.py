"""Scoring given poems on the NumPy engine."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tangyin.verse import Form, Poem
from tangyin.writing.engine import Engine
from tangyin.writing.perplexity import Accountant, Tally

BATCH = 64
"""Poems of one form that are read side by side."""


def score_texts(engine: Engine, texts: Sequence[str], form: Form) -> Iterator[Tally]:
    """The cost of each text of one form, in order.

    Args:
        engine: the model.
        texts: clean texts (lines and marks), all of `form`.
        form: their form; the model is given it where it asks for one.

    Raises:
        UsageError: the model was not trained on the form.
    """
    accountant = Accountant(engine.vocabulary)
    prefix = engine.vocabulary.prefix_id(form)
    for start in range(0, len(texts), BATCH):
        targets = [accountant.targets(text) for text in texts[start : start + BATCH]]
        ids = np.stack([poem.ids for poem in targets], axis=1)  # (T, B)
        inputs = np.concatenate((np.full((1, ids.shape[1]), prefix, dtype=np.int32), ids[:-1]))
        hidden = engine.read(inputs)  # (T, B, H)
        for column, poem in enumerate(targets):
            yield accountant.charge(engine.log_probs(hidden[:, column]), poem)


def score_poems(engine: Engine, poems: Iterable[Poem]) -> Iterator[tuple[Poem, Tally]]:
    """Each poem with its cost, in order; poems of different forms may be mixed."""
    for poem in poems:
        yield poem, next(score_texts(engine, [poem.text], poem.form))
