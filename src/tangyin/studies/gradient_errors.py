"""The errors of our gradients against central differences and autograd."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tangyin import lstm
from tangyin.lstm import GATES, Parameters, Step
from tangyin.lstm.arrays import FloatArray
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.verse import EOS, Vocabulary

WIDTH = 1e-5
"""Half the distance between the two points of a central difference."""
HIDDEN, INPUT, STEPS, BATCH = 6, 5, 7, 4
SCALE = 0.7
"""Standard deviation of the random weights: the gates are neither linear nor saturated."""
HANZI = "天地玄黃宇宙洪荒"
REFERENCES = ("differences", "autograd")
WEIGHTS = [f"{kind}_{gate}" for kind in "Wb" for gate in GATES]

Case = tuple[str, str, str, FloatArray, Callable[[Tensor], Tensor], Tensor]
"""A Jacobian at a point: the name of its function; of which quantity and by which; the Jacobian;
the differentiated function, from its definition; and the point."""


def jacobian_errors(draws: int, hidden: int = HIDDEN, inputs: int = INPUT) -> list[dict[str, Any]]:
    """Measure every Jacobian of `tangyin.lstm` at random weights, inputs and states.

    Each has the largest relative error over the draws against `differences` and `autograd`.
    """
    return _largest(_one_draw_of_jacobians(seed, hidden, inputs) for seed in range(draws))


def parameter_errors(draws: int) -> list[dict[str, Any]]:
    """The same for the gradient of the loss of random language models on random padded batches.

    First come those of `tangyin.lstm`, then those of the closed form of `tangyin.nn`.
    """
    return _largest(map(_one_draw_of_parameters, range(draws)))


def _largest(draws: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        lines[0] | {by: max(line[by] for line in lines) for by in REFERENCES}
        for lines in zip(*draws, strict=True)
    ]


def _errors(found: FloatArray, *references: FloatArray) -> dict[str, Any]:
    """The shape, and the norm of each difference relative to that of the reference."""
    errors = [float(np.linalg.norm(found - ref) / np.linalg.norm(ref)) for ref in references]
    return {"shape": list(found.shape), **dict(zip(REFERENCES, errors, strict=True))}


def _differences(function: Callable[[], Any], at: FloatArray) -> FloatArray:
    """The Jacobian by central differences; `at` is changed in place and restored."""
    columns = []
    for place in np.ndindex(at.shape):
        value, ends = at[place], []
        for shift in (WIDTH, -WIDTH):
            at[place] = value + shift
            ends.append(np.asarray(function()))
        at[place] = value
        columns.append((ends[0] - ends[1]) / (2 * WIDTH))
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *at.shape)


def _one_draw_of_jacobians(seed: int, H: int, E: int) -> list[dict[str, Any]]:
    lines = []
    for name, of, by, found, function, at in _jacobians(np.random.default_rng(seed), H, E):
        point = at.clone()
        autograd = torch.autograd.functional.jacobian(function, at)  # type: ignore[no-untyped-call]
        differences = _differences(partial(function, point), point.numpy())
        line = {"name": name, "of": of, "by": by}
        lines.append(line | _errors(found, differences, autograd.numpy()))
    return lines


def _quantities(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every quantity of one step, from the definition; those `given` are kept."""
    q = dict(given)
    q.setdefault("z", torch.cat([q["h_prev"], q["x"]], -1))
    for gate in GATES:
        q.setdefault(f"y_{gate}", q["z"] @ q[f"W_{gate}"].T + q[f"b_{gate}"])
        q.setdefault(gate, (torch.tanh if gate == "g" else torch.sigmoid)(q[f"y_{gate}"]))
    q.setdefault("c", q["f"] * q["c_prev"] + q["i"] * q["g"])
    q.setdefault("tanh_c", torch.tanh(q["c"]))
    q.setdefault("h", q["o"] * q["tanh_c"])
    return q


def _tensors(values: dict[str, Any]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(value)) for name, value in values.items()}


