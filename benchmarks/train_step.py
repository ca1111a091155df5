"""One training step of ours against nn.LSTM + F.cross_entropy + Adam, in one process.

    python benchmarks/train_step.py [--format json]

The size is the report's: embedding 256, hidden 128, batch 128; batches are real ones of the report
recipe.
"""

import argparse
import json
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from machine import machine
from rounds import interleaved, summary
from tangyin.corpus import Batch
from tangyin.modelfile import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.training.material import load_material
from tangyin.training.recipe import DataRecipe

ROUNDS, STEPS = 9, 4


class Peer(torch.nn.Module):
    """The network as a PyTorch user would write it."""

    def __init__(self, embedding: int, hidden: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(inputs, embedding)
        self.lstm = torch.nn.LSTM(embedding, hidden)
        self.output = torch.nn.Linear(hidden, outputs)

    def loss(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy."""
        hidden, _ = self.lstm(self.embedding(inputs))
        return F.cross_entropy(self.output(hidden).flatten(0, 1), targets.flatten())


def steps(model: LanguageModel | Peer, batches: list[Batch]) -> Callable[[], None]:
    """A function that takes one training step on each batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def run() -> None:
        for batch in batches:
            inputs = torch.from_numpy(batch.inputs.astype(np.int64))
            targets = torch.from_numpy(batch.targets.astype(np.int64))
            loss = model.loss(inputs, targets)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()

    return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    material = load_material(DataRecipe(forms=("五律",)))
    batches = material.batches(128, seed=1, epoch=1)[:STEPS]
    vocabulary = material.vocabulary
    ways = {
        "ours_fp32_ms": steps(LanguageModel(Architecture(256, 128), vocabulary), batches),
        "nn_lstm_fp32_ms": steps(Peer(256, 128, len(vocabulary), vocabulary.outputs), batches),
    }
    seconds = interleaved(ways, ROUNDS)
    results = {name: summary(runs, 1000 / STEPS) for name, runs in seconds.items()}
    ratio = results["ours_fp32_ms"]["median"] / results["nn_lstm_fp32_ms"]["median"]
    if arguments.format == "json":
        sizes = {"report": {name: figures["median"] for name, figures in results.items()}}
        spread = {"report": results}
        print(json.dumps({"machine": machine(), "sizes": sizes, "spread": spread}, indent=2))
        return
    print(machine())
    for name, figures in results.items():
        print(f"{name:<18}{figures['median']:8.1f} ({figures['min']:.1f}-{figures['max']:.1f})")
    print(f"ours / nn.LSTM    {ratio:8.2f}")


if __name__ == "__main__":
    main()
