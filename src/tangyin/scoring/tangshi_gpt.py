"""Perplexity by the count of dengfeng-ai/tangshi-gpt (`docs/protocol.md`).

There a poem is a start mark, the characters of its title, a separator, its text with a newline
between couplets, and an end mark. Our models need neither start mark nor newline: they count as
targets and cost nothing. Separator and end mark are `<eos>` here and cost what it costs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tangyin.errors import UsageError
from tangyin.model.engine import Engine
from tangyin.scoring.perplexity import perplexity
from tangyin.scoring.score import NO_TARGET, target_costs
from tangyin.verse import BOS, EOS, MARKS, TEXT, TITLE, UNK, is_hanzi, title_characters


def evaluate_tangshi_gpt(engine: Engine) -> dict[str, Any]:
    """Perplexity on that model's test poems.

    Returns:
        See `titled_figures`.

    Raises:
        UsageError: see `titled_figures`.
        TangyinError: the corpus of this machine is missing, or lacks these poems.
    """
    # Here, so that writing a poem does not load what fetches and unpacks the corpus.
    from tangyin.corpus import load_corpus, tangshi_gpt_test

    return titled_figures(engine, tangshi_gpt_test(load_corpus()))


def titled_figures(engine: Engine, poems: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What titles and texts cost a model that is told nothing, not even the form.

    Args:
        engine: of a model that was trained to predict titles.
        poems: title and text of each, uncleaned; what the model does not know in them is `<unk>`,
            and costs no more than that.

    Returns:
        As `Tally.figures`; the closed ones are None, since the protocol has none.

    Raises:
        UsageError: the model predicts no titles, or must be told the form.
    """
    vocabulary = engine.vocabulary
    if not vocabulary.takes_title or BOS not in vocabulary:
        raise UsageError(
            "the protocol tangshi-gpt counts titles, and this model was not trained on them; "
            "use the protocol honest"
        )
    bos, eos, of_title, of_text = map(vocabulary.id, (BOS, EOS, TITLE, TEXT))
    inputs, targets, hanzi, free = [], [], [], 0
    for full_title, text in poems:
        title = title_characters(full_title)
        named, written = vocabulary.encode(title), vocabulary.encode(text)
        inputs.append(np.array([bos, of_title, *named, of_text, *written], dtype=np.int32))
        targets.append(np.array([NO_TARGET, *named, eos, *written, eos], dtype=np.int32))
        hanzi.append([False, *map(is_hanzi, title), False, *map(is_hanzi, text), False])
        lines = sum(character in MARKS for character in text)
        free += 1 + max(-(-lines // 2) - 1, 0)  # the start mark and the newlines
    costs = np.concatenate(target_costs(engine, inputs, targets))
    targeted, characters = np.concatenate(targets), np.concatenate(hanzi)
    counted = int((targeted != NO_TARGET).sum()) + free
    nll = float(costs.sum())
    return {
        "poems": len(poems),
        "targets": counted,
        "hanzi": int(characters.sum()),
        "unknown": int((targeted == vocabulary.id(UNK)).sum()),
        "nll": nll,
        "nll_closed": None,
        "per_token": perplexity(nll, counted),
        "per_token_closed": None,
        "per_hanzi": perplexity(float(costs[characters].sum()), int(characters.sum())),
        "per_hanzi_closed": None,
    }
