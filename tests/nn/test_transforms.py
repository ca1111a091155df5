"""torch.func, torch.export and torch.compile; the operators that they see."""

import subprocess
import sys

import pytest
import torch
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, vmap

from tangyin.nn import LSTM, lstm_sequence

float64 = torch.float64
FACES = {
    "one layer": {},
    "two layers, both directions": {"num_layers": 2, "bidirectional": True, "batch_first": True},
    "projection": {"proj_size": 2},
    "no bias": {"bias": False},
}
per_face = pytest.mark.parametrize("face", FACES)


def pair(face, dtype=float64):
    """Ours, torch's with the same weights, those weights, and an input."""
    ours, theirs = (kind(3, 4, dtype=dtype, **FACES[face]) for kind in (LSTM, torch.nn.LSTM))
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs, dict(ours.state_dict()), torch.randn(3, 2, 3, dtype=dtype)


def outputs(lstm):
    return lambda weights, x: functional_call(lstm, weights, (x,))[0]


def loss(lstm):
    return lambda weights, x: outputs(lstm)(weights, x).square().sum()


DERIVATIVES = {
    "grad": lambda lstm, w, x: grad(loss(lstm), (0, 1))(w, x),
    "jacrev": lambda lstm, w, x: jacrev(outputs(lstm), (0, 1))(w, x),
    "jacfwd": lambda lstm, w, x: jacfwd(outputs(lstm), (0, 1))(w, x),
    "hessian": lambda lstm, w, x: hessian(loss(lstm), 1)(w, x),
    "jacrev of jacrev": lambda lstm, w, x: jacrev(jacrev(loss(lstm), 1), 0)(w, x),
    "a jacobian at once": lambda lstm, w, x: torch.autograd.functional.jacobian(
        lambda x: outputs(lstm)(w, x), x, vectorize=True
    ),
    "a differentiable jacobian at once": lambda lstm, w, x: torch.autograd.functional.hessian(
        lambda x: loss(lstm)(w, x), x, vectorize=True
    ),
}


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")  # forward mode's own
@per_face
@pytest.mark.parametrize("what", DERIVATIVES)
def test_derivatives_by_transforms_are_those_of_torchs_lstm(face, what):
    ours, theirs, weights, x = pair(face)
    found, expected = (DERIVATIVES[what](lstm, weights, x) for lstm in (ours, theirs))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


@per_face
def test_vmap_over_inputs_weights_and_gradients_is_a_loop(face):
    lstm, _, weights, x = pair(face)
    many = torch.stack([x, 2 * x, -x])
    stacked = {name: torch.stack([w, w + 1]) for name, w in weights.items()}
    found = vmap(outputs(lstm), (None, 0))(weights, many)
    torch.testing.assert_close(found, torch.stack([lstm(one)[0] for one in many]))
    found = vmap(outputs(lstm), (0, None))(stacked, x)
    rows = ({name: w[n] for name, w in stacked.items()} for n in range(2))
    torch.testing.assert_close(found, torch.stack([outputs(lstm)(row, x) for row in rows]))
    found = vmap(grad(loss(lstm)), (None, 0))(weights, many)
    for n, one in enumerate(many):
        torch.testing.assert_close(
            {name: g[n] for name, g in found.items()}, grad(loss(lstm))(weights, one)
        )


@per_face
@pytest.mark.parametrize("strict", [False, True])
def test_an_exported_lstm_is_one_operator_a_layer_and_direction_and_can_be_trained(face, strict):
    lstm, _, _, x = pair(face, torch.float32)
    dims = ({0: torch.export.Dim("a", min=2), 1: torch.export.Dim("b", min=2)},)
    program = torch.export.export(lstm, (x,), dynamic_shapes=dims, strict=strict)
    calls = [str(node.target) for node in program.graph.nodes if "tangyin" in str(node.target)]
    assert calls == ["tangyin.lstm_sequence.default"] * lstm.num_layers * lstm.directions
    again = program.module()
    longer = torch.randn(7, 5, 3)
    output, _ = again(longer)
    torch.testing.assert_close(output, lstm(longer)[0])
    output.square().sum().backward()
    lstm(longer)[0].square().sum().backward()
    for name, parameter in again.named_parameters():
        torch.testing.assert_close(parameter.grad, lstm.get_parameter(name).grad)


