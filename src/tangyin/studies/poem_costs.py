"""The cost of each token of many poems of one form, and perplexities."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from tangyin.model.file import ModelFile
from tangyin.nn.language_model import LanguageModel
from tangyin.scoring.perplexity import unknown_hanzi
from tangyin.verse import EOS, UNK, Form, Vocabulary

CHUNK = 64
"""Poems in a batch."""

Costs = npt.NDArray[np.float64]


def encoded(vocabulary: Vocabulary, texts: Sequence[str], first: int | None) -> torch.Tensor:
    """Poems of one length as columns, (T + 1, N) int64, between the token `first` and `<eos>`."""
    start, end = [] if first is None else [first], [vocabulary.id(EOS)]
    poems = [np.concatenate((start, vocabulary.encode(text), end)) for text in texts]
    return torch.from_numpy(np.stack(poems, axis=1).astype(np.int64))


def text_costs(
    model: ModelFile, texts: Sequence[str], form: Form
) -> tuple[Costs, npt.NDArray[np.int64]]:
    """`poem_costs` of texts of a form, and the predicted tokens, (T, N) each."""
    network = LanguageModel(model.architecture, model.vocabulary)
    network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in model.tensors.items()})
    poems = encoded(model.vocabulary, texts, model.vocabulary.prefix_id(form))
    return poem_costs(network, poems), poems[1:].numpy()


@torch.no_grad()
def poem_costs(model: LanguageModel, poems: torch.Tensor) -> Costs:
    """Negative log-probability in nats, (T, N), of each token but the first of poems (T + 1, N)."""
    was_training = model.training
    model.eval()
    parts = []
    for start in range(0, poems.shape[1], CHUNK):
        batch = poems[:, start : start + CHUNK]
        log_probs = model.log_probs(batch[:-1]).flatten(0, 1)
        costs = F.nll_loss(log_probs, batch[1:].flatten(), reduction="none")
        parts.append(costs.view(-1, batch.shape[1]).double().numpy())
    model.train(was_training)
    return np.concatenate(parts, axis=1)


def perplexities(
    costs: Costs, targets: npt.NDArray[np.int64], vocabulary: Vocabulary, *, first: bool
) -> dict[str, dict[str, float]]:
    """Perplexities of the same predictions, costs and targets (T, N), counted in several ways.

    Returns:
        `open` (an unknown character costs ln(20,992 - H) more, as in the protocol) and `plain`
        (`<unk>` is a token like any other), if the `first` row predicts the poems' first
        characters; and both with `_without_first` (these are not targets). Each has `per_token`,
        the exponential of the mean cost, and `mean_of_poems`, the mean of the poems' perplexities.
    """
    charge = math.log(unknown_hanzi(vocabulary)) * (targets == vocabulary.id(UNK))
    found: dict[str, dict[str, float]] = {}
    for name, table in (("open", costs + charge), ("plain", costs)):
        if first:
            found[name] = _both(table)
        found[f"{name}_without_first"] = _both(table[1:] if first else table)
    return found


def _both(costs: Costs) -> dict[str, float]:
    return {
        "per_token": math.exp(costs.mean()),
        "mean_of_poems": float(np.exp(costs.mean(axis=0)).mean()),
    }
