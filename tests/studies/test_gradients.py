import json
import re
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tangyin import lstm
from tangyin.corpus import Batch, collate
from tangyin.model import Architecture
from tangyin.nn.language_model import LanguageModel
from tangyin.studies.experiments.gradients import FORGET_BIASES, gradient_flow
from tangyin.studies.gradient_errors import REFERENCES, jacobian_errors, numpy_twin
from tangyin.verse import BOS, EOS, Vocabulary

DOCS = Path(__file__).parents[2] / "docs"
BOUNDS = {"differences": 1e-7, "autograd": 1e-12}


@pytest.fixture(scope="module")
def small(quick: Callable[[str], Any]) -> dict[str, Any]:
    return quick("gradients").results


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    report = json.loads((DOCS / "report/results.json").read_text(encoding="utf-8"))
    return report["studies"]["gradients"]["results"]


@pytest.mark.parametrize("which", ["small", "published"])
def test_every_gradient_is_within_the_bounds(which: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(which)
    for line in found["jacobians"] + found["parameters"]:
        for reference in REFERENCES:
            assert 0 <= line[reference] <= BOUNDS[reference], line


def test_every_jacobian_of_the_package_is_measured(small: dict[str, Any]) -> None:
    named = Counter(line["name"] for line in small["jacobians"])
    assert named.pop("jacobians") == 16
    assert set(named.values()) == {1}
    # The Jacobians by weights and biases are those that `jacobians` returns, as are these.
    returned = {"jacobians"} | {f"dh_d{by}" for by in "figyx"} | {"dh_dc_prev", "dh_dh_prev"}
    jacobian = re.compile(r"(?!dh_d[Wb])d\w+_d\w+|\w*jacobians?")
    functions = {
        name for name, found in vars(lstm).items() if callable(found) and jacobian.fullmatch(name)
    }
    assert set(named) == functions - returned | {"plain_rnn_dh_dh_prev"}


def test_every_parameter_is_measured_in_both_packages(small: dict[str, Any]) -> None:
    measured = [(line["name"], line["by"]) for line in small["parameters"]]
    weights = "embedding.weight lstm.weight_ih_l0 lstm.weight_hh_l0 lstm.bias_l0"
    parameters = [*weights.split(), "output.weight", "output.bias"]
    assert Counter(measured) == Counter(product(("tangyin.lstm", "tangyin.nn"), parameters))


@pytest.mark.parametrize(
    ("function", "factor"), [("dc_di", 2.0), ("dh_dc", 1.001), ("softmax_jacobian", -1.0)]
)
def test_a_wrong_jacobian_is_measured_as_wrong(function, factor, monkeypatch) -> None:
    right = getattr(lstm, function)
    monkeypatch.setattr(lstm, function, lambda *given: factor * right(*given))
    for line in jacobian_errors(1):
        for reference in REFERENCES:
            wanted = abs(factor - 1) if line["name"] == function else 0
            assert line[reference] == pytest.approx(wanted, abs=1e-8)


def test_flow_begins_with_the_identity_and_decays_with_the_forget_gate() -> None:
    flow = gradient_flow(hidden_size=12, input_size=10, steps=30, seeds=3)
    assert flow["lags"] == list(range(31))
    assert [curve["forget_bias"] for curve in flow["curves"]] == [*FORGET_BIASES, None]
    for curve in flow["curves"]:
        norms = np.array([curve[key] for key in ("lowest", "median", "highest")])
        assert norms.shape == (3, 31)
        assert (norms[:, 0] == 1).all()
        assert (np.diff(norms, axis=0) >= 0).all()
        assert norms[0, 5] < norms[2, 5]
    ends = [curve["median"][-1] for curve in flow["curves"][:-1]]
    assert ends == sorted(ends)
    # In the long run the slope is not below that of the forget gate alone.
    for curve, bias in zip(flow["curves"], FORGET_BIASES, strict=False):
        slope = (curve["median"][-1] / curve["median"][-11]) ** 0.1
        assert slope > 0.9 / (1 + np.exp(-bias))


def test_flow_is_what_differences_of_the_last_state_say() -> None:
    """The product of the transitions, against moving a hidden state by hand."""
    H, E, T = 5, 4, 6
    flow = gradient_flow(hidden_size=H, input_size=E, steps=T, seeds=1)
    generator = np.random.default_rng(0)
    W_ih, W_hh, b, xs = (
        generator.uniform(-(H**-0.5), H**-0.5, shape)
        for shape in ((4 * H, E), (4 * H, H), 4 * H, (T, E))
    )
    b[H : 2 * H] = FORGET_BIASES[2]
    layer = lstm.Parameters(W_ih=W_ih, W_hh=W_hh, b=b)

    def last(h: np.ndarray, c: np.ndarray, since: int) -> np.ndarray:
        trace = lstm.sequence_forward(layer, xs[since:, None], h[None], c[None])
        return trace.h_n[0]

    before = lstm.sequence_forward(layer, xs[:2, None])
    h, c = before.h_n[0], before.c_n[0]
    shifts = 1e-5 * np.eye(H)
    columns = [(last(h + s, c, 2) - last(h - s, c, 2)) / 2e-5 for s in shifts]
    norm = np.linalg.norm(np.stack(columns, axis=1), 2)
    assert flow["curves"][2]["median"][T - 2] == pytest.approx(norm, rel=1e-3)


# NumPy and PyTorch, step by step

TRAINING_BOUNDS = [(torch.float64, 1e-12), (torch.float32, 1e-5)]
VOCABULARY = Vocabulary("天地玄黃宇宙洪荒日月盈昃辰宿列張")


@pytest.fixture
def padded_batches() -> list[Batch]:
    """Poems of four to nine random characters, so that nearly every batch is padded."""
    generator = np.random.default_rng(3)

    def poem() -> np.ndarray:
        characters = generator.choice(VOCABULARY.hanzi_ids, generator.integers(4, 10))
        return np.concatenate([[VOCABULARY.id(BOS)], characters, [VOCABULARY.id(EOS)]])

    return [collate([poem() for _ in range(6)], VOCABULARY.id(EOS)) for _ in range(12)]


@pytest.fixture
def model() -> LanguageModel:
    torch.manual_seed(5)
    return LanguageModel(Architecture(7, 9), VOCABULARY)


@pytest.mark.parametrize(("dtype", "bound"), TRAINING_BOUNDS, ids=["float64", "float32"])
def test_numpy_trains_on_padded_poems_as_torch_does(dtype, bound, padded_batches, model) -> None:
    assert not all(batch.mask.all() for batch in padded_batches)
    twin = numpy_twin(model.to(dtype))
    ours = lstm.Adam(twin.parameters, lr=0.05)
    theirs = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for batch in padded_batches:
        loss, gradients = twin.loss_and_gradients(batch.inputs, batch.targets, batch.mask)
        ours.step(gradients)
        theirs.zero_grad()
        ids = (torch.from_numpy(a.astype(np.int64)) for a in (batch.inputs, batch.targets))
        expected = model.loss(*ids, torch.from_numpy(batch.mask))
        expected.backward()
        theirs.step()
        losses.append(loss)
        assert abs(loss - expected.item()) <= bound
    assert losses[-1] < losses[0] - 0.1
    for name, value in model.state_dict().items():
        reference = value.numpy()
        apart = np.linalg.norm(twin.parameters[name][: len(reference)] - reference)
        assert apart <= bound * np.linalg.norm(reference)


def test_the_twin_gives_what_is_only_read_no_probability_and_copies(model: LanguageModel) -> None:
    twin = numpy_twin(model)
    inputs = np.array([[VOCABULARY.id(BOS), 3], [4, 5]])
    logits = twin.logits(inputs)
    assert logits.shape == (2, 2, len(VOCABULARY))
    assert (logits[..., VOCABULARY.outputs :] == -np.inf).all()
    expected = model.log_probs(torch.from_numpy(inputs)).detach().numpy()
    assert np.exp(expected).sum(axis=-1) == pytest.approx(1, abs=1e-6)
    shifts = logits[..., : VOCABULARY.outputs] - expected
    np.testing.assert_allclose(shifts, shifts[..., :1].repeat(expected.shape[-1], -1), atol=1e-6)
    before = model.embedding.weight.detach().clone()
    for array in twin.parameters.values():
        array[...] = 7
    assert torch.equal(model.embedding.weight, before)
