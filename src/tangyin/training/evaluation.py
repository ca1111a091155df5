"""Evaluation by the perplexity protocol, in torch."""

import numpy as np
import torch

from tangyin.nn.language_model import LanguageModel
from tangyin.training.material import Material
from tangyin.verse import Form
from tangyin.writing import Accountant, Tally

CHUNK = 64
"""Poems read side by side."""


@torch.no_grad()
def evaluate(model: LanguageModel, material: Material) -> dict[Form, Tally]:
    """What the dev poems of each form cost.

    Args:
        model: is left in the mode (training or not) it was in.
        material: its vocabulary and dev poems.
    """
    was_training = model.training
    model.eval()
    device = model.output.weight.device
    accountant = Accountant(material.vocabulary)
    tallies: dict[Form, Tally] = {}
    for form, texts in material.dev_chunks(CHUNK):
        targets = [accountant.targets(text) for text in texts]
        ids = np.stack([poem.ids for poem in targets], axis=1)  # (T, B)
        prefix = np.full((1, len(texts)), material.vocabulary.prefix_id(form))
        inputs = torch.from_numpy(np.concatenate((prefix, ids[:-1])).astype(np.int64))
        log_probs = model.log_probs(inputs.to(device)).float().cpu().numpy()  # (T, B, outputs)
        for column, poem in enumerate(targets):
            cost = accountant.charge(log_probs[:, column], poem)
            tallies[form] = tallies.get(form, Tally()) + cost
    model.train(was_training)
    return tallies
