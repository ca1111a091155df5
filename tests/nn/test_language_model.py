"""The language model: plain, and with features of the prefix, tied output, echo and dropout."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from tangyin.metre import LEVEL_RHYMES
from tangyin.model import Architecture
from tangyin.nn import Dropout, cell
from tangyin.nn.language_model import LanguageModel
from tangyin.verse import QIJUE, WUJUE, Vocabulary, prefix_tokens

POEMS = {
    WUJUE: "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。",
    QIJUE: "黃河遠上白雲間，一片孤城萬仞山。羌笛何須怨楊柳，春風不度玉門關。",
}
VOCABULARY = Vocabulary(
    sorted(set("".join(POEMS.values())) - set("，。")), prefix_tokens(LEVEL_RHYMES)
)
SIZES = {
    "opposite_size": 4, "rhyme_size": 3, "place_size": 3, "tone_size": 2, "context_size": 3,
}  # fmt: skip
ALL = {"tied": True, "echo": True, **SIZES}
KINDS = {
    "plain": {},
    "plain, three layers": {"layers": 3},
    "all": ALL,
    "two layers": {**ALL, "layers": 2},
    "no echo": {**ALL, "echo": False},
    "echo alone": {"tied": True, "echo": True},
    "tied alone": {"tied": True},
    "opposite and tones": {"tied": True, "opposite_size": 4, "tone_size": 2},
    "rhyme and place": {"tied": True, "rhyme_size": 4, "place_size": 2, "echo": True},
}
READER = LanguageModel(Architecture(6, 5, **ALL), VOCABULARY)


def build(kind, dropout=None):
    """A model in float64 whose parameters are all random, none of them 0."""
    model = LanguageModel(Architecture(6, 5, **KINDS[kind]), VOCABULARY, dropout=dropout).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    return model


def features_of(inputs):
    return READER.features_of(inputs)


# Poems of unequal lengths, some conditioned on form, rhyme or title.
CONDITIONED = [
    (WUJUE, (WUJUE, "尤", "上樓")),
    (QIJUE, (None, None, "黃河遠")),
    (WUJUE, (None, "尤", None)),
    (QIJUE, (QIJUE, "刪", "春")),
    (WUJUE, (WUJUE, None, None)),
]


def batch(extra=0):
    """Inputs, targets, weights and features; `extra` more steps of padding at the end."""
    poems = [
        np.concatenate((VOCABULARY.prefix(*prefix), VOCABULARY.encode(POEMS[form])))
        for form, prefix in CONDITIONED
    ]
    steps = max(map(len, poems)) - 1 + extra
    generator = np.random.default_rng(extra)
    inputs = generator.integers(0, len(VOCABULARY), (steps, len(poems))).astype(np.int32)
    targets = generator.integers(0, VOCABULARY.outputs, inputs.shape)
    weights = np.zeros(inputs.shape)
    for column, poem in enumerate(poems):
        length = len(poem) - 1
        inputs[:length, column] = poem[:-1]
        targets[:length, column] = np.where(poem[1:] < VOCABULARY.outputs, poem[1:], 0)
        weights[:length, column] = np.where(np.arange(length) < 3, 0.0, 0.5 + column)
    numbers = (inputs.astype(np.int64), targets, weights)
    return (*map(torch.from_numpy, numbers), features_of(inputs))


def plain_loss(model, given_):
    """The loss from all log-probabilities, which tests/model/test_engine.py compares with NumPy."""
    inputs, targets, weights, known = given_
    nll = -model.log_probs(inputs, known).gather(2, targets.unsqueeze(2)).squeeze(2)
    return (nll * weights).sum() / weights.sum()


def gradients(loss, model):
    names, parameters = zip(*model.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, parameters)
    return dict(zip(names, found, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_named_and_shaped_as_in_the_model_file(kind):
    model = build(kind)
    found = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if model.architecture.follows_text:
        found["tones"] = model.tones.shape
    assert found == model.architecture.shapes(VOCABULARY)


def test_the_report_initialization_is_uniform_with_a_forget_bias_of_one():
    model = LanguageModel(Architecture(64, 100), VOCABULARY, "report")
    bound = 1 / math.sqrt(100)
    bias = model.lstm.bias_l0.detach()
    assert torch.equal(bias[100:200], torch.ones(100))
    drawn = [bias[:100], bias[200:]]
    drawn += [p.detach() for name, p in model.named_parameters() if "bias" not in name]
    drawn.append(model.output.bias.detach())
    for values in drawn:
        assert values.abs().max() <= bound
        # Of n uniform numbers, the chance that none is within 40/n of an end is below e^-19.
        reach = bound * (1 - 40 / max(len(values.flatten()), 40))
        assert values.max() > reach
        assert values.min() < -reach


@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_are_those_of_the_log_probabilities(kind):
    """The gradient of a tied embedding is the sum over all its uses."""
    model, given_ = build(kind), batch()
    inputs, targets, _, known = given_
    even = (inputs, targets, torch.ones(inputs.shape), known)
    unweighted = model.loss(inputs, targets, None, known)
    assert unweighted.item() == pytest.approx(plain_loss(model, even).item(), rel=1e-12)
    loss, expected = model.loss(*given_), plain_loss(model, given_)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    reference = gradients(expected, model)
    for name, gradient in gradients(loss, model).items():
        assert (gradient - reference[name]).norm() <= 1e-11 * (1 + reference[name].norm()), name
        assert gradient.any(), name


@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_changing_an_input_changes_no_earlier_log_probability(data, kind):
    torch.manual_seed(1)
    model = build(kind)
    inputs = batch()[0].numpy().astype(np.int32)
    column = data.draw(st.integers(0, inputs.shape[1] - 1))
    place = data.draw(st.integers(0, len(inputs) - 1))
    other = inputs.copy()
    tokens = st.integers(0, len(VOCABULARY) - 1)
    other[place, column] = data.draw(tokens.filter(lambda token: token != inputs[place, column]))
    one, two = (
        model.log_probs(torch.from_numpy(ids.astype(np.int64)), features_of(ids))
        for ids in (inputs, other)
    )
    torch.testing.assert_close(one[:place], two[:place], rtol=0, atol=1e-12)
    others = torch.arange(inputs.shape[1]) != column
    torch.testing.assert_close(one[:, others], two[:, others], rtol=0, atol=1e-12)
    assert (one[place, column] - two[place, column]).abs().max() > 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_padding_at_the_end_changes_neither_loss_nor_any_gradient(kind):
    model = build(kind)
    losses = [model.loss(*batch(extra)) for extra in (0, 7)]
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-12)
    one, two = (gradients(loss, model) for loss in losses)
    for name, gradient in one.items():
        assert (gradient - two[name]).norm() <= 1e-11 * (1 + gradient.norm()), name


def test_a_new_model_with_a_tied_output_predicts_nearly_as_chance_does():
    model = LanguageModel(Architecture(64, 48, **ALL), VOCABULARY)
    loss = model.loss(*batch()).item()
    assert loss == pytest.approx(np.log(VOCABULARY.outputs), abs=0.05)
    assert not model.echo.weight.any()
    assert not model.projection.bias.any()


class Seen:
    """What the parts of a model were given in one forward pass."""

    def __init__(self, model, monkeypatch):
        self.recurrent = []
        self.others = []
        original = cell.lstm_sequence

        def sequence(x, state, weight_ih, weight_hh, *others):
            self.recurrent.append(weight_hh.detach())
            self.others.append((weight_ih, others[0]))
            return original(x, state, weight_ih, weight_hh, *others)

        def keep(_module, arguments, result):
            self.input, self.above = arguments[0].detach(), result[0].detach()

        monkeypatch.setattr(cell, "lstm_sequence", sequence)
        model.lstm.register_forward_hook(keep)


def test_recurrent_weights_are_dropped_anew_for_each_batch_and_only_while_training(monkeypatch):
    model = build("two layers", Dropout(recurrent=0.4))
    seen = Seen(model, monkeypatch)
    inputs, _, _, known = batch()
    weights = [model.lstm.weight_hh_l0, model.lstm.weight_hh_l1]
    for _ in range(2):
        model.hidden_states(inputs, known)
    assert not torch.equal(seen.recurrent[0], seen.recurrent[2])
    for found, weight in zip(seen.recurrent, weights * 2, strict=True):
        kept = found != 0
        assert 0.4 < kept.double().mean() < 0.8
        torch.testing.assert_close(found[kept], weight[kept] / 0.6)
    assert seen.others[0][0] is model.lstm.weight_ih_l0
    assert seen.others[0][1] is model.lstm.bias_l0
    seen.recurrent.clear()
    model.eval().hidden_states(inputs, known)
    assert all(map(torch.equal, seen.recurrent, weights))


def test_input_and_output_units_are_dropped_at_all_steps_or_none(monkeypatch):
    model = build("opposite and tones", Dropout(input=0.3, output=0.5))
    seen = Seen(model, monkeypatch)
    inputs, _, _, known = batch()
    hidden = model.hidden_states(inputs, known).detach()
    H = model.architecture.hidden_size
    for dropped, p in ((seen.input, 0.3), (hidden[..., :H], 0.5)):
        kept = dropped != 0
        assert torch.equal(kept, kept[:1].expand_as(kept))
        assert not torch.equal(kept[0, 0], kept[0, 1])  # each sequence has its own
        assert abs(kept[0].double().mean().item() - (1 - p)) < 0.3
    kept = hidden[..., :H] != 0
    torch.testing.assert_close(hidden[..., :H][kept], 2 * seen.above[kept])
    assert hidden[..., H:].all()  # the features beside it stay


def test_characters_are_dropped_wherever_they_are_read_and_stay_in_the_output():
    model = build("all", Dropout(characters=0.5))
    inputs, _, _, known = batch()
    tables = []
    original = F.embedding

    def embedding(ids, table, *options):
        tables.append(table.detach())
        return original(ids, table, *options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tangyin.nn.language_model.F.embedding", embedding)
        hidden = model.hidden_states(inputs, known)
    # those of place and tone are looked up whole
    of_characters = [table for table in tables if table.shape == model.embedding.weight.shape]
    assert len(of_characters) == 3  # the input, the character opposite, the rhyme
    assert all(torch.equal(table, of_characters[0]) for table in of_characters)
    rows = (of_characters[0] != 0).any(1)
    assert 0.2 < rows.double().mean() < 0.8
    torch.testing.assert_close(of_characters[0][rows], 2 * model.embedding.weight[rows].detach())
    _, weight = model._output(hidden.flatten(0, 1))
    assert torch.equal(weight, model.embedding.weight[: VOCABULARY.outputs])


def test_without_training_nothing_is_dropped():
    model = build("all", Dropout(0.3, 0.3, 0.3, 0.3))
    plain = build("all")
    plain.load_state_dict(model.state_dict())
    given_ = batch()
    assert model.loss(*given_).item() != model.loss(*given_).item()
    assert model.eval().loss(*given_).item() == plain.loss(*given_).item()
