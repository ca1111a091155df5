"""Perplexity of held-out 詞, closed: the shipped model, the report's network, and 5-grams.

    python scripts/ci_perplexity.py [--part dev|test] [-o docs/results/ci-perplexity.json]

All are trained on the training 詞 of the corpus (`strong` on 詩 too) and count the same targets
in the closed vocabulary (`docs/protocol.md`). `strong` is given the tune, which is the form, and
once nothing but that it is a 詞; the others are given nothing. The report's network (embedding 256,
hidden 128, Adam at 0.01, batches of 128) stops when dev is lowest; it takes ten minutes on two
cores. The 5-grams are interpolated after Witten and Bell (1991).
"""

import json
from collections import Counter, defaultdict
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch

from shared import parser
from tangyin import load
from tangyin.corpus import DEV, TRAIN, Corpus, bucket, collate, encode_poem, load_corpus
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.scoring import PerplexityMeter, Tally, closed_hanzi, score_texts
from tangyin.verse import CI, EOS, UNK, Vocabulary

ORDER, EPOCHS, BATCH, PATIENCE = 5, 12, 128, 2


def report_network(train: Corpus, dev: Corpus) -> tuple[Vocabulary, LanguageModel]:
    """The report's network trained on 詞, in the closed vocabulary."""
    torch.manual_seed(1)
    vocabulary = Vocabulary(sorted(closed_hanzi()))
    model = LanguageModel(Architecture(256, 128), vocabulary)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    poems = [encode_poem(vocabulary, text, CI) for text in train.text]
    eos, best, waited = vocabulary.id(EOS), (np.inf, deepcopy(model.state_dict())), 0
    for epoch in range(1, EPOCHS + 1):
        random = np.random.default_rng([1, epoch])
        for chosen in bucket([len(poem) for poem in poems], BATCH, random):
            batch = collate([poems[n] for n in chosen], eos)
            inputs, targets = (
                torch.from_numpy(ids.astype(np.int64)) for ids in (batch.inputs, batch.targets)
            )
            optimizer.zero_grad()
            torch.autograd.backward(model.loss(inputs, targets, torch.from_numpy(batch.mask)))
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        found = network_tally(vocabulary, model, dev).figures()["per_token_closed"]
        print(f"report's network, epoch {epoch}: dev {found:.2f}", flush=True)
        waited = 0 if found < best[0] else waited + 1
        if not waited:
            best = found, deepcopy(model.state_dict())
        if waited == PATIENCE:
            break
    model.load_state_dict(best[1])
    return vocabulary, model


@torch.no_grad()
def network_tally(vocabulary: Vocabulary, model: LanguageModel, poems: Corpus) -> Tally:
    """The negative log-likelihood of poems under a network."""
    meter, total = PerplexityMeter(vocabulary), Tally()
    for text in poems.text:
        inputs = torch.from_numpy(encode_poem(vocabulary, text, CI)[:-1, None].astype(np.int64))
        total += meter.charge(model.log_probs(inputs)[:, 0].numpy(), meter.targets(text))
    return total


class FiveGrams:
    """Interpolated 5-grams (Witten and Bell 1991) over the closed vocabulary."""

    def __init__(self, texts: list[str]) -> None:
        self.known = closed_hanzi() | set("，。？！；：")
        self.size = len(self.known) + 2  # <unk> and <eos>
        self.next: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for text in texts:
            for before, token in self.events(text):
                for length in range(ORDER):
                    self.next[before[ORDER - 1 - length :]][token] += 1

    def events(self, text: str) -> list[tuple[tuple[str, ...], str]]:
        """The tokens of a text, each with the four before it."""
        tokens = [c if c in self.known else UNK for c in text]
        row = ("",) * (ORDER - 1) + (*tokens, EOS)
        return [(row[n : n + ORDER - 1], row[n + ORDER - 1]) for n in range(len(tokens) + 1)]

    def perplexity(self, texts: list[str]) -> float:
        """Perplexity per token of texts."""
        costs = [-np.log(self.probability(*event)) for text in texts for event in self.events(text)]
        return float(np.exp(np.mean(costs)))

    def probability(self, before: tuple[str, ...], token: str) -> float:
        """The probability of a token after four others."""
        value = 1 / self.size
        for length in range(ORDER):
            counts = self.next.get(before[ORDER - 1 - length :])
            if counts:
                total, kinds = counts.total(), len(counts)
                value = (counts[token] + kinds * value) / (total + kinds)
        return value


def main() -> None:
    """Print the perplexities, and write them if asked to."""
    options = parser(__doc__)
    options.add_argument("--part", default=DEV, choices=(DEV, "test"))
    options.add_argument("--model", default="strong")
    options.add_argument("-o", "--output", type=Path)
    arguments = options.parse_args()
    corpus = load_corpus().select(forms=[CI])
    train, dev, held = (corpus.select(parts=[part]) for part in (TRAIN, DEV, arguments.part))
    writer = load(arguments.model)
    told = writer.evaluate(arguments.part, CI.name)
    alone = sum(score_texts(writer.engine, held.text, CI), Tally())
    figures = {
        "strong, given the tune": told.per_token_closed,
        "strong": alone.figures()["per_token_closed"],
        "5-grams": FiveGrams(train.text).perplexity(held.text),
    }
    vocabulary, network = report_network(train, dev)
    figures["the report's network"] = network_tally(vocabulary, network, held).figures()[
        "per_token_closed"
    ]
    result = {"part": arguments.part, "poems": told.poems, "targets": told.targets} | {
        "per_token_closed": {name: round(value, 2) for name, value in figures.items()}
    }
    print(json.dumps(result, ensure_ascii=False, indent=1))
    if arguments.output:
        arguments.output.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
