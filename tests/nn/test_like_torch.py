"""PyTorch's tests of LSTMs, in our own words, run against our classes; docs/api/nn.md lists them.

The samples are PyTorch's: those that its `test/test_modules.py` runs every module on.
"""

import copy
import importlib
import io
import pickle
import sys
import unittest
from functools import lru_cache, partial
from itertools import product
from types import ModuleType

import pytest
import torch
from torch.nn.utils import parametrizations, parametrize
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tangyin import nn
from tangyin.nn import LSTM, LSTMCell, ShapeError, mask_from_lengths

float32, float64 = torch.float32, torch.float64
KINDS = ["LSTM", "LSTMCell"]
per_kind = pytest.mark.parametrize("kind", KINDS)
same = partial(torch.testing.assert_close, rtol=1e-5, atol=1e-6)
identical = partial(torch.testing.assert_close, rtol=0, atol=0)


@lru_cache(maxsize=1)
def module_database():
    """torch.testing's samples; they import a package that only their own test case uses."""
    if "expecttest" not in sys.modules:
        sys.modules["expecttest"] = stand_in = ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
    return importlib.import_module("torch.testing._internal.common_modules")


def samples(kind, **options):
    """(a module of ours, PyTorch's with its weights, arguments of a call, the sample) of each."""
    arguments = {"device": "cpu", "dtype": float64, "requires_grad": False, "training": True}
    given = getattr(module_database(), f"module_inputs_torch_nn_{kind}")(None, **arguments)
    for sample in given:
        args, kwargs = sample.constructor_input.args, sample.constructor_input.kwargs
        ours, theirs = (
            getattr(of, kind)(*args, dtype=float64, **kwargs, **options) for of in (nn, torch.nn)
        )
        ours.load_state_dict(theirs.state_dict())
        yield ours, theirs, sample.forward_input.args, sample


def flat(result):
    return [result] if isinstance(result, torch.Tensor) else [t for r in result for t in flat(r)]


def leaves(args):
    """A deep copy of call arguments that asks for gradients, and its tensors."""
    copied = torch.utils._pytree.tree_map(lambda t: t.detach().clone().requires_grad_(), args)
    return copied, torch.utils._pytree.tree_leaves(copied)


def total(result):
    return sum((n + 1) * t.sin().sum() for n, t in enumerate(flat(result)))


@per_kind
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_on_every_sample_results_and_gradients_are_torchs_and_the_references(kind):
    for ours, theirs, args, sample in samples(kind):
        results = []
        for module in (ours, theirs):
            given, tensors = leaves(args)
            output = module(*given)
            wanted = [*tensors, *module.parameters()]
            results.append([*flat(output), *torch.autograd.grad(total(output), wanted)])
        torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)
        same(ours(*args), sample.reference_fn(ours, *args))


@per_kind
def test_on_every_sample_names_are_torchs_and_strides_copies_files_and_modes_change_nothing(kind):
    for ours, theirs, args, sample in samples(kind):
        before, expected = copy.deepcopy(theirs.state_dict()), ours(*args)
        assert [n for n, _ in ours.named_parameters()] == list(ours.state_dict()) == list(before)
        theirs.load_state_dict(ours.state_dict())
        identical(theirs.state_dict(), before)
        assert repr(ours) == repr(theirs)
        scattered = torch.utils._pytree.tree_map(
            lambda t: torch.stack([t, t + 1], -1)[..., 0], args
        )
        identical(ours(*scattered), expected)
        for other in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
            identical(other(*args), expected)
            for parameter in other.parameters():
                torch.nn.init.zeros_(parameter)
        stored = io.BytesIO()
        torch.save(ours.state_dict(), stored)
        stored.seek(0)
        options = sample.constructor_input
        again = getattr(nn, kind)(*options.args, dtype=float64, **options.kwargs)
        again.load_state_dict(torch.load(stored, weights_only=True), assign=True)
        identical(again(*args), expected)
        identical(ours.eval()(*args), expected)


