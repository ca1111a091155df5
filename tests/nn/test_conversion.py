import copy
from functools import partial
from pathlib import Path

import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from safetensors.torch import load, save

import tangyin.nn
from tangyin.nn import LSTM, LSTMCell, from_onnx, from_torch, to_onnx, to_torch

NODES = Path(onnx.__file__).parent / "backend/test/data/node"
identical = partial(torch.testing.assert_close, rtol=0, atol=0)
SHAPES = [(1, False, True), (2, True, True), (3, False, False), (2, True, False)]


def stored(case):
    """The node, inputs and outputs of a case stored in the onnx wheel, by the operator's names."""
    model = onnx.load(NODES / case / "model.onnx")
    (node,) = model.graph.node
    folder = NODES / case / "test_data_set_0"

    def read(kind, names):
        found = [n for n in names if n]
        tensors = [onnx.load_tensor(folder / f"{kind}_{n}.pb") for n in range(len(found))]
        values = (torch.tensor(numpy_helper.to_array(t)) for t in tensors)
        return dict(zip(found, values, strict=True))

    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    slots = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    given, expected = read("input", node.input), read("output", node.output)
    inputs = {s: given[n] for s, n in zip(slots, node.input, strict=False) if n}
    outputs = zip(["Y", "Y_h", "Y_c"], node.output, strict=False)
    return attributes, inputs, {s: expected[n] for s, n in outputs if n}


def run_onnx(attributes, inputs):
    """Run our LSTM on the inputs of an ONNX node; Y, Y_h and Y_c in the node's layout."""
    batchwise = attributes.get("layout", 0) == 1
    size, hidden = inputs["W"].shape[2], attributes["hidden_size"]
    cell = "peephole" if "P" in inputs else "lstm"
    lstm = LSTM(size, hidden, batch_first=batchwise, cell=cell)
    lstm.load_state_dict(from_onnx(inputs))
    hx = (inputs["initial_h"], inputs["initial_c"]) if "initial_h" in inputs else None
    output, (h, c) = lstm(inputs["X"], hx)
    if batchwise:  # (B, T, D, H), (B, D, H)
        return {"Y": output.unsqueeze(2), "Y_h": h.transpose(0, 1), "Y_c": c.transpose(0, 1)}
    return {"Y": output.unsqueeze(1), "Y_h": h, "Y_c": c}


@pytest.mark.parametrize("case", ["defaults", "with_initial_bias", "with_peepholes", "batchwise"])
def test_the_onnx_node_case_stored_in_the_wheel(case):
    attributes, inputs, expected = stored(f"test_lstm_{case}")
    assert ("P" in inputs) == (case == "with_peepholes")
    assert (attributes.get("layout") == 1) == (case == "batchwise")
    assert expected
    found = run_onnx(attributes, inputs)
    torch.testing.assert_close({n: found[n] for n in expected}, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "peephole"])
