"""A stream of random numbers of its own for every poem."""

import secrets

import numpy as np
import numpy.typing as npt

SEEDS = 2**64  # Seeds are whole numbers from 0 to SEEDS - 1


def poem_uniforms(seed: int, number: int, count: int) -> npt.NDArray[np.float64]:
    """(count,) uniform numbers in [0, 1) for poem `number` of a seed.

    The generator is Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
    counter-based and keyed by (seed, number): poem 7 of a seed is the same whatever was drawn for
    other poems.
    """
    key = np.array([seed, number], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).random(count)


def new_seed() -> int:
    """A seed for a caller who named none: short enough to type again."""
    return secrets.randbelow(2**32)