def _jacobians(generator: np.random.Generator, H: int, E: int) -> Iterator[Case]:
    """Every Jacobian of `tangyin.lstm` at one random point."""

    def normal(*shape: int) -> FloatArray:
        return SCALE * generator.standard_normal(shape)

    layer = Parameters(W_ih=normal(4 * H, E), W_hh=normal(4 * H, H), b=normal(4 * H))
    x, h_prev, c_prev = normal(E), normal(H), normal(H)
    step = lstm.step_forward(layer, x, h_prev, c_prev)
    weights = _tensors({name: getattr(layer, name) for name in WEIGHTS})
    read = weights | _tensors({"x": x, "h_prev": h_prev, "c_prev": c_prev})
    values = read | _tensors({"z": step.z} | step._asdict())

    def quantity(of: str, by: str, value: Tensor) -> Tensor:
        return _quantities(read | {by: value})[of]

    for name, of, by, found in _of_one_step(layer, step):
        yield name, of, by, found, partial(quantity, of, by), values[by]
    for by, found in lstm.jacobians(layer, x, h_prev, c_prev).items():
        yield "jacobians", "h", by, found, partial(quantity, "h", by), values[by]
    yield from _through_time(layer, weights, normal(STEPS, E), normal(2 * H))
    u = normal(INPUT)
    softmax = partial(torch.softmax, dim=0)
    yield "softmax_jacobian", "p", "u", lstm.softmax_jacobian(u), softmax, torch.from_numpy(u)


def _of_one_step(layer: Parameters, step: Step) -> Iterator[tuple[str, str, str, FloatArray]]:
    """The local Jacobians, and those of c_t and h_t that `jacobians` does not return."""
    H, E = layer.hidden_size, layer.input_size
    yield "dz_dh_prev", "z", "h_prev", lstm.dz_dh_prev(H, E)
    yield "dz_dx", "z", "x", lstm.dz_dx(H, E)
    yield "dy_dz", "y_f", "z", lstm.dy_dz(layer.W_f)
    yield "dy_dW", "y_f", "W_f", lstm.dy_dW(step.z, H)
    yield "dy_db", "y_f", "b_f", lstm.dy_db(H)
    yield "dsigmoid_dy", "f", "y_f", lstm.dsigmoid_dy(step.y_f)
    yield "dtanh_dy", "g", "y_g", lstm.dtanh_dy(step.y_g)
    yield "dc_df", "c", "f", lstm.dc_df(step.c_prev)
    yield "dc_di", "c", "i", lstm.dc_di(step.g)
    yield "dc_dg", "c", "g", lstm.dc_dg(step.i)
    yield "dc_dc_prev", "c", "c_prev", lstm.dc_dc_prev(step.f)
    yield "dh_do", "h", "o", lstm.dh_do(step.c)
    yield "dh_dtanh_c", "h", "tanh_c", lstm.dh_dtanh_c(step.o)
    yield "dh_dc", "h", "c", lstm.dh_dc(step.o, step.c)
    for name in ("dc_dz", "dh_dz", "dc_dh_prev", "dc_dx"):
        of, by = name[1:].split("_d")
        yield name, of, by, getattr(lstm, name)(layer, step)


