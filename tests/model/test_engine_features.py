"""The engine on networks that read features: tied embedding, u_t, echo."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.model import Engine, echo_classes, read_sequences
from tangyin.model.file import ModelFile
from tangyin.prosody import LEVEL_RHYMES
from tangyin.verse import FORMS, WUJUE, prefix_tokens

Build = Callable[..., ModelFile]
HANZI = "白日依山盡黃河入海流欲窮千里目更上一層樓看不過"
TEXT = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
SIZES = {"opposite_size": 5, "rhyme_size": 3, "place_size": 4, "tone_size": 2}


@pytest.fixture(scope="module")
def build(random_model: Build) -> Build:
    def built(**changes: int) -> ModelFile:
        options = {"tied": True, "echo": True, "scale": 0.4, **SIZES, **changes}
        return random_model(HANZI, FORMS, prefixes=prefix_tokens(LEVEL_RHYMES), **options)

    return built


def sequences(model: ModelFile, count: int) -> np.ndarray:
    """(T, count) poems with prefixes of one length, their characters changed at random."""
    vocabulary = model.vocabulary
    generator = np.random.default_rng(count)
    tokens = [*vocabulary.prefix(WUJUE, "尤", "上樓"), *vocabulary.encode(TEXT)]
    inputs = np.repeat(np.array(tokens, np.int32)[:, None], count, axis=1)
    others = generator.integers(0, vocabulary.outputs, inputs.shape)
    return np.where(generator.random(inputs.shape) < 0.2, others, inputs).astype(np.int32)


def engine_log_probs(model: ModelFile, inputs: np.ndarray) -> np.ndarray:
    engine = Engine(model)
    return np.stack([engine.log_probs(step_output) for step_output in engine.read(inputs)])


def sigmoid(y: float) -> float:
    return 1 / (1 + np.exp(-y))


def slow_cell(
    W: dict[str, np.ndarray], layer: int, x: np.ndarray, before: np.ndarray, c: np.ndarray
) -> np.ndarray:
    """The hidden state after a step of one layer; the cell state c is changed in place."""
    H = len(before)
    after = np.zeros(H)
    for unit in range(H):
        i, f, g, o = (
            W[f"lstm.weight_ih_l{layer}"][gate * H + unit] @ x
            + W[f"lstm.weight_hh_l{layer}"][gate * H + unit] @ before
            + W[f"lstm.bias_l{layer}"][gate * H + unit]
            for gate in range(4)
        )
        c[unit] = sigmoid(f) * c[unit] + sigmoid(i) * np.tanh(g)
        after[unit] = sigmoid(o) * np.tanh(c[unit])
    return after


def slow_log_probs(model: ModelFile, tokens: np.ndarray) -> np.ndarray:
    """(T, outputs) of one sequence, written down unit by unit in fp64."""
    W = {name: tensor.astype(np.float64) for name, tensor in model.tensors.items()}
    network, vocabulary = model.architecture, model.vocabulary
    H, outputs = network.hidden_size, vocabulary.outputs
    embedding = W["embedding.weight"]
    known = read_sequences(vocabulary, model.tensors["tones"], network.layout, tokens[:, None])
    classes = echo_classes(known.line_of, known.line)[:, :, 0]
    h = [np.zeros(H) for _ in range(network.layers)]
    c = [np.zeros(H) for _ in range(network.layers)]
    result = []
    for t, token in enumerate(tokens):
        u: list[float] = []
        if network.opposite_size:
            u += [row @ embedding[known.opposite[t, 0]] for row in W["opposite.weight"]]
        if network.rhyme_size:
            u += [row @ embedding[known.rhyme[t, 0]] for row in W["rhyme.weight"]]
        if network.place_size:
            u += list(W["place.weight"][known.place[t, 0]])
        if network.tone_size:
            u += list(W["tone.weight"][known.tone[t, 0]])
        x = np.array([*embedding[token], *u])
        for layer in range(network.layers):
            h[layer] = x = slow_cell(W, layer, x, h[layer], c[layer])
        beside = np.array([*x, *u])
        s = W["projection.weight"] @ beside + W["projection.bias"]
        logits = [embedding[token] @ s + W["output.bias"][token] for token in range(outputs)]
        if network.echo:
            a = W["echo.weight"] @ beside + W["echo.bias"]
            for q in range(t + 1):
                if classes[t, q] >= 0:
                    logits[tokens[q]] += a[classes[t, q]]
        largest = max(logits)
        result.append(np.array(logits) - largest - np.log(np.exp(np.array(logits) - largest).sum()))
    return np.stack(result)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layers": 2},
        {"echo": False},
        {"opposite_size": 0, "rhyme_size": 0, "place_size": 0, "tone_size": 0},
        {"opposite_size": 0, "tone_size": 0},
        {"rhyme_size": 0, "place_size": 0, "layers": 3, "seed": 5},
    ],
    ids=str,
)
def test_the_engine_equals_the_mathematics(build: Build, changes: dict[str, int]) -> None:
    model = build(**changes)
    inputs = sequences(model, 3)
    ours = engine_log_probs(model, inputs)
    for column in range(inputs.shape[1]):
        expected = slow_log_probs(model, inputs[:, column])
        assert np.abs(ours[:, column] - expected).max() < 1e-4
        assert (ours[:, column].argmax(axis=1) == expected.argmax(axis=1)).all()


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_changing_a_later_character_changes_no_earlier_probability(
    build: Build, data: st.DataObject
) -> None:
    model = build()
    inputs = sequences(model, 2)
    place = data.draw(st.integers(1, len(inputs) - 1))
    inputs[:place, 1] = inputs[:place, 0]
    inputs[place, 1] = data.draw(st.integers(0, len(model.vocabulary) - 1))
    log_probs = engine_log_probs(model, inputs)
    assert np.array_equal(log_probs[:place, 0], log_probs[:place, 1])
    if inputs[place, 0] != inputs[place, 1]:
        assert not np.array_equal(log_probs[place, 0], log_probs[place, 1])


@given(st.integers(2, 40), st.data())
@settings(deadline=None, max_examples=30)
def test_a_sequence_with_features_comes_out_the_same_to_the_bit_in_any_company(
    build: Build, count: int, data: st.DataObject
) -> None:
    model = build(hidden_size=data.draw(st.sampled_from([1, 16, 33])))
    inputs = sequences(model, count)
    together = engine_log_probs(model, inputs)
    chosen = np.random.default_rng(count).permutation(count)[: data.draw(st.integers(1, count))]
    assert np.array_equal(engine_log_probs(model, inputs[:, chosen]), together[:, chosen])


def test_a_state_with_features_is_taken_by_rows_and_copied(build: Build) -> None:
    model = build()
    engine, inputs = Engine(model), sequences(model, 3)
    state, rows = engine.start(3), np.array([2, 0, 2])
    for tokens in inputs[:15]:
        engine.step(tokens, state)
    taken = state.take(rows)
    for tokens in inputs[15:]:
        one = engine.log_probs(engine.step(tokens, state))
        other = engine.log_probs(engine.step(tokens[rows], taken))
        assert np.array_equal(one[rows], other)


def test_a_prefix_is_read_once_for_all_as_for_each(build: Build) -> None:
    engine = Engine(build(layers=2))
    prefix = engine.vocabulary.prefix(None, None, "白日山")
    tokens, state = engine.begin(prefix, 5)
    found = engine.log_probs(engine.step(tokens, state))
    expected = engine.log_probs(engine.read(np.repeat(prefix[:, None], 5, axis=1))[-1])
    assert np.array_equal(found, expected)
