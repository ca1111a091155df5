"""Poems a second in one process: our engine against a loop over torch.nn.LSTM.

    python benchmarks/write.py [--format json]

All write 五律 with the report model. The peer is what one would write with PyTorch: the model's
weights in an nn.LSTM, one character at a time, by random-k, the form kept by the same masks; for
one poem at a time (the usual script) and for 64 side by side (the fair comparison).
"""

import argparse
import json
from collections.abc import Callable
from functools import partial

import torch

from machine import machine
from rounds import interleaved, summary
from tangyin.api import load, rule_named
from tangyin.nn import to_torch
from tangyin.verse import BOS, WULV

POEMS, ROUNDS = 128, 5


class TorchWriter:
    """The report model as a PyTorch user would run it."""

    def __init__(self) -> None:
        model = load("report").model
        tensors = {name: torch.from_numpy(array) for name, array in model.tensors.items()}
        network = model.architecture
        self.vocabulary = model.vocabulary
        self.embedding = tensors["embedding.weight"]
        self.lstm = torch.nn.LSTM(network.embedding_size, network.hidden_size)
        self.lstm.load_state_dict(
            to_torch({n.removeprefix("lstm."): t for n, t in tensors.items() if "lstm." in n})
        )
        self.weight, self.bias = tensors["output.weight"], tensors["output.bias"]
        self.first_hanzi = int(self.vocabulary.hanzi_ids[0])

    @torch.inference_mode()
    def write(self, count: int) -> list[str]:
        """Write `count` poems side by side, by random-k with k = 5."""
        tokens = torch.full((1, count), self.vocabulary.id(BOS))
        state, columns = None, []
        for place in range(WULV.targets - 1):
            hidden, state = self.lstm(self.embedding[tokens], state)
            logits = torch.nn.functional.linear(hidden[0], self.weight, self.bias)
            if place % 6 == 5:
                chosen = logits[:, 2 : self.first_hanzi].argmax(dim=1) + 2
            else:
                best = logits[:, self.first_hanzi :].topk(5).indices
                rank = torch.randint(5, (count, 1))
                chosen = best.gather(1, rank)[:, 0] + self.first_hanzi
            columns.append(chosen)
            tokens = chosen[None]
        return [self.vocabulary.decode(poem.tolist()) for poem in torch.stack(columns, dim=1)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    ours, theirs = load("report"), TorchWriter()
    rules = {name: rule_named(name) for name in ("random-k", "argmax", "temperature", "top-p")}

    def write(rule: str, count: int) -> object:
        return list(ours.write_many(rule=rules[rule], count=count, seed=1, regulated=False))

    ways: dict[str, Callable[[], object]] = {
        f"ours {rule}": partial(write, rule, POEMS) for rule in rules
    }
    ways |= {
        "ours random-k, one at a time": lambda: [
            ours.write(rule=rules["random-k"], regulated=False, seed=1) for _ in range(16)
        ],
        "nn.LSTM random-k, 64 side by side": lambda: [theirs.write(64) for _ in range(POEMS // 64)],
        "nn.LSTM random-k, one at a time": lambda: [theirs.write(1) for _ in range(16)],
    }
    results = {
        name: summary([(16 if "one" in name else POEMS) / s for s in seconds])
        for name, seconds in interleaved(ways, ROUNDS).items()
    }
    if arguments.format == "json":
        print(json.dumps({"machine": machine(), "poems_per_second": results}, indent=2))
        return
    print(machine())
    for name, figures in results.items():
        spread = f"({figures['min']:.0f}-{figures['max']:.0f})"
        print(f"{name:<36}{figures['median']:>8.0f} poems/s  {spread}")


if __name__ == "__main__":
    main()