@per_kind
def test_on_every_sample_dtype_and_device_arguments_reach_all_parameters(kind):
    for ours, _, _, sample in samples(kind):
        args, kwargs = sample.constructor_input.args, sample.constructor_input.kwargs
        made = getattr(nn, kind)(*args, device="meta", dtype=torch.bfloat16, **kwargs)
        with torch.device("meta"):
            within = getattr(nn, kind)(*args, **kwargs)
        for parameter in (*made.parameters(), *within.parameters()):
            assert parameter.device.type == "meta"
        assert {p.dtype for p in made.parameters()} == {torch.bfloat16}
        filled = made.to_empty(device="cpu").to(float64)
        filled.load_state_dict(ours.state_dict())
        identical(list(filled.parameters()), list(ours.parameters()))
        assert {p.dtype for p in ours.to(float32).parameters()} == {float32}


def test_every_error_of_torchs_samples_is_an_error_of_the_same_class():
    database = module_database()
    found = database.module_error_inputs_torch_nn_LSTMCell(
        None, device="cpu", dtype=float32, requires_grad=False, training=True
    )
    assert found
    for case in found:
        sample = case.module_error_input
        cell = LSTMCell(*sample.constructor_input.args, **sample.constructor_input.kwargs)
        with pytest.raises(case.error_type):
            cell(*sample.forward_input.args, **sample.forward_input.kwargs)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((0, 4), {}),
        ((3, 0), {}),
        ((3.0, 4), {}),
        ((3, "4"), {}),
        ((3, 4, 0), {}),
        ((3, 4, 2), {"dropout": -0.1}),
        ((3, 4, 2), {"dropout": 1.1}),
        ((3, 4, 2), {"dropout": True}),
        ((3, 4), {"bias": 1}),
        ((3, 4), {"batch_first": None}),
        ((3, 4), {"proj_size": -1}),
        ((3, 4), {"proj_size": 4}),
    ],
)
def test_what_torch_refuses_to_make_is_refused_with_the_same_class(arguments, options):
    with pytest.raises((TypeError, ValueError)) as theirs:
        torch.nn.LSTM(*arguments, **options)
    with pytest.raises((TypeError, ValueError)) as ours:
        LSTM(*arguments, **options)
    assert ours.type is theirs.type
    assert str(ours.value).count("\n") == 0


R = torch.randn
WRONG = [  # of LSTM(3, 4, 2, bidirectional=True) on 5 steps of 2 sequences
    (R(5, 2, 7), None, "7 features .* input_size=3"),
    (R(5, 2, 3, 1), None, "give 3 dimensions"),
    (R(3), None, "give 3 dimensions"),
    (R(0, 2, 3), None, "at least one step"),
    (R(5, 2, 3).double(), None, "convert one to the other"),
    (torch.ones(5, 2, 3, dtype=torch.long), None, "convert one to the other"),
    (R(5, 2, 3, device="meta"), None, "move one to the other"),
    (R(5, 2, 3), (R(4, 2, 5), R(4, 2, 4)), r"each of shape \(4, 2, 4\)"),
    (R(5, 2, 3), (R(4, 2, 4), R(4, 3, 4)), r"each of shape \(4, 2, 4\)"),
    (R(5, 2, 3), (R(2, 2, 4), R(2, 2, 4)), r"each of shape \(4, 2, 4\)"),
    (R(5, 2, 3), (R(4, 4), R(4, 4)), r"each of shape \(4, 2, 4\)"),
    (R(5, 2, 3), (R(4, 2, 4).double(), R(4, 2, 4).double()), "convert one to the other"),
    (R(5, 2, 3), (R(4, 2, 4, device="meta"), R(4, 2, 4)), "move one to the other"),
    (R(5, 3), (R(4, 2, 4), R(4, 2, 4)), r"each of shape \(4, 4\)"),
]
PROJECTED = [  # of LSTM(3, 4, 2, proj_size=2), wrong in one place
    (R(5, 7, 3), (R(2, 2, 2), R(2, 2, 4)), "of shapes"),
    (R(5, 2, 7), (R(2, 2, 2), R(2, 2, 4)), "7 features"),
    (R(5, 2, 3), (R(2, 7, 2), R(2, 7, 4)), "of shapes"),
    (R(5, 2, 3), (R(2, 2, 4), R(2, 2, 4)), "of shapes"),
    (R(5, 2, 3), (R(2, 2, 2), R(2, 2, 2)), "of shapes"),
    (R(5, 2, 3), (R(2, 2, 2), R(7, 2, 4)), "of shapes"),
]


