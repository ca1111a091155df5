import numpy as np
import pytest
import torch

from tangyin.lstm import (
    cross_entropy_backward,
    cross_entropy_forward,
    embedding_backward,
    embedding_forward,
    softmax,
    softmax_jacobian,
)

T, B, V, E, H = 6, 3, 7, 4, 5


def test_embedding_is_the_product_with_one_hot_rows(generator):
    weight = generator.standard_normal((V, E))
    tokens = generator.integers(V, size=9)
    dx = generator.standard_normal((9, E))
    one_hot = np.eye(V)[tokens]
    np.testing.assert_array_equal(embedding_forward(weight, tokens), one_hot @ weight)
    np.testing.assert_allclose(embedding_backward(tokens, dx, V), one_hot.T @ dx, atol=1e-14)
    assert not embedding_backward(np.zeros((0, 2), int), np.zeros((0, 2, E)), V).any()


@pytest.mark.parametrize("token", [-1, V])
def test_token_outside_the_vocabulary_is_refused(token):
    with pytest.raises(ValueError, match="outside the vocabulary"):
        embedding_forward(np.zeros((V, E)), np.array([0, token]))


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


def test_gradient_is_the_chain_of_logarithm_and_softmax(generator):
    u, s = generator.standard_normal(V), 3
    p = softmax(u)
    dp = np.where(np.arange(V) == s, -1 / p, 0)
    ours = cross_entropy_backward(p, np.array(s))
    np.testing.assert_allclose(ours, softmax_jacobian(u).T @ dp, atol=1e-14)


def test_probability_that_underflows_has_a_finite_loss():
    loss, probabilities = cross_entropy_forward(np.array([[0.0, -2000.0]]), np.array([1]))
    assert (loss, probabilities[0, 1]) == (2000, 0)


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
