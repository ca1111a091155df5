import numpy as np
import pytest
import torch

from tangyin.errors import TangyinError
from tangyin.lstm import SGD, Adadelta, Adam, AdamW, RMSprop

STEPS = 50
# Options differ from the defaults and from what would leave a term of the rule out.
CASES = [
    (SGD, {}),
    (SGD, {"lr": 0.05, "momentum": 0.9}),
    (SGD, {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1}),
    (RMSprop, {}),
    (RMSprop, {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    (Adam, {}),
    (Adam, {"lr": 0.03, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
    (AdamW, {}),
    (AdamW, {"lr": 0.03, "betas": (0.8, 0.95), "weight_decay": 0.3}),
    (Adadelta, {}),
    (Adadelta, {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
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
