import copy
from functools import partial

import pytest
import torch
from safetensors.torch import load, save

from tangyin.nn import LSTM, LSTMCell

identical = partial(torch.testing.assert_close, rtol=0, atol=0)


def test_a_torch_state_dict_is_left_as_it_was():
    state = torch.nn.LSTM(3, 4).state_dict()
    before = copy.deepcopy(state)
    for biases in (1, 2):
        LSTM(3, 4, biases=biases).load_state_dict(state)
    identical(state, before)


def test_state_dict_survives_a_model_around_it_and_a_file(randomise):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(7, 3)
            self.lstm = LSTM(3, 4, 2, cell="layer-norm")

    model = randomise(Model())
    assert "lstm.gain_hh_l1" in model.state_dict()
    again = Model()
    again.load_state_dict(load(save(model.state_dict())))
    identical(list(again.parameters()), list(model.parameters()))


@pytest.mark.parametrize(
    "make", [partial(LSTM, 3, 4, 2, bidirectional=True), partial(LSTMCell, 3, 4)]
)
def test_one_bias_and_two_load_into_one_another(make):
    two, one = make(biases=2), make(biases=1)
    x = torch.randn(5, 3)
    one.load_state_dict(two.state_dict())
    torch.testing.assert_close(one(x), two(x))
    two.load_state_dict(one.state_dict())
    identical(two(x), one(x))
    assert not any(p.any() for name, p in two.named_parameters() if "bias_hh" in name)


@pytest.mark.parametrize("biases", [1, 2])
@pytest.mark.parametrize("missing", ["weight_ih_l0", "bias_ih_l0", "bias_hh_l0"])
def test_a_missing_entry_is_an_error_and_no_bias_stands_in_for_two(biases, missing):
    state = torch.nn.LSTM(3, 4).state_dict()
    state.pop(missing)
    with pytest.raises(RuntimeError, match="Missing key"):
        LSTM(3, 4, biases=biases).load_state_dict(state)