@pytest.mark.parametrize(
    ("options", "input", "hx", "match"),
    [*(({"bidirectional": True}, *w) for w in WRONG), *(({"proj_size": 2}, *w) for w in PROJECTED)],
    ids=range(len(WRONG) + len(PROJECTED)),
)
def test_what_torch_refuses_to_read_is_refused_in_one_sentence(options, input, hx, match):
    ours, theirs = (kind(3, 4, 2, **options) for kind in (LSTM, torch.nn.LSTM))
    with pytest.raises((RuntimeError, ValueError)) as expected:
        theirs(input, hx)
    with pytest.raises(ShapeError, match=match) as found:
        ours(input, hx)
    assert issubclass(found.type, expected.type)
    assert "\n" not in str(found.value)


def test_tied_weights_count_once_and_get_both_gradients():
    results = []
    state = torch.nn.LSTM(3, 4, bidirectional=True).state_dict()
    x = torch.randn(5, 2, 3)
    for kind in (LSTM, torch.nn.LSTM):
        lstm = kind(3, 4, bidirectional=True)
        lstm.load_state_dict(state)
        lstm.weight_hh_l0_reverse = lstm.weight_hh_l0
        assert len(list(lstm.parameters())) == 7
        output, _ = lstm(x)
        results.append([output, torch.autograd.grad(output.sum(), lstm.weight_hh_l0)[0]])
    same(*results)


@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l1", "bias_hh_l0"])
def test_a_parametrized_weight_is_the_one_that_is_used(name):
    lstm, x = LSTM(3, 4, 2), torch.randn(5, 2, 3)
    before = lstm(x)[0]
    if name.startswith("weight"):
        parametrizations.weight_norm(lstm, name)
        same(lstm(x)[0], before)
        assert len(list(lstm.parameters())) == 9
    else:

        class Doubled(torch.nn.Module):
            def forward(self, given):
                return 2 * given

        parametrize.register_parametrization(lstm, name, Doubled())
        assert not torch.allclose(lstm(x)[0], before)
    lstm(x)[0].sum().backward()
    assert all(p.grad is not None for p in lstm.parameters())
    parametrize.remove_parametrizations(lstm, name, leave_parametrized=name.startswith("weight"))
    same(lstm(x)[0], before)


def test_weights_may_be_taken_away_and_given_back_as_tensors():
    lstm, x = LSTM(3, 4), torch.randn(5, 2, 3)
    before = lstm(x)[0]
    kept = {name: parameter.detach() for name, parameter in lstm.named_parameters()}
    for name in kept:
        delattr(lstm, name)
    with pytest.raises(AttributeError):
        lstm(x)
    for name, value in kept.items():
        setattr(lstm, name, value)
    identical(lstm(x)[0], before)
    lstm.weight_hh_l0 = 2 * kept["weight_hh_l0"]
    assert not torch.allclose(lstm(x)[0], before)


