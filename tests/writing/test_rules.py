import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tangyin.errors import UsageError
from tangyin.writing import Argmax, RandomK, Temperature, TopP

from .conftest import fits

RULES = [
    Argmax(), RandomK(), RandomK(1), RandomK(20), RandomK(3, 0.5), Temperature(), Temperature(0.3),
    Temperature(5), TopP(), TopP(1), TopP(0.1), TopP(0.7, 0.5),
]  # fmt: skip


@st.composite
def tables(draw):
    """Log-probabilities (B, C), with many ties, and uniforms (B,)."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 400)))
    values = draw(
        arrays.arrays(np.float32, shape, elements=st.sampled_from([-1.0, -2.0, -8.0, -30.0]))
    )
    uniforms = draw(arrays.arrays(np.float64, shape[0], elements=st.floats(0, 1, exclude_max=True)))
    return values, uniforms


def row(*probabilities, seed=0, size=40):
    """One row of log-probabilities; without any, random ones of `size` candidates."""
    if probabilities:
        return np.log([probabilities]).astype(np.float32)
    y = 2 * np.random.default_rng(seed).standard_normal((1, size))
    return (y - np.log(np.exp(y).sum())).astype(np.float32)


def draws(rule, log_probs, count, seed=0):
    """How often each candidate is chosen in `count` draws."""
    uniforms = np.random.default_rng(seed).random(count)
    chosen = rule.choose(np.repeat(log_probs, count, axis=0), uniforms)
    return np.bincount(chosen, minlength=log_probs.shape[1])


@pytest.mark.parametrize("rule", RULES, ids=str)
@given(tables())
@settings(max_examples=30)
def test_a_choice_depends_on_its_own_row_alone(rule, table):
    log_probs, uniforms = table
    before = log_probs.copy()
    together = rule.choose(log_probs, uniforms)
    assert np.array_equal(log_probs, before)
    assert ((together >= 0) & (together < log_probs.shape[1])).all()
    alone = [rule.choose(log_probs[[i]], uniforms[[i]])[0] for i in range(len(uniforms))]
    assert together.tolist() == alone


@pytest.mark.parametrize("apart", [0, 127, 128, 300])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_least_and_the_largest_number_choose_a_candidate_with_a_chance(rule, apart):
    nothing = (0.0,) * (apart + 1)
    probabilities = (*nothing, 0.2, *nothing, 0.5, 0.3, *nothing)
    with np.errstate(divide="ignore"):
        log_probs = row(*probabilities)
    for uniform in (0.0, 5e-324, np.nextafter(1, 0)):
        chosen = rule.choose(log_probs, np.array([uniform]))[0]
        assert probabilities[chosen] > 0


@pytest.mark.parametrize("k", [1, 2, 5, 12, 13, 30, 40, 60])  # of 40 candidates
def test_random_k_is_uniform_among_the_k_most_likely(k):
    log_probs = row(seed=k)
    likely = np.zeros(40)
    likely[np.argsort(-log_probs[0])[:k]] = 1
    assert fits(draws(RandomK(k), log_probs, 40_000), likely)


@pytest.mark.parametrize(
    ("certainty", "best", "taken"),
    [(0.9, 0.89, False), (0.9, 0.91, True), (0.5, 0.51, True), (1.0, 0.999, False)],
)
def test_random_k_takes_what_is_nearly_certain(certainty, best, taken):
    log_probs = row(0.6 * (1 - best), best, 0.4 * (1 - best))
    counts = draws(RandomK(2, certainty), log_probs, 500)
    assert (counts.tolist() == [0, 500, 0]) is taken
    assert taken or fits(counts, np.array([1, 1, 0]))


@pytest.mark.parametrize("temperature", [0.01, 0.3, 1, 2.5, 60])
def test_temperature_draws_from_the_tempered_distribution(temperature):
    log_probs = row(seed=4)
    expected = np.exp((log_probs[0].astype(np.float64) - log_probs.max()) / temperature)
    assert fits(draws(Temperature(temperature), log_probs, 20_000, 1), expected)
    # At the ends of the range it is as good as argmax and as good as uniform.
    different = not fits(draws(Temperature(1.5 * temperature), log_probs, 20_000, 2), expected)
    assert different == (temperature not in (0.01, 60))


@pytest.mark.parametrize("size", [3, 40, 700])
@pytest.mark.parametrize(("p", "temperature"), [(0.1, 1), (0.5, 1), (0.9, 1), (0.9, 2), (1, 1)])
def test_top_p_draws_from_the_smallest_set_that_holds_the_share(size, p, temperature):
    log_probs = row(seed=size, size=size)
    probabilities = np.exp(log_probs[0].astype(np.float64) / temperature)
    probabilities /= probabilities.sum()
    kept, share = [], 0.0
    for candidate in np.argsort(-probabilities):
        kept.append(candidate)
        share += probabilities[candidate]
        if share >= p:
            break
    expected = np.zeros(size)
    expected[kept] = probabilities[kept]
    assert fits(draws(TopP(p, temperature), log_probs, 2_000_000 // (size + 60)), expected)


def test_top_p_ranks_all_when_the_nucleus_is_wide():
    flat = np.full((1, 2000), -np.log(2000), np.float32)
    flat[0, ::3] -= 1e-3
    chosen = draws(TopP(0.5), flat, 3000).nonzero()[0]
    assert len(chosen) > 700
    assert not (chosen % 3 == 0).any()


def test_a_rule_refuses_numbers_out_of_bounds():
    wrong = [(RandomK, "k"), (RandomK, "certainty"), (Temperature, "temperature"), (TopP, "p")]
    for rule, number in (*wrong, (TopP, "temperature")):
        with pytest.raises(UsageError, check=lambda e, number=number: e.params["name"] == number):
            rule(**{number: 0})
