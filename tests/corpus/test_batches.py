import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tangyin.corpus import bucket, collate, encode_poem
from tangyin.corpus.batches import MAX_PADDING, MAX_TOKENS
from tangyin.errors import UsageError
from tangyin.verse import EOS, FORMS, UNK, WUJUE, WULV, Vocabulary, form_token

LENGTHS = st.lists(st.integers(1, 70), max_size=120) | st.lists(
    st.sampled_from([form.targets for form in FORMS]), max_size=400
)


def shuffled(lengths, size, seed):
    return [batch.tolist() for batch in bucket(lengths, size, np.random.default_rng(seed))]


@given(LENGTHS, st.integers(1, 64), st.none() | st.integers(0, 99))
@example([18, 20], 6, None)  # exactly 5 % of padding would not be under 5 %
def test_every_poem_once_in_batches_with_little_padding(lengths, size, seed):
    shuffle = None if seed is None else np.random.default_rng(seed)
    batches = bucket(lengths, size, shuffle)
    assert sorted(np.concatenate([*batches, np.empty(0, int)]).tolist()) == [*range(len(lengths))]
    for batch in batches:
        chosen = [lengths[i] for i in batch]
        assert 1 <= len(chosen) <= size
        padding = sum(max(chosen) - length for length in chosen)
        assert padding < MAX_PADDING * len(chosen) * max(chosen)


@given(LENGTHS, st.integers(1, 64), st.integers(0, 99))
def test_the_generator_decides_the_order(lengths, size, seed):
    first, second = (shuffled(lengths, size, seed) for _ in range(2))
    assert first == second


def test_another_generator_makes_other_batches():
    assert shuffled([49] * 300, 16, 1) != shuffled([49] * 300, 16, 2)
    # Batches of several lengths come in random order too, not by length.
    lengths = [25, 33, 49, 65]
    order = [lengths[batch[0] % 4] for batch in shuffled(lengths * 200, 16, 1)]
    assert order != sorted(order)


def test_without_a_generator_everything_stays_in_order():
    assert [batch.tolist() for batch in bucket([49] * 5, 2)] == [[0, 1], [2, 3], [4]]
    assert bucket([], 8) == []


@given(st.lists(st.lists(st.integers(2, 30), min_size=1, max_size=9), min_size=1, max_size=9))
def test_collating_masks_the_padding_and_nothing_else(poems):
    eos = 1
    encoded = [np.array([0, *poem, eos], np.int32) for poem in poems]
    batch = collate(encoded, eos)
    longest = max(map(len, poems)) + 1
    assert batch.inputs.shape == batch.targets.shape == batch.mask.shape == (longest, len(poems))
    assert batch.inputs.dtype == batch.targets.dtype == np.int32
    assert batch.mask.dtype == np.bool_
    for column, poem in enumerate(poems):
        mask = batch.mask[:, column]
        assert mask.tolist() == [True] * (len(poem) + 1) + [False] * (longest - len(poem) - 1)
        assert batch.inputs[mask, column].tolist() == [0, *poem]
        assert batch.targets[mask, column].tolist() == [*poem, eos]
        assert (batch.inputs[~mask, column] == eos).all()
        assert (batch.targets[~mask, column] == eos).all()


def test_a_poem_is_encoded_between_its_prefix_and_eos():
    text = "日月山川人，" * 4
    vocabulary = Vocabulary("日月山川", [form_token(WUJUE)])
    ids = encode_poem(vocabulary, text, WUJUE)
    expected = f"<五絕>{text}{EOS}".replace("人", UNK)
    assert ids.dtype == np.int32
    assert len(ids) == len(text) + 2 == WUJUE.targets + 1
    assert vocabulary.decode(ids) == expected
    with pytest.raises(UsageError, check=lambda e: e.code == "form.not_trained"):
        encode_poem(vocabulary, text, WULV)


def test_a_batch_of_longer_poems_holds_fewer_of_them():
    sizes = [len(batch) for batch in bucket([2 * MAX_TOKENS] * 8 + [MAX_TOKENS] * 8, 4)]
    assert sizes == [4, 4, 2, 2, 2, 2]
