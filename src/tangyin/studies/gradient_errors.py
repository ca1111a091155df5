"""How far each gradient of ours is from central differences and from autograd."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from tangyin import lstm
from tangyin.lstm import GATES, Parameters, Step
from tangyin.lstm.arrays import FloatArray
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.numpy_twin import numpy_twin
from tangyin.verse import EOS, Vocabulary

WIDTH = 1e-5
"""Half the distance of the two points of a central difference."""
HIDDEN, INPUT, STEPS, BATCH = 6, 5, 7, 4
SCALE = 0.7
"""Standard deviation of the random weights; with it the gates are neither linear nor saturated."""
HANZI = "天地玄黃宇宙洪荒"

NUMPY: Any = SimpleNamespace(
    tanh=np.tanh, sigmoid=lstm.sigmoid, exp=np.exp, concatenate=np.concatenate
)

Values = dict[str, Any]


class Error(NamedTuple):
    """Norms of differences over the norm of the reference.

    Attributes:
        differences: against central differences.
        autograd: against PyTorch's automatic differentiation.
    """

    differences: float
    autograd: float


class Jacobian(NamedTuple):
    """One Jacobian as it was found, and what it must be the Jacobian of.

    Attributes:
        name: the function of `tangyin.lstm` that gave it.
        of: what is differentiated.
        by: the quantity it is differentiated by.
        found: what the function returned.
        function: from the quantity to the result, written with the functions that its argument
            `m` has: NumPy's or PyTorch's.
        at: the value of the quantity.
    """

    name: str
    of: str
    by: str
    found: FloatArray
    function: Callable[..., Any]
    at: FloatArray


def jacobian_errors(draws: int) -> list[dict[str, Any]]:
    """Measure every Jacobian of `tangyin.lstm` at random places.

    Args:
        draws: how many places; each with other weights, inputs and states.

    Returns:
        One dictionary a Jacobian: `name`, `of`, `by`, `shape`, and the largest error over the
        places against `differences` and against `autograd`.
    """
    return _largest(map(_one_draw_of_jacobians, range(draws)))


def parameter_errors(draws: int) -> list[dict[str, Any]]:
    """Measure the gradient of the language model's loss by every parameter.

    Args:
        draws: how many models, each with other weights and another padded batch.

    Returns:
        One dictionary a parameter: `name`, `by` (the parameter), `shape`, and the largest errors,
        as in `jacobian_errors`; first for the gradients of `tangyin.lstm`, then for the closed
        form of `tangyin.nn`.
    """
    return _largest(map(_one_draw_of_parameters, range(draws)))


def _largest(draws: Iterable[list[tuple[dict[str, Any], Error]]]) -> list[dict[str, Any]]:
    """The largest errors of each line over the draws."""
    lines: list[dict[str, Any]] = []
    for draw in draws:
        if not lines:
            lines = [line | Error(0.0, 0.0)._asdict() for line, _ in draw]
        for line, (_, error) in zip(lines, draw, strict=True):
            for reference, value in error._asdict().items():
                line[reference] = max(line[reference], value)
    return lines


def _relative(found: FloatArray, reference: FloatArray) -> float:
    return float(np.linalg.norm(found - reference) / np.linalg.norm(reference))


def _differences(function: Callable[[FloatArray], Any], at: FloatArray) -> FloatArray:
    """The Jacobian by central differences; `at` is moved in place and put back."""
    columns = []
    for place in np.ndindex(at.shape):
        value = at[place]
        at[place] = value + WIDTH
        above = np.asarray(function(at))
        at[place] = value - WIDTH
        below = np.asarray(function(at))
        at[place] = value
        columns.append((above - below) / (2 * WIDTH))
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *at.shape)


def _one_draw_of_jacobians(seed: int) -> list[tuple[dict[str, Any], Error]]:
    lines = []
    for jacobian in _jacobians(np.random.default_rng(seed)):
        function, found = jacobian.function, jacobian.found
        autograd = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
            partial(function, m=torch), torch.from_numpy(jacobian.at)
        ).numpy()
        differences = _differences(partial(function, m=NUMPY), jacobian.at.copy())
        line = {
            "name": jacobian.name,
            "of": jacobian.of,
            "by": jacobian.by,
            "shape": list(found.shape),
        }
        lines.append((line, Error(_relative(found, differences), _relative(found, autograd))))
    return lines


def _quantities(given: Values, m: Any) -> Values:
    """Every quantity of one step, from the definition; what is `given` stays as it is given."""
    q = dict(given)
    q.setdefault("z", m.concatenate([q["h_prev"], q["x"]], -1))
    for gate in GATES:
        q.setdefault(f"y_{gate}", q["z"] @ q[f"W_{gate}"].T + q[f"b_{gate}"])
        q.setdefault(gate, (m.tanh if gate == "g" else m.sigmoid)(q[f"y_{gate}"]))
    q.setdefault("c", q["f"] * q["c_prev"] + q["i"] * q["g"])
    q.setdefault("h", q["o"] * m.tanh(q["c"]))
    return q


def _weights(parameters: Parameters) -> Values:
    return {
        f"{kind}_{gate}": getattr(parameters, f"{kind}_{gate}").copy()
        for kind in "Wb"
        for gate in GATES
    }


def _for(m: Any, values: Values) -> Values:
    """The arrays as `m` computes with them."""
    return {n: torch.from_numpy(v) for n, v in values.items()} if m is torch else values


def _jacobians(generator: np.random.Generator) -> Iterator[Jacobian]:
    """Every Jacobian of `tangyin.lstm` at one random place."""

    def normal(*shape: int) -> FloatArray:
        return SCALE * generator.standard_normal(shape)

    H, E = HIDDEN, INPUT
    parameters = Parameters(W_ih=normal(4 * H, E), W_hh=normal(4 * H, H), b=normal(4 * H))
    x, h_prev, c_prev = normal(E), normal(H), normal(H)
    step = lstm.step_forward(parameters, x, h_prev, c_prev)
    read = {"x": x, "h_prev": h_prev, "c_prev": c_prev} | _weights(parameters)
    values = read | {"z": step.z} | step._asdict()
    named = lstm.jacobians(parameters, x, h_prev, c_prev)
    of_one_step = [
        *_of_one_step(parameters, step),
        *(("jacobians", "h", by, found) for by, found in named.items()),
    ]
    for name, of, by, found in of_one_step:

        def one_step(value: Any, m: Any, of: str = of, by: str = by) -> Any:
            return _quantities(_for(m, read) | {by: value}, m)[of]

        yield Jacobian(name, of, by, found, one_step, values[by])
    yield from _through_time(parameters, normal)
    u = normal(E)
    yield Jacobian(
        "softmax_jacobian",
        "p",
        "u",
        lstm.softmax_jacobian(u),
        lambda value, m: m.exp(value) / m.exp(value).sum(),
        u,
    )


def _of_one_step(parameters: Parameters, step: Step) -> Iterator[tuple[str, str, str, FloatArray]]:
    """The local Jacobians, and those of c_t and h_t beside `jacobians`: name, of, by, value."""
    H, E = parameters.hidden_size, parameters.input_size
    yield "dz_dh_prev", "z", "h_prev", lstm.dz_dh_prev(H, E)
    yield "dz_dx", "z", "x", lstm.dz_dx(H, E)
    yield "dy_dz", "y_f", "z", lstm.dy_dz(parameters.W_f)
    yield "dy_dW", "y_f", "W_f", lstm.dy_dW(step.z, H)
    yield "dy_db", "y_f", "b_f", lstm.dy_db(H)
    yield "dsigmoid_dy", "f", "y_f", lstm.dsigmoid_dy(step.y_f)
    yield "dtanh_dy", "g", "y_g", lstm.dtanh_dy(step.y_g)
    yield "dc_df", "c", "f", lstm.dc_df(step.c_prev)
    yield "dc_di", "c", "i", lstm.dc_di(step.g)
    yield "dc_dg", "c", "g", lstm.dc_dg(step.i)
    yield "dc_dc_prev", "c", "c_prev", lstm.dc_dc_prev(step.f)
    yield "dh_do", "h", "o", lstm.dh_do(step.c)
    yield "dh_dc", "h", "c", lstm.dh_dc(step.o, step.c)
    yield "dc_dz", "c", "z", lstm.dc_dz(parameters, step)
    yield "dh_dz", "h", "z", lstm.dh_dz(parameters, step)
    yield "dc_dh_prev", "c", "h_prev", lstm.dc_dh_prev(parameters, step)
    yield "dc_dx", "c", "x", lstm.dc_dx(parameters, step)


def _through_time(parameters: Parameters, normal: Callable[..., FloatArray]) -> Iterator[Jacobian]:
    """The Jacobians of one state by an earlier one."""
    H, E = parameters.hidden_size, parameters.input_size
    weights, xs = _weights(parameters), normal(STEPS, E)
    start = normal(2 * H)

    def last_state(state: Any, m: Any, inputs: FloatArray) -> Any:
        ready = _for(m, weights | {"inputs": inputs})
        for x in ready["inputs"]:
            q = _quantities(ready | {"x": x, "h_prev": state[:H], "c_prev": state[H:]}, m)
            state = m.concatenate([q["h"], q["c"]], -1)
        return state

    steps: list[Step] = []
    h, c = start[:H], start[H:]
    for x in xs:
        steps.append(lstm.step_forward(parameters, x, h, c))
        h, c = steps[-1].h, steps[-1].c
    yield Jacobian(
        "transition_jacobian",
        "(h_1, c_1)",
        "(h_0, c_0)",
        lstm.transition_jacobian(parameters, steps[0]),
        lambda state, m: last_state(state, m, xs[:1]),
        start,
    )
    yield Jacobian(
        "state_jacobians",
        f"(h_{STEPS}, c_{STEPS})",
        "(h_0, c_0)",
        lstm.state_jacobians(parameters, steps)[0],
        lambda state, m: last_state(state, m, xs),
        start,
    )
    W, h_0 = parameters.W_hh[:H], start[:H]
    rest = parameters.W_ih[:H] @ xs[0] + parameters.b[:H]
    h_1 = lstm.plain_rnn_step(parameters.W_ih[:H], W, parameters.b[:H], xs[0], h_0)

    def plain_step(state: Any, m: Any) -> Any:
        ready = _for(m, {"W": W, "rest": rest})
        return m.tanh(ready["W"] @ state + ready["rest"])

    yield Jacobian(
        "plain_rnn_dh_dh_prev", "h", "h_prev", lstm.plain_rnn_dh_dh_prev(W, h_1), plain_step, h_0
    )


def _one_draw_of_parameters(seed: int) -> list[tuple[dict[str, Any], Error]]:
    generator = np.random.default_rng(seed)
    vocabulary = Vocabulary(HANZI)
    model = LanguageModel(Architecture(INPUT, HIDDEN), vocabulary).double()
    with torch.no_grad():
        for parameter in model.parameters():
            drawn = SCALE * generator.standard_normal(tuple(parameter.shape))
            parameter.copy_(torch.from_numpy(drawn))
    inputs = generator.integers(len(vocabulary), size=(STEPS, BATCH))
    targets = generator.integers(vocabulary.outputs, size=(STEPS, BATCH))
    lengths = generator.permutation(np.linspace(2, STEPS, BATCH).astype(int))
    mask = np.arange(STEPS)[:, None] < lengths
    inputs[~mask] = targets[~mask] = vocabulary.id(EOS)

    twin = numpy_twin(model)
    _, numpys = twin.loss_and_gradients(inputs, targets, mask)
    tensors = (torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(mask))
    names, parameters = zip(*model.state_dict(keep_vars=True).items(), strict=True)
    closed = torch.autograd.grad(model.loss(*tensors), parameters)
    autograd = torch.autograd.grad(
        _loss_step_by_step(dict(zip(names, parameters, strict=True)), *tensors), parameters
    )
    lines: dict[str, list[tuple[dict[str, Any], Error]]] = {"lstm": [], "nn": []}
    for name, by_closed_form, reference in zip(names, closed, autograd, strict=True):
        rows = len(reference)  # the twin has one more for each token that is only read
        differences = _differences(
            lambda _: twin.loss(inputs, targets, mask), twin.parameters[name][:rows]
        )
        for package, found in (("lstm", numpys[name][:rows]), ("nn", by_closed_form.numpy())):
            line = {"name": f"tangyin.{package}", "by": name, "shape": list(found.shape)}
            error = Error(_relative(found, differences), _relative(found, reference.numpy()))
            lines[package].append((line, error))
    return lines["lstm"] + lines["nn"]


def _loss_step_by_step(
    parameters: dict[str, torch.Tensor],
    inputs: torch.Tensor,
    targets: torch.Tensor,
    mask: torch.Tensor,
) -> torch.Tensor:
    """The language model's loss from the definition of a step, for autograd to differentiate."""
    W = torch.cat([parameters["lstm.weight_hh_l0"], parameters["lstm.weight_ih_l0"]], 1)
    blocks = {f"W_{gate}": block for gate, block in zip(GATES, W.chunk(4), strict=True)}
    biases = parameters["lstm.bias_l0"].chunk(4)
    blocks |= {f"b_{gate}": block for gate, block in zip(GATES, biases, strict=True)}
    h = c = W.new_zeros(inputs.shape[1], HIDDEN)
    outputs = []
    for x in F.embedding(inputs, parameters["embedding.weight"]):
        q = _quantities(blocks | {"x": x, "h_prev": h, "c_prev": c}, torch)
        h, c = q["h"], q["c"]
        outputs.append(h)
    logits = torch.stack(outputs) @ parameters["output.weight"].T + parameters["output.bias"]
    return F.cross_entropy(logits[mask], targets[mask])
