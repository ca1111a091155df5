import torch

from tangyin.nn import mask_from_lengths


def test_a_mask_counts_each_sequences_steps_and_can_be_longer_than_the_longest():
    lengths = torch.tensor([1, 2, 0])
    rows = [[True, True, False], [False, True, False], [False] * 3, [False] * 3]
    assert mask_from_lengths(lengths, steps=4).tolist() == rows
    assert mask_from_lengths(lengths).tolist() == rows[:2]
