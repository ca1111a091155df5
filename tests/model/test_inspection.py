import numpy as np
import pytest

from tangyin.errors import UsageError
from tangyin.lstm import Parameters, sequence_forward
from tangyin.model import Engine
from tangyin.model.inspection import QUANTITIES, expectation, lay_out, surprises, trace
from tangyin.scoring import score_texts
from tangyin.verse import FORMS, WULV, form_token

SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
HANZI = "日紅山夜湖海月春江花"


def test_what_was_expected_at_a_place_is_the_models_own_probability(report_engine):
    prefix = report_engine.vocabulary.prefix(WULV)
    at = SPRING.index("深")
    found = expectation(report_engine, prefix, SPRING[:at], "深", 20)
    nats = surprises(report_engine, prefix, SPRING)
    assert found.known
    assert found.probability == pytest.approx(np.exp(-nats[at]), rel=1e-5)
    characters, probabilities = zip(*found.candidates, strict=True)
    assert len(set(characters)) == 20
    assert list(probabilities) == sorted(probabilities, reverse=True)
    assert characters[found.rank - 1] == "深"
    assert probabilities[found.rank - 1] == found.probability


def test_the_surprises_of_a_poem_sum_to_its_score(report_engine):
    (tally,) = score_texts(report_engine, [SPRING], WULV)
    prefix = report_engine.vocabulary.prefix(WULV)
    whole = surprises(report_engine, prefix, SPRING)
    assert whole.shape == (48,)
    # The score includes <eos>.
    assert 0 < tally.nll - whole.sum() < 0.5
    assert np.allclose(surprises(report_engine, prefix, SPRING[:13]), whole[:13], atol=1e-5)


def test_a_character_that_the_model_lacks_has_the_probability_of_unk(report_engine):
    found = expectation(report_engine, report_engine.vocabulary.prefix(WULV), "", "鿿", 3)
    assert not found.known
    assert 0 < found.probability < 1


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_trace_is_that_of_the_derivations_lstm(random_model, layer):
    prefixes = tuple(form_token(form) for form in FORMS)
    model = random_model(HANZI, FORMS, layers=3, scale=0.4, prefixes=prefixes)
    engine, text = Engine(model), "日紅山夜湖，海月"
    inputs = np.array([model.vocabulary.prefix_id(WULV), *model.vocabulary.encode(text)])
    x = model.tensors["embedding.weight"][inputs][:, None]
    for number in range(layer + 1):
        names = ("weight_ih", "weight_hh", "bias")
        weights = Parameters(*(model.tensors[f"lstm.{n}_l{number}"] for n in names))
        expected = sequence_forward(weights, x)
        x = expected.outputs
    size, prefix = model.architecture.hidden_size, model.vocabulary.prefix(WULV)
    for name in QUANTITIES:
        found = trace(engine, prefix, text, layer, name)
        if name in "ch":
            wanted = getattr(expected, name)[1:, 0]
        else:
            at = "ifgo".index(name) * size
            wanted = expected.gates[:, 0, at : at + size]
        assert found.shape == (1 + len(text), size)
        # The engine rounds activations to int8.
        assert np.abs(found - wanted).max() < 0.03


@pytest.mark.parametrize(
    ("typed", "laid"),
    [
        ("", ""),
        ("國破", "國破"),
        ("國破山河在城春", "國破山河在，城春"),
        ("國破山河在。城春草木深", "國破山河在。城春草木深"),
        ("國破山河在\n城春草木深,感", "國破山河在，城春草木深，感"),
        ("国破山河在，城春", "國破山河在，城春"),
        (SPRING, SPRING),
    ],
)
def test_what_a_person_types_is_laid_out_as_models_read_it(typed, laid):
    assert lay_out(typed, WULV) == laid


def test_a_place_cannot_be_left_open():
    with pytest.raises(UsageError) as caught:
        lay_out("國□山", WULV)
    assert caught.value.params["character"] == "□"


def test_of_other_cells_the_states_can_be_traced_and_no_gate(random_model):
    model = random_model(HANZI, FORMS, cell="coupled", prefixes=tuple(map(form_token, FORMS)))
    engine, prefix = Engine(model), model.vocabulary.prefix(WULV)
    found = trace(engine, prefix, "日紅", 0, "h")
    inputs = np.concatenate((prefix, model.vocabulary.encode("日紅")))
    last = engine.read(inputs[:, None])[-1].hidden
    np.testing.assert_array_equal(found[-1], last[0])
    with pytest.raises(UsageError, check=lambda e: e.code == "nn.gates_of_plain_cell"):
        trace(engine, prefix, "日紅", 0, "f")
