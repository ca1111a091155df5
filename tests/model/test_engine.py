from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import TangyinError
from tangyin.lstm import Parameters, sequence_forward
from tangyin.lstm.cells import names
from tangyin.model import Engine, StepOutput
from tangyin.model.file import ModelFile
from tangyin.nn.language_model import LanguageModel as TorchModel
from tangyin.verse import FORMS, WULV, form_token

Build = Callable[..., ModelFile]
HANZI = "".join(map(chr, range(0x4E00, 0x4E00 + 90)))


def logits(model: ModelFile, inputs: np.ndarray) -> np.ndarray:
    """(T, B, outputs) in fp64, layer by layer with `tangyin.lstm`."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in model.tensors.items()}
    x = tensors["embedding.weight"][inputs]
    for layer in range(model.architecture.layers):
        names = ("weight_ih", "weight_hh", "bias")
        parameters = Parameters(*(tensors[f"lstm.{name}_l{layer}"] for name in names))
        x = sequence_forward(parameters, x).outputs
    return x @ tensors["output.weight"].T + tensors["output.bias"]


def log_softmax(y: np.ndarray) -> np.ndarray:
    y = y - y.max(axis=-1, keepdims=True)
    return y - np.log(np.exp(y).sum(axis=-1, keepdims=True))


def engine_log_probs(model: ModelFile, inputs: np.ndarray) -> np.ndarray:
    engine = Engine(model)
    return np.stack([engine.log_probs(h) for h in engine.read(inputs)])


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_engine_equals_the_derivations_lstm(
    random_model: Build, layers: int, seed: int
) -> None:
    model = random_model(HANZI, (WULV,), layers=layers, seed=seed, scale=0.4)
    inputs = np.random.default_rng(seed).integers(0, len(model.vocabulary), (30, 9))
    expected = log_softmax(logits(model, inputs))
    assert np.abs(engine_log_probs(model, inputs) - expected).max() < 1e-5


def test_the_engine_equals_the_derivations_lstm_on_the_shipped_model(
    report_model: ModelFile,
) -> None:
    inputs = np.random.default_rng(3).integers(0, len(report_model.vocabulary), (20, 8))
    expected = log_softmax(logits(report_model, inputs))
    # Its log-probabilities go down to -20 and below, where fp32 has a step of 2e-6.
    ours = engine_log_probs(report_model, inputs)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", names())
def test_the_engine_and_torch_agree_on_log_probs_and_argmax(
    random_model: Build, cell: str, layers: int
) -> None:
    prefixes = tuple(form_token(form) for form in FORMS)
    agree(
        random_model(HANZI, FORMS, layers=layers, seed=5, scale=0.5, prefixes=prefixes, cell=cell)
    )


def test_the_engine_and_torch_agree_on_the_shipped_model(report_model: ModelFile) -> None:
    agree(report_model)


def agree(model: ModelFile) -> None:
    module = TorchModel(model.architecture, model.vocabulary)
    module.load_state_dict({k: torch.from_numpy(v) for k, v in model.tensors.items()})
    inputs = np.random.default_rng(7).integers(0, len(model.vocabulary), (25, 16))
    with torch.no_grad():
        module.eval()
        theirs = module.log_probs(torch.from_numpy(inputs)).numpy()
    ours = engine_log_probs(model, inputs)
    assert np.abs(ours - theirs).max() < 1e-4
    assert (ours.argmax(axis=-1) == theirs.argmax(axis=-1)).all()


def test_probabilities_sum_to_one(report_engine: Engine) -> None:
    step_outputs = report_engine.read(np.random.default_rng(2).integers(0, 2822, (30, 20)))
    log_probs = np.stack([report_engine.log_probs(o) for o in step_outputs]).astype(np.float64)
    assert np.abs(np.exp(log_probs).sum(axis=-1) - 1).max() < 1e-5


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_sequence_comes_out_the_same_to_the_bit_in_any_company(
    random_model: Build, data: st.DataObject
) -> None:
    model = random_model(
        HANZI[: data.draw(st.integers(1, 90))],
        (WULV,),
        embedding_size=data.draw(st.integers(1, 9)),
        hidden_size=data.draw(st.sampled_from([1, 2, 3, 7, 16, 33, 64])),
        layers=data.draw(st.integers(1, 2)),
        cell=data.draw(st.sampled_from(names())),
        seed=data.draw(st.integers(0, 99)),
    )
    engine = Engine(model)
    count = data.draw(st.integers(2, 70))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    inputs = generator.integers(0, len(model.vocabulary), (4, count))
    together = engine.read(inputs)
    all_log_probs = np.stack([engine.log_probs(h) for h in together])
    chosen = generator.permutation(count)[: data.draw(st.integers(1, count))]
    some = engine.read(inputs[:, chosen])
    for one, all_ in zip(some, together, strict=True):
        assert np.array_equal(one.hidden, all_.hidden[chosen])
    some_log_probs = np.stack([engine.log_probs(h) for h in some])
    assert np.array_equal(some_log_probs, all_log_probs[:, chosen])


def test_every_place_in_a_product_gives_the_same_bits(report_engine: Engine) -> None:
    step_output = report_engine.read(np.array([[5], [900], [17]], np.int32))[-1]
    row = step_output.hidden  # (1, H)
    alone = report_engine.log_probs(step_output)
    generator = np.random.default_rng(0)
    for count in (2, 15, 16, 17, 33):
        for place in range(count):
            others = generator.uniform(-1, 1, (count, row.shape[1])).astype(np.float32)
            others[place] = row[0]
            assert np.array_equal(report_engine.log_probs(StepOutput(others))[place], alone[0])


def test_a_state_is_taken_by_rows_and_copied(random_model: Build) -> None:
    engine = Engine(random_model(HANZI, (WULV,), layers=2))
    tokens = np.array([1, 2, 3], np.int32)
    state = engine.start(3)
    engine.step(tokens, state)
    taken = state.take(np.array([2, 0, 2]))
    before = [array.copy() for array in (*taken.h, *taken.c)]
    engine.step(tokens, state)
    for array, copy in zip((*taken.h, *taken.c), before, strict=True):
        assert np.array_equal(array, copy)
        assert np.array_equal(array[0], array[2])
    forked = engine.step(tokens[[2, 0, 2]], taken)
    assert np.array_equal(forked.hidden, state.h[-1][[2, 0, 2]])


def test_a_cell_that_is_not_installed_is_refused(report_model: ModelFile) -> None:
    architecture = replace(report_model.architecture, cell="gru")
    with pytest.raises(TangyinError) as refused:
        Engine(replace(report_model, architecture=architecture))
    assert (refused.value.code, refused.value.params["cell"]) == ("nn.cell_unknown", "gru")
