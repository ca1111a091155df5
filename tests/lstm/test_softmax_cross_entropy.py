import numpy as np
import pytest
import torch

from tangyin.lstm import cross_entropy_backward, cross_entropy_forward, softmax, softmax_jacobian

T, B, V = 4, 3, 7


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_loss_and_gradient_are_those_of_torch(dtype, bound, masked, generator, relative_error):
    logits = (3 * generator.standard_normal((T, B, V))).astype(dtype)
    targets = generator.integers(V, size=(T, B))
    mask = generator.random((T, B)) < 0.6 if masked else None
    tensor = torch.from_numpy(logits).requires_grad_()
    ignored = targets if mask is None else np.where(mask, targets, -100)
    reference = torch.nn.functional.cross_entropy(
        tensor.reshape(-1, V), torch.from_numpy(ignored.reshape(-1))
    )
    reference.backward()
    loss, probabilities = cross_entropy_forward(logits, targets, mask)
    assert loss == pytest.approx(reference.item(), rel=bound)
    gradient = cross_entropy_backward(probabilities, targets, mask)
    assert gradient.dtype == probabilities.dtype == dtype
    assert relative_error(gradient, tensor.grad) <= bound


def test_gradient_is_that_of_central_differences(generator, central_differences, relative_error):
    logits = generator.standard_normal((B, V))
    targets = generator.integers(V, size=B)
    mask = np.array([True, False, True])
    _, probabilities = cross_entropy_forward(logits, targets, mask)
    reference = central_differences(lambda u: cross_entropy_forward(u, targets, mask)[0], logits)
    ours = cross_entropy_backward(probabilities, targets, mask)
    assert relative_error(ours, reference) <= 1e-7


def test_gradient_is_the_chain_of_logarithm_and_softmax(generator):
    u, s = generator.standard_normal(V), 3
    p = softmax(u)
    dp = np.where(np.arange(V) == s, -1 / p, 0)
    ours = cross_entropy_backward(p, np.array(s))
    np.testing.assert_allclose(ours, softmax_jacobian(u).T @ dp, atol=1e-14)


def test_probability_that_underflows_has_a_finite_loss():
    loss, probabilities = cross_entropy_forward(np.array([[0.0, -2000.0]]), np.array([1]))
    assert probabilities[0, 1] == 0
    assert loss == 2000


def test_huge_logits_do_not_overflow():
    np.testing.assert_allclose(softmax(np.array([1e5, 1e5], np.float32)), 0.5)
    loss, _ = cross_entropy_forward(np.array([[1e5, 1e5]], np.float32), np.array([0]))
    assert loss == pytest.approx(np.log(2))


def test_masked_target_may_be_any_number(generator):
    logits = generator.standard_normal((2, V))
    mask = np.array([True, False])
    losses = [cross_entropy_forward(logits, np.array([1, k]), mask)[0] for k in (-100, 0, 10**6)]
    assert len(set(losses)) == 1


@pytest.mark.parametrize(
    ("targets", "mask", "message"),
    [
        ([0, V], None, "outside the vocabulary"),
        ([0, -1], None, "outside the vocabulary"),
        ([0, 1], [False, False], "no target"),
        ([0], None, "targets has shape"),
        ([0, 1], [True], "mask has shape"),
    ],
)
def test_targets_that_cannot_be_are_refused(targets, mask, message):
    with pytest.raises(ValueError, match=message):
        cross_entropy_forward(
            np.zeros((2, V)), np.array(targets), None if mask is None else np.array(mask)
        )