def test_random_weights_equal_onnxs_reference_in_its_gate_order(cell, randomise):
    """The stored cases fill each matrix with one constant, which would hide swapped gates."""
    lstm = randomise(LSTM(3, 4, cell=cell))
    inputs = {n: t.detach() for n, t in to_onnx(lstm.state_dict()).items()}
    inputs["X"] = torch.randn(5, 2, 3)
    inputs["initial_h"], inputs["initial_c"] = torch.randn(2, 1, 2, 4).unbind(0)
    slots = ["X", "W", "R", "B", "", "initial_h", "initial_c", "P"]
    names = [s if s in inputs else "" for s in slots]
    node = helper.make_node("LSTM", names, ["Y", "Y_h"], hidden_size=4)
    floats = {n: helper.make_tensor_value_info(n, 1, t.shape) for n, t in inputs.items()}
    outputs = [helper.make_tensor_value_info(n, 1, None) for n in ("Y", "Y_h")]
    graph = helper.make_graph([node], "lstm", list(floats.values()), outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    feed = {n: t.numpy() for n, t in inputs.items()}
    expected = ReferenceEvaluator(model).run(None, feed)
    found = run_onnx({"hidden_size": 4}, inputs)
    for name, value in zip(("Y", "Y_h"), expected, strict=True):
        given = torch.tensor(value).reshape(found[name].shape)
        torch.testing.assert_close(found[name], given, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("layers", "bidirectional", "bias"), SHAPES)
@pytest.mark.parametrize("cell", ["lstm", "peephole"])
def test_onnx_round_trip(layers, bidirectional, bias, cell, randomise):
    options = {"bidirectional": bidirectional, "cell": cell, "biases": 1}
    lstm = randomise(LSTM(3, 4, layers, bias, **options))
    state, again, D = lstm.state_dict(), {}, 2 if bidirectional else 1
    for layer in range(layers):
        inputs = to_onnx(state, layer)
        shapes = {"W": (D, 16, 4 * D if layer else 3), "R": (D, 16, 4)}
        shapes |= {"B": (D, 32)} if bias else {}
        shapes |= {"P": (D, 12)} if cell == "peephole" else {}
        assert {name: value.shape for name, value in inputs.items()} == shapes
        again |= from_onnx(inputs, layer)
    if not bias:
        assert not any(again.pop(name).any() for name in list(again) if name.startswith("bias"))
    identical(again, dict(state))


def test_onnx_weights_of_three_directions_are_refused():
    with pytest.raises(ValueError, match="one or two"):
        from_onnx({"W": torch.randn(3, 16, 3), "R": torch.randn(3, 16, 4)})


@pytest.mark.parametrize(("layers", "bidirectional", "bias"), SHAPES)
def test_torch_round_trip(layers, bidirectional, bias, randomise):
    lstm = randomise(LSTM(3, 4, layers, bias, bidirectional=bidirectional, biases=1))
    theirs = torch.nn.LSTM(3, 4, layers, bias, bidirectional=bidirectional)
    theirs.load_state_dict(to_torch(lstm.state_dict()))
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(theirs(x), lstm(x))
    again = LSTM(3, 4, layers, bias, bidirectional=bidirectional, biases=1)
    again.load_state_dict(theirs.state_dict())
    identical(again.state_dict(), lstm.state_dict())


def test_two_biases_load_as_their_sum_and_save_as_it_and_zero():
    theirs = torch.nn.LSTM(3, 4)
    ours = LSTM(3, 4, biases=1)
    ours.load_state_dict(theirs.state_dict())
    assert torch.equal(ours.bias_l0, theirs.bias_ih_l0 + theirs.bias_hh_l0)
    saved = to_torch(ours.state_dict())
    assert torch.equal(saved["bias_ih_l0"], ours.bias_l0)
    assert not saved["bias_hh_l0"].any()


def test_a_torch_state_dict_is_left_as_it_was():
    state = torch.nn.LSTM(3, 4).state_dict()
    before = copy.deepcopy(state)
    from_torch(state)
    LSTM(3, 4).load_state_dict(state)
    identical(state, before)


def test_state_dict_survives_a_model_around_it_and_a_file(randomise):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(7, 3)
            self.lstm = LSTM(3, 4, 2, cell="layer-norm")

    model = randomise(Model())
    assert "lstm.gain_hh_l1" in model.state_dict()
    again = Model()
    again.load_state_dict(load(save(model.state_dict())))
    identical(list(again.parameters()), list(model.parameters()))


@pytest.mark.parametrize("kind", ["LSTM", "LSTMCell"])
@pytest.mark.parametrize("bias", [True, False])
def test_names_and_state_dict_are_torchs_and_load_both_ways_to_the_bit(kind, bias):
    arguments = (3, 4, 2, bias) if kind == "LSTM" else (3, 4, bias)
    ours, theirs = (getattr(of, kind)(*arguments) for of in (tangyin.nn, torch.nn))
    for again in (dict(ours.named_parameters()), dict(ours.state_dict())):
        assert list(again) == list(theirs.state_dict())
    before = copy.deepcopy(theirs.state_dict())
    ours.load_state_dict(before)
    theirs.load_state_dict(ours.state_dict())
    identical(theirs.state_dict(), before)


@pytest.mark.parametrize(
    "make", [partial(LSTM, 3, 4, 2, bidirectional=True), partial(LSTMCell, 3, 4)]
)
def test_one_bias_and_two_load_into_one_another(make):
    two, one = make(biases=2), make(biases=1)
    x = torch.randn(5, 3)
    one.load_state_dict(two.state_dict())
    torch.testing.assert_close(one(x), two(x))
    two.load_state_dict(one.state_dict())
    identical(two(x), one(x))
    assert not any(p.any() for name, p in two.named_parameters() if "bias_hh" in name)


@pytest.mark.parametrize("biases", [1, 2])
@pytest.mark.parametrize("missing", ["weight_ih_l0", "bias_ih_l0", "bias_hh_l0"])
def test_a_missing_entry_is_an_error_and_no_bias_stands_in_for_two(biases, missing):
    state = torch.nn.LSTM(3, 4).state_dict()
    state.pop(missing)
    with pytest.raises(RuntimeError, match="Missing key"):
        LSTM(3, 4, biases=biases).load_state_dict(state)
    if "bias" in missing:
        with pytest.raises(KeyError, match=missing):
            from_torch(state)


def test_a_missing_or_strange_entry_is_named():
    state = LSTM(3, 4).state_dict()
    state["weight_hh_l7"] = state.pop("weight_hh_l0")
    with pytest.raises(RuntimeError, match=r"weight_hh(.|\n)*weight_hh_l7"):
        LSTM(3, 4).load_state_dict(state)


def test_a_deep_copy_keeps_names_and_shares_nothing(randomise):
    lstm = randomise(LSTM(3, 4, 2, bidirectional=True))
    twin = copy.deepcopy(lstm)
    assert list(twin.state_dict()) == list(lstm.state_dict())
    with torch.no_grad():
        twin.weight_hh_l1_reverse.add_(1.0)
    assert not torch.equal(twin.weight_hh_l1_reverse, lstm.weight_hh_l1_reverse)