@pytest.fixture
def dynamo():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@per_face
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_compiled_lstm_is_one_graph_with_the_same_results_and_gradients(face, backend, dynamo):
    lstm, _, _, x = pair(face, torch.float32)
    graphs = []

    def compile_graph(graph, inputs):
        graphs.append(graph)
        return torch._dynamo.lookup_backend(backend)(graph, inputs)

    compiled = torch.compile(lstm, fullgraph=True, backend=compile_graph)
    results = []
    for module in (compiled, lstm):
        given = x.clone().requires_grad_()
        lstm.zero_grad()
        output, (h, c) = module(given)
        (output.square().sum() + h.sum() + c.sum()).backward()
        gradients = [p.grad.clone() for p in lstm.parameters()]
        results.append([output, h, c, given.grad, *gradients])
    torch.testing.assert_close(*results, rtol=1e-6, atol=1e-6)
    (graph,) = graphs
    calls = [node for node in graph.graph.nodes if "lstm_sequence" in str(node.target)]
    assert len(calls) == lstm.num_layers * lstm.directions


def test_a_mask_and_a_half_precision_autocast_compile_too(dynamo):
    lstm, x = LSTM(3, 4), torch.randn(5, 2, 3)
    mask = torch.tensor([5, 2]) > torch.arange(5).unsqueeze(1)

    def run(x, mask):
        with torch.autocast("cpu", torch.bfloat16):
            return lstm(x, None, mask)[0]

    compiled = torch.compile(run, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x, mask), run(x, mask))


def operands(dtype, mask, projected, autocast=None):
    T, B, E, H, P = 3, 2, 3, 4, 2 if projected else 4
    shapes = [(T, B, E), (B, P), (B, H), (4 * H, E), (4 * H, P), (4 * H,)]
    given = [torch.randn(s, dtype=dtype, requires_grad=True) for s in shapes]
    hr = torch.randn(P, H, dtype=dtype, requires_grad=True) if projected else None
    keep = torch.tensor([[True, True], [True, False], [False, True]]) if mask else None
    return *given, hr, keep, autocast or dtype


@pytest.mark.parametrize("mask", [False, True], ids=["full", "masked"])
@pytest.mark.parametrize("projected", [False, True], ids=["plain", "projection"])
@pytest.mark.parametrize("dtype", [torch.float32, float64, "bfloat16 products"])
def test_the_operators_keep_what_torch_library_requires(mask, projected, dtype):
    half = torch.bfloat16 if dtype == "bfloat16 products" else None
    given = operands(torch.float32 if half else dtype, mask, projected, half)
    tolerance = {"rtol": 1e-2, "atol": 1e-2} if half else {}
    torch.library.opcheck(torch.ops.tangyin.lstm_sequence, given, **tolerance)
    *tensors, keep, products = (t.detach() if isinstance(t, torch.Tensor) else t for t in given)
    made = torch.ops.tangyin.lstm_sequence(*tensors, keep, products)
    outer = [torch.randn_like(made[0]), None]
    arguments = (*outer, *tensors, keep, *made, [True] * 5 + [False, projected], products)
    tests = ("test_schema", "test_faketensor")
    torch.library.opcheck(
        torch.ops.tangyin.lstm_gradients, arguments, test_utils=tests, **tolerance
    )


def test_an_lstm_on_the_meta_device_gives_shapes():
    lstm = LSTM(3, 4, 2, bidirectional=True, proj_size=2, device="meta")
    output, (h, c) = lstm(torch.empty(5, 2, 3, device="meta"))
    assert [tuple(t.shape) for t in (output, h, c)] == [(5, 2, 4), (4, 2, 2), (4, 2, 4)]


def test_third_derivatives_are_right():
    x, h, c, w_ih, w_hh, *_ = operands(float64, False, False)

    def slope(x):
        y = lstm_sequence(x, (h, c), w_ih, w_hh).h.sin().sum()
        (first,) = torch.autograd.grad(y, x, create_graph=True)
        return torch.autograd.grad(first.sin().sum(), w_hh, create_graph=True)[0]

    assert torch.autograd.gradcheck(slope, (x,), fast_mode=True)


def test_the_first_step_does_not_load_the_compiler():
    code = (
        "import sys, torch; from tangyin.nn import LSTM; x = torch.randn(5, 2, 3);"
        "LSTM(3, 4)(x)[0].sum().backward(); print('torch._dynamo' in sys.modules)"
    )
    options = {"capture_output": True, "text": True, "timeout": 100}
    done = subprocess.run([sys.executable, "-c", code], check=True, **options)
    assert done.stdout.strip() == "False"
