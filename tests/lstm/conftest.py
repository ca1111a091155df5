"""What the proofs of the mathematics share: random layers and the measure of an error."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tangyin.lstm import Parameters


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20260731)


@pytest.fixture(scope="session")
def random_parameters() -> Callable[..., Parameters]:
    def build(
        generator: np.random.Generator,
        hidden_size: int,
        input_size: int,
        scale: float = 0.7,
        dtype: type = np.float64,
    ) -> Parameters:
        def normal(*shape: int) -> np.ndarray:
            return (scale * generator.standard_normal(shape)).astype(dtype)

        return Parameters(
            W_ih=normal(4 * hidden_size, input_size),
            W_hh=normal(4 * hidden_size, hidden_size),
            b=normal(4 * hidden_size),
        )

    return build


@pytest.fixture(scope="session")
def relative_error() -> Callable[..., float]:
    """The norm of the difference over the norm of the reference, or over `floor` if that is more.

    The floor is for what saturation makes small: 1 − σ has an error of 1e-16 in any code, however
    small it is itself.
    """

    def measure(
        ours: np.ndarray, reference: np.ndarray | torch.Tensor, floor: float = 1e-300
    ) -> float:
        if isinstance(reference, torch.Tensor):
            reference = reference.detach().numpy()
        assert ours.shape == reference.shape
        difference = np.linalg.norm(np.asarray(ours - reference, np.float64))
        return float(difference / max(float(np.linalg.norm(reference)), floor))

    return measure
