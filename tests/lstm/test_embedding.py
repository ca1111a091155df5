import numpy as np
import pytest
import torch

from tangyin.lstm import embedding_backward, embedding_forward

T, B, V, E = 6, 3, 5, 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_embedding_and_its_backward_are_those_of_torch(dtype, generator, relative_error):
    weight = generator.standard_normal((V, E)).astype(dtype)
    tokens = generator.integers(V - 1, size=(T, B))
    dx = generator.standard_normal((T, B, E)).astype(dtype)
    tensor = torch.from_numpy(weight).requires_grad_()
    torch.nn.functional.embedding(torch.from_numpy(tokens), tensor).backward(torch.from_numpy(dx))
    np.testing.assert_array_equal(embedding_forward(weight, tokens), weight[tokens])
    gradient = embedding_backward(tokens, dx, V)
    assert gradient.dtype == dtype
    assert relative_error(gradient, tensor.grad) <= (1e-12 if dtype == np.float64 else 1e-6)


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