def test_the_dropout_can_be_changed_and_at_one_lets_nothing_through():
    lstm, x = LSTM(3, 4, 2, dtype=float64), torch.randn(5, 2, 3, dtype=float64)
    before = lstm(x)[0]
    lstm.dropout = 1.0
    upper = LSTM(4, 4, dtype=float64)
    upper.load_state_dict({n[:-1] + "0": p for n, p in lstm.state_dict().items() if n[-1] == "1"})
    same(lstm(x)[0], upper(torch.zeros(5, 2, 4, dtype=float64))[0])
    lstm.dropout = 0.0
    identical(lstm(x)[0], before)
    torch.manual_seed(1)
    lstm.dropout = 0.5
    first = lstm(x)[0]
    torch.manual_seed(1)
    identical(lstm(x)[0], first)


@pytest.mark.parametrize(("bidirectional", "batch_first"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize("lengths", [[4, 3, 1], [4, 1, 3]], ids=["sorted", "unsorted"])
def test_a_packed_batch_gives_what_torch_gives_with_its_gradients(
    bidirectional, batch_first, lengths
):
    options = {"bidirectional": bidirectional, "batch_first": batch_first, "dtype": float64}
    ours, theirs = (kind(3, 4, 2, **options) for kind in (LSTM, torch.nn.LSTM))
    ours.load_state_dict(theirs.state_dict())
    in_order = lengths == sorted(lengths, reverse=True)
    x = torch.randn(3, 4, 3, dtype=float64)
    hx = torch.randn(2, 2 * ours.directions, 3, 4, dtype=float64).unbind()
    results = []
    for lstm in (ours, theirs):
        given = x.clone().requires_grad_()
        laid = given if batch_first else given.transpose(0, 1)
        packed = pack_padded_sequence(laid, lengths, batch_first, enforce_sorted=in_order)
        output, last = lstm(packed, hx)
        padded, found = pad_packed_sequence(output, batch_first)
        assert found.tolist() == lengths
        loss = total([padded, *last])
        results.append([padded, *last, *torch.autograd.grad(loss, [given, *lstm.parameters()])])
    torch.testing.assert_close(*results)


def test_the_rest_of_the_interface_is_there():
    for arguments in ((3, 4), (3, 4, 2, False, True, 0.5, True, 2)):
        ours, theirs = LSTM(*arguments), torch.nn.LSTM(*arguments)
        assert repr(ours) == repr(theirs)
        for name in ("mode", "bias", "dropout", "proj_size", "batch_first", "bidirectional"):
            assert getattr(ours, name) == getattr(theirs, name)
        ours.load_state_dict(theirs.state_dict())
        identical(ours.all_weights, theirs.all_weights)
        before = [p.clone() for p in ours.parameters()]
        ours.flatten_parameters()
        identical(list(ours.parameters()), before)
        ours.reset_parameters()
        assert not any(map(torch.equal, ours.parameters(), before))
    assert LSTMCell(3, 4).bias is True
    assert repr(LSTMCell(3, 4, bias=False)) == repr(torch.nn.LSTMCell(3, 4, bias=False))


CELLS = ["lstm", "peephole", "layer-norm"]


@pytest.mark.parametrize(("cell", "proj_size"), [*((cell, 0) for cell in CELLS), ("lstm", 2)])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nothing_in_the_padding_reaches_an_output_or_a_gradient(cell, value, proj_size):
    options = {"bidirectional": True, "cell": cell, "proj_size": proj_size}
    lstm = LSTM(3, 4, 2, **options)
    mask = mask_from_lengths(torch.tensor([5, 2, 0]))
    clean = torch.randn(5, 3, 3)
    results = []
    for x in (clean, clean.masked_fill(~mask.unsqueeze(-1), value)):
        given = x.clone().requires_grad_()
        output, last = lstm(given, mask=mask)
        total([output, *last, *lstm.states(given, mask=mask)]).backward()
        results.append([output, *last, given.grad, *(p.grad.clone() for p in lstm.parameters())])
        lstm.zero_grad()
    identical(*results)
    assert not results[0][3][~mask].any()
