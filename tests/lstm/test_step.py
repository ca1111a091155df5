import numpy as np
import pytest

from tangyin.lstm import step_backward, step_forward

B, H, E = 6, 5, 3


def test_one_step_alone_is_a_batch_of_one(generator, random_parameters):
    parameters = random_parameters(generator, H, E)
    x, h, c, dh, dc = (generator.standard_normal(n) for n in (E, H, H, H, H))
    alone = step_forward(parameters, x, h, c)
    batch = step_forward(parameters, x[None], h[None], c[None])
    np.testing.assert_allclose(alone.h, batch.h[0], rtol=1e-14)
    gradients = step_backward(parameters, alone, dh, dc)
    batched = step_backward(parameters, batch, dh[None], dc[None])
    for ours, reference in zip(gradients, batched, strict=True):
        np.testing.assert_allclose(ours, reference.reshape(ours.shape), rtol=1e-13)


def test_huge_weights_give_no_overflow(generator, random_parameters):
    parameters = random_parameters(generator, H, E, scale=1e4)
    x, h, c = (generator.standard_normal((B, n)) for n in (E, H, H))
    with np.errstate(all="raise", under="ignore"):
        step = step_forward(parameters, x, h, c)
        gradients = step_backward(parameters, step, np.ones((B, H)), np.ones((B, H)))
    assert all(np.isfinite(array).all() for array in gradients)


def there_and_back(parameters, x, h_prev, c_prev, dh, dc):
    return step_backward(parameters, step_forward(parameters, x, h_prev, c_prev), dh, dc)


@pytest.mark.parametrize("wrong", ["x", "h_prev", "c_prev", "dh", "dc"])
def test_state_or_adjoint_that_would_broadcast_is_refused(wrong, generator, random_parameters):
    parameters = random_parameters(generator, H, E)
    shapes = {"x": (B, E)} | dict.fromkeys(("h_prev", "c_prev", "dh", "dc"), (B, H))
    given = {name: np.ones(shape) for name, shape in shapes.items()}
    given[wrong] = given[wrong][:, :1]
    with pytest.raises(ValueError, match=wrong):
        there_and_back(parameters, **given)
