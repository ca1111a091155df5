"""The optimizers that studies add to those of recipes."""

import pytest
import torch

from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.optimizers.extra import register
from tangyin.training import make_optimizer
from tangyin.training.optimizers import OptimizerRecipe
from tangyin.verse import Vocabulary

register()
VOCABULARY = Vocabulary("天地玄黃宇宙洪荒日月盈昃")


def network() -> LanguageModel:
    torch.manual_seed(1)
    return LanguageModel(Architecture(7, 5), VOCABULARY)


def steps(model: LanguageModel, optimizer: torch.optim.Optimizer, count: int) -> None:
    for seed in range(count):
        torch.manual_seed(seed)
        ids = torch.randint(0, VOCABULARY.outputs, (4, 3))
        optimizer.zero_grad()
        model.loss(ids, ids).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def test_nesterov_is_that_of_torch() -> None:
    ours, theirs = network(), network()
    steps(ours, make_optimizer(OptimizerRecipe("nesterov", 0.3, momentum=0.8), ours), 3)
    steps(theirs, torch.optim.SGD(theirs.parameters(), 0.3, momentum=0.8, nesterov=True), 3)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)


def test_muon_turns_the_step_of_gates_and_output_into_nearly_orthogonal_matrices() -> None:
    model = network()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    rate = 0.01
    steps(model, make_optimizer(OptimizerRecipe("muon-output", rate), model), 1)
    for name, parameter in model.named_parameters():
        moved = before[name] - parameter.detach()
        if "weight_hh" in name or "weight_ih" in name:
            blocks = list(moved.chunk(4))
        elif name == "output.weight":
            blocks = [moved]
        else:
            # Adam's first step is the rate wherever there is a gradient.
            assert float(moved.abs().max()) == pytest.approx(rate, rel=1e-3)
            continue
        for block in blocks:
            values = torch.linalg.svdvals(block / (rate * 0.2 * max(block.shape) ** 0.5))
            # What has no gradient, as W_hh from the zero state, has no direction either.
            large = values[values > 0.3]
            assert ((large > 0.6) & (large < 1.3)).all()
            assert len(large) > 0
