import numpy as np
import pytest
import torch

from tangyin.errors import TangyinError
from tangyin.lstm import SGD, Adadelta, Adagrad, Adam, AdamW, RMSprop

STEPS = 50
# Options differ from the defaults and from what would leave a term of the rule out.
CASES = [
    (SGD, {}),
    (SGD, {"lr": 0.05, "momentum": 0.9}),
    (SGD, {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}),
    (SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (RMSprop, {}),
    (RMSprop, {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    (RMSprop, {"momentum": 0.9, "eps": 1e-4}),
    (RMSprop, {"centered": True, "momentum": 0.5, "alpha": 0.8, "eps": 1e-2}),
    (Adam, {}),
    (Adam, {"lr": 0.03, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    (Adam, {"lr": 0.03, "amsgrad": True, "betas": (0.5, 0.7)}),
    (AdamW, {}),
    (AdamW, {"lr": 0.03, "betas": (0.8, 0.95), "weight_decay": 0.3}),
    (Adadelta, {}),
    (Adadelta, {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
    (Adagrad, {}),
    (Adagrad, {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "eps": 1e-2}),
    (Adagrad, {"lr": 0.1, "lr_decay": 0.05, "initial_accumulator_value": 0.5, "eps": 1e-2}),
]
KINDS = (SGD, RMSprop, Adam, AdamW, Adadelta, Adagrad)
CASES += [(ours, {"maximize": True, "weight_decay": 0.2}) for ours in KINDS]
CASES += [
    (Adam, {"decoupled_weight_decay": True, "weight_decay": 0.3, "lr": 0.03}),
    (
        Adam,
        {"decoupled_weight_decay": True, "weight_decay": 0.3, "maximize": True, "amsgrad": True},
    ),
]
IDS = [f"{ours.__name__}-{'-'.join(options) or 'defaults'}" for ours, options in CASES]
SHAPES = {"W": (4, 3), "b": (5,), "s": ()}


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-12), (np.float32, 1e-6)])
@pytest.mark.parametrize(("ours", "options"), CASES, ids=IDS)
def test_optimizer_follows_torch_step_by_step(
    ours, options, dtype, bound, generator, relative_error
):
    start = {name: generator.standard_normal(s).astype(dtype) for name, s in SHAPES.items()}
    parameters = {name: array.copy() for name, array in start.items()}
    tensors = {name: torch.from_numpy(array.copy()) for name, array in start.items()}
    optimizer = ours(parameters, **options)
    reference = getattr(torch.optim, ours.__name__)(tensors.values(), **options)
    for step in range(STEPS):
        if step == STEPS // 2:
            optimizer.lr /= 3
            reference.param_groups[0]["lr"] /= 3
        gradients = {
            name: np.asarray(
                10.0 ** generator.integers(-4, 2) * generator.standard_normal(shape), dtype
            )
            for name, shape in SHAPES.items()
        }
        for name, tensor in tensors.items():
            tensor.grad = torch.from_numpy(gradients[name].copy())
        before = {name: gradient.copy() for name, gradient in gradients.items()}
        optimizer.step(gradients)
        reference.step()
        for name, array in parameters.items():
            assert array.dtype == dtype
            assert relative_error(array, tensors[name], 1.0) <= bound, (step, name)
            np.testing.assert_array_equal(gradients[name], before[name])
    assert all(np.abs(parameters[name] - start[name]).max() > 1e-3 for name in parameters)


MOMENTS = {  # what torch's state holds after step t with gradient d: numerator, v
    Adagrad: lambda state, d, t: (d, state["sum"]),
    RMSprop: lambda state, d, t: (d, state["square_avg"]),
    Adam: lambda state, d, t: (
        state["exp_avg"] / (1 - 0.9**t),
        state["exp_avg_sq"] / (1 - 0.999**t),
    ),
}


@pytest.mark.parametrize("ours", MOMENTS)
def test_with_eps_in_the_root_torchs_moments_are_divided_by_it(ours, generator, relative_error):
    """torch has no such option; its moments depend on the gradients alone."""
    array, eps, lr = generator.standard_normal(6), 1e-2, 0.05
    tensor, expected = torch.zeros(6, dtype=torch.float64), torch.from_numpy(array.copy())
    optimizer = ours({"a": array}, lr=lr, eps=eps, eps_in_root=True)
    reference = getattr(torch.optim, ours.__name__)([tensor])
    for step in range(1, 9):
        gradient = generator.standard_normal(6)
        tensor.grad = torch.from_numpy(gradient)
        reference.step()
        numerator, v = MOMENTS[ours](reference.state[tensor], tensor.grad, step)
        expected -= lr * numerator / (v + eps).sqrt()
        optimizer.step({"a": gradient})
        assert relative_error(array, expected, 1.0) < 1e-12, step


@pytest.mark.parametrize("ours", [SGD, Adagrad, RMSprop, Adadelta])
def test_decoupled_decay_shrinks_first_and_steps_as_without(ours, generator, relative_error):
    """torch has it for Adam alone; the moments of all others, too, must not see the decay."""
    start = generator.standard_normal(6)
    decayed, bare = start.copy(), start.copy()
    lr, decay = 0.05, 0.3
    options = {"weight_decay": decay, "decoupled_weight_decay": True}
    with_decay, without = ours({"a": decayed}, lr=lr, **options), ours({"a": bare}, lr=lr)
    for _ in range(5):
        gradient = {"a": generator.standard_normal(6)}
        before, before_bare = decayed.copy(), bare.copy()
        with_decay.step(gradient)
        without.step(gradient)
        expected = torch.from_numpy((1 - lr * decay) * before + bare - before_bare)
        assert relative_error(decayed, expected, 1.0) < 1e-14


def test_parameters_change_in_place(generator):
    array = generator.standard_normal(3)
    view = array[:]
    Adam({"a": array}).step({"a": np.ones(3)})
    assert np.shares_memory(view, array)
    np.testing.assert_array_equal(view, array)


def test_gradient_of_another_name_or_shape_is_refused():
    optimizer = SGD({"a": np.zeros(3)})
    with pytest.raises(TangyinError) as refused:
        optimizer.step({"b": np.zeros(3)})
    assert (refused.value.code, refused.value.params["found"]) == ("nn.gradients", ["b"])
    with pytest.raises(ValueError, match="gradient of a"):
        optimizer.step({"a": np.zeros((1, 3))})
    assert optimizer.steps == 0


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_without_its_momentum_is_refused(options):
    with pytest.raises(ValueError, match="nesterov"):
        SGD({"a": np.zeros(3)}, nesterov=True, **options)
