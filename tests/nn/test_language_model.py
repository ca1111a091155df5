"""The language model: its names, its loss under padding, its agreement with the NumPy engine."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tangyin.errors import UsageError
from tangyin.model import Architecture, Engine, ModelFile
from tangyin.nn import INITIALIZATIONS
from tangyin.nn.language_model import LanguageModel
from tangyin.verse import FORMS, WULV, Vocabulary, form_token

HANZI = "日紅山夜湖海月春江花朝秋風雨雲水"
VOCABULARY = Vocabulary(HANZI)
MIXED = Vocabulary(HANZI, [form_token(form) for form in FORMS])


def random_batch(lengths: list[int], vocabulary: Vocabulary = VOCABULARY) -> list[Tensor]:
    """Inputs, targets and mask, (T, B) each, with random tokens in the padding too."""
    shape = (max(lengths), len(lengths))
    inputs = torch.randint(len(vocabulary), shape)
    targets = torch.randint(vocabulary.outputs, shape)
    mask = torch.arange(shape[0]).unsqueeze(1) < torch.tensor(lengths)
    return [inputs, targets, mask]


def loss_and_gradients(model: LanguageModel, *batch: Tensor | None) -> list[Tensor]:
    loss = model.loss(*batch)  # type: ignore[arg-type]
    return [loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))]


def assert_equal_beyond_rounding(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert (one - other).norm() <= 1e-12 * (1 + other.norm())


def test_parameters_are_named_and_shaped_as_in_the_model_file() -> None:
    for architecture in (Architecture(7, 5), Architecture(4, 6, layers=3)):
        for vocabulary in (VOCABULARY, MIXED):
            model = LanguageModel(architecture, vocabulary)
            found = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
            assert found == architecture.shapes(vocabulary)


def test_the_report_initialization_is_uniform_with_a_forget_bias_of_one() -> None:
    model = LanguageModel(Architecture(64, 100), VOCABULARY, "report")
    bound = 1 / math.sqrt(100)
    bias = model.lstm.bias_l0.detach()
    assert torch.equal(bias[100:200], torch.ones(100))
    drawn = [bias[:100], bias[200:]]
    drawn += [p.detach() for name, p in model.named_parameters() if not name.endswith("bias")]
    drawn.append(model.output.bias.detach())
    for values in drawn:
        assert values.abs().max() <= bound
        # Of n uniform numbers, the chance that none is within 40/n of an end is below e^-19.
        reach = bound * (1 - 40 / max(len(values.flatten()), 40))
        assert values.max() > reach
        assert values.min() < -reach


@pytest.mark.parametrize("name", sorted(INITIALIZATIONS))
def test_every_initialization_gives_a_finite_loss(name: str) -> None:
    model = LanguageModel(Architecture(8, 6), VOCABULARY, name)
    found = loss_and_gradients(model, *random_batch([9, 4, 7]))
    assert all(torch.isfinite(value).all() for value in found)


def test_unknown_initializations_and_cells_are_refused() -> None:
    for code, architecture, how in (
        ("nn.initialization_unknown", Architecture(8, 6), "lucky"),
        ("nn.cell_unknown", Architecture(8, 6, cell="gru"), "report"),
    ):
        with pytest.raises(UsageError) as refused:
            LanguageModel(architecture, VOCABULARY, how)
        assert refused.value.code == code


def test_the_same_seed_makes_the_same_model_and_another_seed_another() -> None:
    models = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        models.append(LanguageModel(Architecture(8, 6, layers=2), VOCABULARY).state_dict())
    for name, tensor in models[0].items():
        assert torch.equal(tensor, models[1][name])
    assert not torch.equal(models[0]["embedding.weight"], models[2]["embedding.weight"])
    assert not torch.equal(models[0]["lstm.weight_hh_l1"], models[2]["lstm.weight_hh_l1"])


@settings(deadline=None, max_examples=30)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    layers=st.integers(1, 2),
    extra=st.integers(1, 5),
    seed=st.integers(0, 2**31),
)
def test_adding_padding_changes_neither_loss_nor_any_gradient(
    lengths: list[int], layers: int, extra: int, seed: int
) -> None:
    torch.manual_seed(seed)
    model = LanguageModel(Architecture(5, 4, layers), VOCABULARY).double()
    inputs, targets, mask = random_batch(lengths)
    found = loss_and_gradients(model, inputs, targets, mask)
    wider = random_batch([n + extra for n in lengths])
    for padded, original in zip(wider, (inputs, targets, mask), strict=True):
        for column, length in enumerate(lengths):
            padded[:length, column] = original[:length, column]
    wider[2] = torch.arange(len(wider[0])).unsqueeze(1) < torch.tensor(lengths)
    assert_equal_beyond_rounding(loss_and_gradients(model, *wider), found)


@settings(deadline=None, max_examples=30)
@given(
    lengths=st.lists(st.sampled_from([form.targets for form in FORMS]), min_size=1, max_size=5),
    seed=st.integers(0, 2**31),
)
def test_a_padded_batch_costs_and_teaches_what_its_poems_do_one_by_one(
    lengths: list[int], seed: int
) -> None:
    torch.manual_seed(seed)
    model = LanguageModel(Architecture(5, 4), MIXED).double()
    inputs, targets, mask = random_batch(lengths, MIXED)
    together = loss_and_gradients(model, inputs, targets, mask)
    alone = [torch.zeros(())] + [torch.zeros_like(p) for p in model.parameters()]
    for column, length in enumerate(lengths):
        poem = slice(None, length), slice(column, column + 1)
        for number, value in enumerate(loss_and_gradients(model, inputs[poem], targets[poem])):
            alone[number] = alone[number] + value * length / sum(lengths)
    assert_equal_beyond_rounding(together, alone)


def test_without_padding_the_mask_may_be_left_out() -> None:
    model = LanguageModel(Architecture(5, 4), VOCABULARY).double()
    inputs, targets, mask = random_batch([6, 6, 6])
    assert mask.all()
    assert_equal_beyond_rounding(
        loss_and_gradients(model, inputs, targets, None),
        loss_and_gradients(model, inputs, targets, mask),
    )


def test_the_loss_is_the_mean_cross_entropy_of_an_nn_lstm_of_the_same_weights() -> None:
    model = LanguageModel(Architecture(8, 6), VOCABULARY).double()
    peer = torch.nn.LSTM(8, 6).double()
    with torch.no_grad():
        for ours, theirs in (("weight_ih_l0", "weight_ih_l0"), ("weight_hh_l0", "weight_hh_l0"),
                             ("bias_l0", "bias_ih_l0")):  # fmt: skip
            getattr(peer, theirs).copy_(getattr(model.lstm, ours))
        peer.bias_hh_l0.zero_()
    inputs, targets, _ = random_batch([9, 9, 9, 9])
    hidden, _ = peer(model.embedding(inputs))
    logits = F.linear(hidden, model.output.weight, model.output.bias)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    assert model.loss(inputs, targets).item() == pytest.approx(expected.item(), rel=1e-12)


def test_the_logarithms_are_of_probabilities_that_no_prefix_token_shares() -> None:
    model = LanguageModel(Architecture(8, 6), MIXED)
    inputs, _, _ = random_batch([7, 7], MIXED)
    log_probs = model.log_probs(inputs)
    assert log_probs.shape == (7, 2, len(MIXED) - len(FORMS))
    assert log_probs.exp().sum(-1).detach().numpy() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("layers", [1, 3])
def test_the_numpy_engine_agrees_on_logits_and_argmax(
    layers: int, randomise: Callable[..., torch.nn.Module]
) -> None:
    architecture = Architecture(12, 20, layers)
    model = randomise(LanguageModel(architecture, VOCABULARY), scale=0.4)
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    engine = Engine(ModelFile("random", architecture, VOCABULARY, (WULV,), tensors))
    inputs, _, _ = random_batch([49] * 33)
    ours = model.log_probs(inputs).detach().numpy()  # type: ignore[operator]
    theirs = np.stack([engine.log_probs(h) for h in engine.read(inputs.numpy().astype(np.int32))])
    assert np.abs(ours - theirs).max() < 1e-4
    assert (ours.argmax(-1) == theirs.argmax(-1)).all()
