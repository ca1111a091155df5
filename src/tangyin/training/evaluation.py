"""Evaluation by the perplexity protocol, in torch."""

import numpy as np
import torch

from tangyin.nn.language_model import LanguageModel
from tangyin.scoring import PerplexityMeter, Tally
from tangyin.training.dataset import Dataset
from tangyin.training.precision import autocast
from tangyin.verse import Form

CHUNK = 64
"""Poems in a batch."""


@torch.no_grad()
def evaluate(model: LanguageModel, dataset: Dataset, precision: str = "fp32") -> dict[Form, Tally]:
    """Measure the dev poems of each form, with matrix products in "fp32" or "bf16".

    The model keeps its mode (training or evaluation).
    """
    was_training = model.training
    model.eval()
    device = model.embedding.weight.device
    vocabulary = dataset.vocabulary
    meter = PerplexityMeter(vocabulary)
    tallies: dict[Form, Tally] = {}
    chunks = [
        (form, texts[start : start + CHUNK])
        for form, texts in dataset.dev.items()
        for start in range(0, len(texts), CHUNK)
    ]
    for form, texts in chunks:
        targets = [meter.targets(text) for text in texts]
        ids = np.stack([poem.ids for poem in targets], axis=1)  # (T, B)
        prefix = np.repeat(vocabulary.prefix(form, dynasty="")[:, None], len(texts), axis=1)
        read = np.concatenate((prefix, ids[:-1]))
        inputs = torch.from_numpy(read.astype(np.int64)).to(device)
        with autocast(precision, device):
            predicted = model.log_probs(inputs, model.features_of(read))[len(prefix) - 1 :]
        log_probs = predicted.float().cpu().numpy()  # (T, B, outputs)
        for column, poem in enumerate(targets):
            cost = meter.charge(log_probs[:, column], poem)
            tallies[form] = tallies.get(form, Tally()) + cost
    model.train(was_training)
    return tallies
