"""Train the NumPy and the PyTorch language model side by side, and compare the loss of every step.

    python scripts/compare_numpy_torch.py [--steps N]

Both start from the same weights and see the same batches: those of the first epoch of
configs/report.toml, on the corpus (`tangyin corpus fetch`). NumPy trains by `tangyin.lstm.Adam`,
PyTorch by `torch.optim.Adam`. A line for float32 and one for float64 are printed, and the figures
written to docs/results/numpy_torch.json, unless --steps asks for less than the epoch.
"""

import platform
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from shared import ROOT, keep, parser
from tangyin.corpus import Batch
from tangyin.lstm import Adam
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.gradient_errors import numpy_twin
from tangyin.training import read_recipe
from tangyin.training.dataset import load_dataset


def compare(model: LanguageModel, batches: Sequence[Batch], learning_rate: float) -> dict[str, Any]:
    """Train `model`, and its twin in NumPy, one step a batch.

    Returns:
        `steps`; `first_loss` and `last_loss` of PyTorch; `largest_difference` of the two losses of
        any step, and `at_step`, where it is (from 1); `parameter_difference`, the norm of the
        difference of all trained parameters over their norm; `largest_gradient_norm`; and the
        seconds that each side took.
    """
    twin = numpy_twin(model)
    ours = Adam(twin.parameters, lr=learning_rate)
    theirs = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses, differences, norms = [], [], []
    seconds = {"numpy": 0.0, "torch": 0.0}
    for batch in batches:
        began = time.perf_counter()
        loss, gradients = twin.loss_and_gradients(batch.inputs, batch.targets, batch.mask)
        ours.step(gradients)
        seconds["numpy"] += time.perf_counter() - began

        began = time.perf_counter()
        inputs, targets = (
            torch.from_numpy(ids.astype(np.int64)) for ids in (batch.inputs, batch.targets)
        )
        mask = None if batch.mask.all() else torch.from_numpy(batch.mask)
        theirs.zero_grad()
        expected = model.loss(inputs, targets, mask)
        expected.backward()  # type: ignore[no-untyped-call]
        theirs.step()
        seconds["torch"] += time.perf_counter() - began

        losses.append(expected.item())
        differences.append(abs(loss - losses[-1]))
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norms.append(torch.nn.utils.get_total_norm(grads).item())
    apart, size = 0.0, 0.0
    for name, value in model.state_dict().items():
        reference = value.double().numpy()
        apart += float(np.square(twin.parameters[name][: len(reference)] - reference).sum())
        size += float(np.square(reference).sum())
    return {
        "steps": len(losses),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "largest_difference": max(differences),
        "at_step": int(np.argmax(differences)) + 1,
        "parameter_difference": (apart / size) ** 0.5,
        "largest_gradient_norm": max(norms),
        "seconds": {side: round(value, 1) for side, value in seconds.items()},
    }


def first_epoch(steps: int | None = None) -> dict[str, dict[str, Any]]:
    """Compare on the first epoch of the report's recipe, in float32 and in float64."""
    recipe = read_recipe(ROOT / "configs/report.toml")
    material = load_dataset(recipe.data)
    batches = material.batches(recipe.training.batch_size, recipe.training.seed, epoch=1)[:steps]
    network = recipe.model
    architecture = Architecture(network.embedding_size, network.hidden_size)
    runs = {}
    for name, dtype in (("float32", torch.float32), ("float64", torch.float64)):
        torch.manual_seed(recipe.training.seed)
        model = LanguageModel(architecture, material.vocabulary, network.initialization).to(dtype)
        runs[name] = compare(model, batches, recipe.optimizer.learning_rate)
        print(
            "{0}: {steps} steps, loss {first_loss:.3f} to {last_loss:.3f}, largest difference "
            "{largest_difference:.1e} at step {at_step}, largest gradient norm "
            "{largest_gradient_norm:.2f}".format(name, **runs[name]),
            flush=True,
        )
    return runs


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--steps", type=int, help="so many batches instead of all")
    arguments = options.parse_args()
    found = {
        "runs": first_epoch(arguments.steps),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
    }
    if arguments.steps is None:
        keep("numpy_torch", found, indent=2)
