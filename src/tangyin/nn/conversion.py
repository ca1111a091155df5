"""State dicts with one bias per gate and with two.

A model file, like `tangyin.nn.LSTM` with `biases=1`, has one bias per gate; torch.nn.LSTM, and
`tangyin.nn.LSTM` by default, have two, `bias_ih_l0` and `bias_hh_l0`, which are only added.
"""

import torch
from torch import Tensor, nn


def load_either_biases(
    module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_args: object
) -> None:
    """Give a state dict that is about to be loaded as many biases per gate as the module has.

    Two become their sum, and one becomes itself and zeros. What is missing stays missing.
    """
    own = {name for name, _ in module.named_parameters(recurse=False)}
    theirs = {k.removeprefix(prefix): k for k in state_dict if k.startswith(prefix)}
    for name in [n for n in theirs if n not in own and n.startswith("bias")]:
        one = name.replace("bias_ih", "bias", 1)
        pair = [one.replace("bias", part, 1) for part in ("bias_ih", "bias_hh")]
        if one != name and one in own and pair[1] in theirs:
            summed = [state_dict.pop(theirs[part]) for part in pair]
            state_dict[prefix + one] = summed[0] + summed[1]
        elif one == name and own.issuperset(pair):
            value = state_dict.pop(theirs[one])
            for part, tensor in zip(pair, (value, torch.zeros_like(value)), strict=True):
                state_dict[prefix + part] = tensor
