"""Every path of the engine's arithmetic gives the same bits, those of the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import UsageError
from tangyin.model.arithmetic import (
    FLAGS,
    ONE,
    PATHS,
    SOURCE,
    Arithmetic,
    Matrix,
    Native,
    arithmetic,
)
from tangyin.native import built_library

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 90), st.integers(1, 150))


@pytest.fixture(params=PATHS[:-1], scope="module")
def native(request, tmp_path_factory) -> Native:
    library = built_library(SOURCE, FLAGS)
    if library is None:
        pytest.skip("no compiler")
    copy = tmp_path_factory.mktemp("kernel") / "copy.so"  # has a choice of its own
    copy.write_bytes(library.read_bytes())
    try:
        chosen = Native(copy, request.param)
    except OSError:
        pytest.skip(f"no {request.param} on this kind of processor")
    if chosen.name != request.param:
        pytest.skip(f"this processor has no {request.param}")
    return chosen


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def products(arithmetic: Arithmetic, seed: int, sizes: tuple[int, int, int]) -> list[np.ndarray]:
    B, N, K = sizes
    x, matrix, bias = normal(seed, B, K), Matrix.of(normal(seed + 1, N, K)), normal(seed + 2, N)
    x[0] *= seed % 3  # a row of zeros has a scale too
    return [arithmetic.linear(x, matrix), arithmetic.linear(x, matrix, bias)]


@given(st.data(), st.integers(0, 10**6))
def test_every_path_multiplies_to_the_same_bits(native, data, seed):
    sizes = data.draw(SIZES)
    for ours, expected in zip(
        products(native, seed, sizes), products(Arithmetic(), seed, sizes), strict=True
    ):
        assert np.array_equal(ours, expected)


@pytest.mark.parametrize(
    "sizes", [(16, 256, 1440), (3, 20, 2100), (150, 65, 1024), (9, 48, 514), (61, 16, 260)]
)
def test_long_products_have_the_same_bits_too(native, sizes):
    assert np.array_equal(products(native, 0, sizes), products(Arithmetic(), 0, sizes))


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 3000), st.integers(0, 99))
@settings(max_examples=30)
def test_a_product_is_the_sum_of_whole_numbers_times_two_scales(B, N, K, seed):
    x, matrix = normal(seed, B, K), Matrix.of(normal(seed + 1, N, K))
    scales = np.abs(x).max(axis=1, keepdims=True) / np.float32(127)
    whole = np.rint(x / scales).astype(np.int64)
    sums = whole @ matrix.weights.astype(np.int64).T
    expected = sums.astype(np.float32) * scales * matrix.scales
    assert np.array_equal(Arithmetic().linear(x, matrix), expected)


def test_the_largest_weights_and_activations_neither_saturate_nor_round(native):
    matrix = Matrix(np.full((8, 1040), -127, np.int8), np.ones(8, np.float32))
    x = np.full((5, 1040), -127, np.float32)
    assert (native.linear(x, matrix) == 127 * 127 * 1040).all()


def test_rounding_loses_at_most_half_a_step_of_a_row():
    weights = normal(0, 50, 30)
    matrix = Matrix.of(weights)
    assert np.abs(matrix.rows(np.arange(50)) - weights).max() <= matrix.scales.max() / 2 + 1e-6
    assert (np.abs(matrix.weights).max(axis=1) == 127).all()


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_functions_have_the_same_bits_and_are_right_to_a_millionth(native, name):
    scales = np.repeat(np.float32([1e-30, 1e-3, 1, 10, 1e5]), 1003)
    x = normal(4, len(scales)) * scales
    ours = getattr(native, name)(x)
    assert np.array_equal(ours, getattr(Arithmetic(), name)(x))
    wide = x.astype(np.float64)
    expected = np.tanh(wide) if name == "tanh" else (1 + np.tanh(wide / 2)) / 2
    assert np.abs(ours - expected).max() < 1e-6


def logits(seed: int, rows: int, columns: int) -> np.ndarray:
    found = 4 * normal(seed, rows, columns)
    found[normal(seed + 1, rows, columns) > 1] = -np.inf
    return found


@given(
    st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 200), st.sampled_from([0.3, 1.0, 4.0])
)
def test_weights_have_the_same_bits_and_are_the_probabilities(native, seed, rows, columns, T):
    x = logits(seed, rows, columns)
    weights, largest, totals = native.weigh(x, T)
    for ours, expected in zip((weights, largest, totals), Arithmetic().weigh(x, T), strict=True):
        assert np.array_equal(ours, expected)
    assert (totals == weights.sum(axis=1)).all()
    assert all(map(np.array_equal, native.totals(x, T), (largest, totals)))
    for row, own in zip(x.astype(np.float64), weights, strict=True):
        if np.isfinite(row).any():
            expected = np.exp((row - row.max()) / T)
            assert np.abs(own / ONE - expected).max() < 1e-6
            assert own.max() == ONE
        else:
            assert not own.any()


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 200))
def test_log_probabilities_have_the_same_bits_and_sum_to_one(native, seed, rows, columns):
    x = logits(seed, rows, columns)
    x[:, 0] = 1.0
    ours, expected = x.copy(), x.copy()
    native.normalize(ours)
    Arithmetic().normalize(expected)
    assert np.array_equal(ours, expected)
    assert np.abs(np.exp(ours.astype(np.float64)).sum(axis=1) - 1).max() < 1e-5


@given(
    st.integers(0, 10**6),
    st.integers(1, 9),
    st.integers(1, 200),
    st.sampled_from([0.5, 1.0]),
    st.sampled_from([1e-9, 0.1, 0.5, 0.9, 0.999, 1.0]),
)
def test_a_nucleus_has_the_same_bits_and_no_candidate_too_many(native, seed, rows, columns, T, p):
    x = logits(seed, rows, columns)
    places, values = native.nucleus(x, T, p)
    for ours, expected in zip((places, values), Arithmetic().nucleus(x, T, p), strict=True):
        assert np.array_equal(ours, expected)
    weights, _, totals = native.weigh(x, T)
    for row in range(rows):
        inside = np.isfinite(values[row])
        own = places[row][inside]
        assert (np.diff(own) > 0).all()
        assert np.array_equal(values[row][inside], x[row, own])
        if not len(own):
            assert not totals[row]
            continue
        least, held = weights[row, own].min(), int(weights[row, own].sum())
        assert held >= p * totals[row]
        assert held - (weights[row, own] == least).sum() * int(least) < p * totals[row]
        assert (np.delete(weights[row], own) < max(least, 1)).all()


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 200), st.integers(1, 20))
def test_the_largest_are_those_of_a_stable_sort(native, seed, rows, columns, k):
    x = np.round(logits(seed, rows, columns))  # with ties
    k = min(k, columns)
    places, values = native.largest(x, k)
    expected = np.argsort(-x, axis=1, kind="stable")[:, :k]
    assert np.array_equal(values, np.take_along_axis(x, expected, axis=1))
    assert np.array_equal(places, np.where(np.isfinite(values), expected, 0))


def test_rows_of_a_wider_array_are_read_where_they_lie(native):
    wide = logits(5, 6, 90)
    part = native.nucleus(wide[:, 7:], 1.0, 0.9)
    whole = native.nucleus(np.ascontiguousarray(wide[:, 7:]), 1.0, 0.9)
    largest = native.largest(wide[:, 7:], 5), native.largest(np.ascontiguousarray(wide[:, 7:]), 5)
    for one, other in zip((*part, *largest[0]), (*whole, *largest[1]), strict=True):
        assert np.array_equal(one, other)


@given(st.integers(1, 5), st.integers(1, 70), st.integers(0, 10**6))
def test_a_step_of_the_plain_lstm_has_the_bits_of_its_single_operations(native, B, H, seed):
    inputs, recurrent, c = (
        normal(seed, B, 4 * H),
        normal(seed + 1, B, 4 * H),
        normal(seed + 2, B, H),
    )
    before = c.copy()
    h, after = native.operations.lstm(inputs, recurrent, c)
    numpy = Arithmetic()
    y_i, y_f, y_g, y_o = np.split(inputs + recurrent, 4, axis=1)
    expected = numpy.sigmoid(y_f) * c + numpy.sigmoid(y_i) * numpy.tanh(y_g)
    assert np.array_equal(after, expected)
    assert np.array_equal(h, numpy.sigmoid(y_o) * numpy.tanh(expected))
    assert np.array_equal(c, before)


def test_guidance_has_the_same_bits(native):
    given, without = logits(1, 5, 90), normal(2, 5, 90)
    expected = Arithmetic().guided(given, without, 1.7)
    assert np.array_equal(native.guided(given, without, 1.7), expected)


@pytest.mark.parametrize("cap", PATHS)
def test_the_environment_caps_the_instruction_set(monkeypatch, cap):
    monkeypatch.setenv("TANGYIN_KERNEL", cap)
    capped = arithmetic.__wrapped__()
    assert PATHS.index(capped.name) >= PATHS.index(cap)
    monkeypatch.delenv("TANGYIN_KERNEL")
    fastest = arithmetic.__wrapped__()
    assert capped.name == fastest.name or PATHS.index(capped.name) > PATHS.index(fastest.name)


def test_an_unknown_cap_is_refused_with_the_paths_there_are(monkeypatch):
    monkeypatch.setenv("TANGYIN_KERNEL", "abacus")
    with pytest.raises(UsageError, match=r"abacus.*avx2"):
        arithmetic.__wrapped__()


def test_without_a_compiler_numpy_computes(monkeypatch):
    monkeypatch.setenv("TANGYIN_NATIVE", "0")
    assert arithmetic.__wrapped__().name == "numpy"
