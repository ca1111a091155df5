import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tangyin.verse import FORMS
from tangyin.writing import SEEDS, new_seed, poem_uniforms
from tangyin.writing.randomness import what_is_asked

SEED = st.integers(0, SEEDS - 1)


@given(SEED, st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 60))
def test_a_stream_hangs_on_seed_and_number_alone(seed, number, count, more):
    stream = poem_uniforms(seed, number, count)
    assert np.array_equal(poem_uniforms(seed, number, count + more)[:count], stream)
    assert ((stream >= 0) & (stream < 1)).all()


@given(SEED, SEED, st.integers(0, 999), st.integers(0, 999))
def test_other_seeds_and_numbers_have_other_streams(seed, other, number, further):
    same = np.array_equal(poem_uniforms(seed, number, 8), poem_uniforms(other, further, 8))
    assert same == ((seed, number) == (other, further))


@given(SEED, st.integers(0, 999), st.data())
def test_other_openings_titles_and_forms_have_other_streams(seed, number, data):
    tokens = st.lists(st.integers(-1, 9000), min_size=3, max_size=3)
    asked = st.tuples(st.sampled_from(FORMS), tokens, tokens, st.lists(st.integers(0, 9)))
    first, second = data.draw(asked), data.draw(asked)
    streams = [poem_uniforms(seed, number, 8, what_is_asked(*each)) for each in (first, second)]
    assert np.array_equal(*streams) == (first == second)


def test_neighbouring_streams_are_uniform_and_unlike():
    table = np.stack([poem_uniforms(seed, n, 48) for seed in range(40) for n in range(40)])
    assert abs(table.mean() - 0.5) < 0.01
    assert abs(table.var() - 1 / 12) < 0.002
    correlations = np.corrcoef(table[:200]) - np.eye(200)
    assert np.abs(correlations).max() < 0.75


def test_new_seeds_are_short_and_differ():
    seeds = {new_seed() for _ in range(50)}
    assert len(seeds) > 45
    assert max(seeds) < 2**32
