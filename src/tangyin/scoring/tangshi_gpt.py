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
from tangyin.scoring.perplexity import Tally
from tangyin.scoring.score import NO_TARGET, target_costs
from tangyin.verse import BOS, EOS, MARKS, TEXT, TITLE, UNK, title_characters
from tangyin.verse.punctuation import is_in_corpus


def evaluate_tangshi_gpt(engine: Engine) -> dict[str, Any]:
    """Perplexity on that model's test poems (`titled_figures`).

    Raises:
        TangyinError: the corpus of this machine is missing, or lacks these poems.
    """
    # Here, so that writing a poem does not load what fetches and unpacks the corpus.
    from tangyin.corpus import load_corpus, tangshi_gpt_test

    return titled_figures(engine, tangshi_gpt_test(load_corpus()))


def titled_figures(engine: Engine, poems: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The cost of titles and texts for a model that is conditioned on nothing, not even the form.

    `poems` are titles and texts, uncleaned; unknown characters cost no more than `<unk>`. The
    figures are those of `Tally.figures`; closed ones are None, since the protocol has none.

    Raises:
        UsageError: score.no_titles, the model predicts no titles or needs the form.
    """
    vocabulary = engine.vocabulary
    if not vocabulary.takes_title or BOS not in vocabulary:
        raise UsageError("score.no_titles")
    bos, eos, of_title, of_text = map(vocabulary.id, (BOS, EOS, TITLE, TEXT))
    inputs, targets, hanzi, free = [], [], [], 0
    for full_title, text in poems:
        title = title_characters(full_title)
        title_ids, text_ids = vocabulary.encode(title), vocabulary.encode(text)
        inputs.append(np.array([bos, of_title, *title_ids, of_text, *text_ids], dtype=np.int32))
        targets.append(np.array([NO_TARGET, *title_ids, eos, *text_ids, eos], dtype=np.int32))
        hanzi.append([False, *map(is_in_corpus, title), False, *map(is_in_corpus, text), False])
        lines = sum(character in MARKS for character in text)
        free += 1 + max(-(-lines // 2) - 1, 0)  # the start mark and the newlines
    costs = np.concatenate(target_costs(engine, inputs, targets))
    target, is_character = np.concatenate(targets), np.concatenate(hanzi)
    tally = Tally(
        poems=len(poems),
        targets=int((target != NO_TARGET).sum()) + free,
        hanzi=int(is_character.sum()),
        unknown=int((target == vocabulary.id(UNK)).sum()),
        nll=float(costs.sum()),
        nll_hanzi=float(costs[is_character].sum()),
    )
    figures = tally.figures()
    return {name: None if name.endswith("_closed") else figures[name] for name in figures}
