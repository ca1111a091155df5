import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.nn import mask_from_lengths


@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=6))
@settings(deadline=None)
def test_a_mask_counts_each_sequences_steps_from_the_left(lengths):
    mask = mask_from_lengths(torch.tensor(lengths))
    assert mask.shape == (max(lengths), len(lengths))
    for b, length in enumerate(lengths):
        assert mask[:, b].tolist() == [True] * length + [False] * (len(mask) - length)


def test_a_mask_can_be_longer_than_its_longest_sequence():
    mask = mask_from_lengths(torch.tensor([1, 2]), steps=4)
    assert mask.tolist() == [[True, True], [False, True], [False, False], [False, False]]
