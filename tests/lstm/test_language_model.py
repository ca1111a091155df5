from pathlib import Path

import numpy as np
import pytest
import torch

from tangyin.errors import TangyinError
from tangyin.lstm import Adam, LanguageModel

T, B, V, E, H = 6, 4, 11, 5, 7
POEMS = Path(__file__).with_name("hundred_poems.txt")


class TorchLanguageModel(torch.nn.Module):
    """The same network from PyTorch's own parts."""

    def __init__(self, parameters):
        super().__init__()
        V, E = parameters["embedding.weight"].shape
        self.embedding = torch.nn.Embedding(V, E)
        self.lstm = torch.nn.LSTM(E, parameters["lstm.weight_hh_l0"].shape[1])
        self.output = torch.nn.Linear(self.lstm.hidden_size, V)
        state = {name: torch.from_numpy(array.copy()) for name, array in parameters.items()}
        state["lstm.bias_ih_l0"] = state.pop("lstm.bias_l0")
        state["lstm.bias_hh_l0"] = torch.zeros_like(state["lstm.bias_ih_l0"])
        self.to(state["output.bias"].dtype).load_state_dict(state)

    def loss(self, inputs, targets, mask):
        outputs, _ = self.lstm(self.embedding(torch.from_numpy(inputs)))
        ignored = targets if mask is None else np.where(mask, targets, -100)
        return torch.nn.functional.cross_entropy(
            self.output(outputs).flatten(0, 1), torch.from_numpy(ignored).flatten()
        )

    def gradient(self, name):
        return self.get_parameter(name.replace("bias_l0", "bias_ih_l0")).grad


@pytest.fixture
def batch(generator):
    tokens = generator.integers(V, size=(T + 1, B))
    return tokens[:-1], tokens[1:], generator.random((T, B)) < 0.7


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_loss_and_all_gradients_are_those_of_torch(
    dtype, bound, masked, batch, generator, relative_error
):
    inputs, targets, mask = batch
    model = LanguageModel.random(V, E, H, generator, dtype)
    reference = TorchLanguageModel(model.parameters)
    counted = mask if masked else None
    expected = reference.loss(inputs, targets, counted)
    expected.backward()
    loss, gradients = model.loss_and_gradients(inputs, targets, counted)
    assert loss == pytest.approx(expected.item(), rel=bound)
    assert loss == model.loss(inputs, targets, counted)
    assert set(gradients) == set(model.parameters)
    for name, gradient in gradients.items():
        assert gradient.dtype == dtype
        assert relative_error(gradient, reference.gradient(name)) <= bound, name


def test_model_starts_as_the_report_does(generator):
    parameters = LanguageModel.random(V, E, H, generator).parameters
    np.testing.assert_array_equal(parameters["lstm.bias_l0"][H : 2 * H], 1)
    parameters["lstm.bias_l0"][H : 2 * H] = 0
    for array in parameters.values():
        assert np.abs(array).max() <= H**-0.5
        assert array.dtype == np.float32
    assert np.abs(parameters["output.weight"]).max() > 0.9 * H**-0.5


def test_parameter_that_is_missing_or_of_another_shape_is_refused(generator):
    parameters = LanguageModel.random(V, E, H, generator).parameters
    with pytest.raises(TangyinError) as refused:
        LanguageModel({name: parameters[name] for name in parameters if name != "output.bias"})
    assert refused.value.code == "nn.parameters"
    assert "output.bias" not in refused.value.params["found"]
    for name in ("embedding.weight", "output.weight"):
        with pytest.raises(ValueError, match=name):
            LanguageModel(parameters | {name: parameters[name][:, :1]})
    with pytest.raises(ValueError, match=r"output\.bias"):
        LanguageModel(parameters | {"output.bias": parameters["output.bias"].astype(np.float64)})


def test_equal_weights_stay_one_unit_repeated(batch, generator):
    inputs, targets, mask = batch
    model = LanguageModel.random(V, E, H, generator, np.float64)
    for name, array in model.parameters.items():
        if name != "embedding.weight":
            array[...] = generator.uniform(0.1, 0.5)
    optimizer = Adam(model.parameters, lr=0.05)
    losses = []
    for _ in range(20):
        loss, gradients = model.loss_and_gradients(inputs, targets, mask)
        losses.append(loss)
        optimizer.step(gradients)
    assert losses[-1] < losses[0] - 0.1
    per_unit = [
        model.parameters["lstm.weight_ih_l0"].reshape(4, H, E),
        model.parameters["lstm.weight_hh_l0"].reshape(4, H, H),
        model.parameters["lstm.bias_l0"].reshape(4, H, 1),
        model.parameters["output.weight"].T[None],
    ]
    for weights in per_unit:
        np.testing.assert_allclose(weights, weights[:, :1].repeat(H, axis=1), atol=1e-9)


def test_numpy_alone_learns_a_hundred_poems_by_heart(generator):
    poems = POEMS.read_text(encoding="utf-8").split()
    assert len(set(poems)) == 100
    number = {char: k for k, char in enumerate(sorted(set("".join(poems))), 1)}
    tokens = np.array([[0, *(number[char] for char in poem), 0] for poem in poems]).T  # (50, 100)
    model = LanguageModel.random(len(number) + 1, 64, 64, generator)
    optimizer = Adam(model.parameters, lr=0.02)

    def perplexity():
        return float(np.exp(model.loss(tokens[:-1], tokens[1:])))

    assert perplexity() > 1000
    for _ in range(25):
        for poems_of_batch in np.split(generator.permutation(100), 10):
            chosen = tokens[:, poems_of_batch]
            _, gradients = model.loss_and_gradients(chosen[:-1], chosen[1:])
            optimizer.step(gradients)
    assert perplexity() < 2
