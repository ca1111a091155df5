"""The NumPy language model that equals a PyTorch one."""

import numpy as np

from tangyin.lstm import LanguageModel as NumpyLanguageModel
from tangyin.nn.language_model import LanguageModel


def numpy_twin(model: LanguageModel) -> NumpyLanguageModel:
    """A model of `tangyin.lstm` with copies of the parameters of one of `tangyin.nn`.

    The NumPy model predicts every token it reads. A bias of −∞ takes those that the PyTorch model
    only reads, the prefix tokens, out of its softmax: their probability is 0, and so are all
    gradients through them. They are the last rows of `output.weight` and `output.bias`.

    Args:
        model: of one layer of the plain cell, on the CPU.

    Returns:
        A model of the same dtype.
    """
    arrays = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    weight, bias = arrays["output.weight"], arrays["output.bias"]
    only_read = len(arrays["embedding.weight"]) - len(bias)
    return NumpyLanguageModel(
        arrays
        | {
            "output.weight": np.pad(weight, ((0, only_read), (0, 0))),
            "output.bias": np.pad(bias, (0, only_read), constant_values=-np.inf),
        }
    )