def _through_time(
    layer: Parameters, weights: dict[str, Tensor], xs: FloatArray, start: FloatArray
) -> Iterator[Case]:
    """The Jacobians of one state with respect to an earlier one."""
    H, inputs = layer.hidden_size, torch.from_numpy(xs)

    def last_state(count: int, state: Tensor) -> Tensor:
        for x in inputs[:count]:
            q = _quantities(weights | {"x": x, "h_prev": state[:H], "c_prev": state[H:]})
            state = torch.cat([q["h"], q["c"]])
        return state

    steps = steps_of(layer, xs, start[:H], start[H:])
    for name, count, found in (
        ("transition_jacobian", 1, lstm.transition_jacobian(layer, steps[0])),
        ("state_jacobians", len(xs), lstm.state_jacobians(layer, steps)[0]),
    ):
        last = partial(last_state, count)
        yield name, f"(h_{count}, c_{count})", "(h_0, c_0)", found, last, torch.from_numpy(start)
    W, b, h_0 = layer.W_hh[:H], layer.b[:H], start[:H]
    h_1 = lstm.plain_rnn_step(layer.W_ih[:H], W, b, xs[0], h_0)
    matrix, rest = torch.from_numpy(W), torch.from_numpy(layer.W_ih[:H] @ xs[0] + b)

    def plain(state: Tensor) -> Tensor:
        return torch.tanh(matrix @ state + rest)

    found = lstm.plain_rnn_dh_dh_prev(W, h_1)
    yield "plain_rnn_dh_dh_prev", "h", "h_prev", found, plain, torch.from_numpy(h_0)


def steps_of(layer: Parameters, xs: FloatArray, h: FloatArray, c: FloatArray) -> list[Step]:
    """Every step of a layer over a sequence, (T, E), from a state."""
    steps = []
    for x in xs:
        steps.append(lstm.step_forward(layer, x, h, c))
        h, c = steps[-1].h, steps[-1].c
    return steps


def numpy_twin(model: LanguageModel) -> lstm.LanguageModel:
    """The model of `tangyin.lstm` with copies of the parameters of a one-layer plain model on CPU.

    It predicts every token it reads. Those that the PyTorch model only reads, the prefixes, are the
    last rows of its output; they get a bias of −∞, which makes their gradients 0.
    """
    arrays = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    only_read = len(arrays["embedding.weight"]) - len(arrays["output.bias"])
    rows = (0, only_read)
    arrays["output.weight"] = np.pad(arrays["output.weight"], (rows, (0, 0)))
    arrays["output.bias"] = np.pad(arrays["output.bias"], rows, constant_values=-np.inf)
    return lstm.LanguageModel(arrays)


def _one_draw_of_parameters(seed: int) -> list[dict[str, Any]]:
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
    _, gradients = twin.loss_and_gradients(inputs, targets, mask)
    batch = (torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(mask))
    parameters = model.state_dict(keep_vars=True)
    closed, autograd = (
        torch.autograd.grad(loss, list(parameters.values()))
        for loss in (model.loss(*batch), _loss_step_by_step(parameters, *batch))
    )
    loss = partial(twin.loss, inputs, targets, mask)
    lines = []
    for name, by_closed_form, reference in zip(parameters, closed, autograd, strict=True):
        rows = len(reference)  # the twin has one more for each token that is only read
        differences = _differences(loss, twin.parameters[name][:rows])
        found = {"tangyin.lstm": gradients[name][:rows], "tangyin.nn": by_closed_form.numpy()}
        lines += [
            {"name": package, "by": name} | _errors(gradient, differences, reference.numpy())
            for package, gradient in found.items()
        ]
    return sorted(lines, key=lambda line: str(line["name"]))


def _loss_step_by_step(
    parameters: dict[str, Any], inputs: Tensor, targets: Tensor, mask: Tensor
) -> Tensor:
    """The language model's loss from the definition of a step, for autograd to differentiate."""
    W = torch.cat([parameters["lstm.weight_hh_l0"], parameters["lstm.weight_ih_l0"]], 1)
    blocks = (*W.chunk(4), *parameters["lstm.bias_l0"].chunk(4))
    given = dict(zip(WEIGHTS, blocks, strict=True))
    h = c = W.new_zeros(inputs.shape[1], HIDDEN)
    outputs = []
    for x in F.embedding(inputs, parameters["embedding.weight"]):
        q = _quantities(given | {"x": x, "h_prev": h, "c_prev": c})
        h, c = q["h"], q["c"]
        outputs.append(h)
    logits = torch.stack(outputs) @ parameters["output.weight"].T + parameters["output.bias"]
    return F.cross_entropy(logits[mask], targets[mask])
