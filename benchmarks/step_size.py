"""The size of a training step."""

import argparse
from dataclasses import dataclass

import numpy as np

from tangyin.verse import Ids, Vocabulary

FIRST_HANZI = 0x4E00
SPECIAL = len(Vocabulary("").predicted)


@dataclass(frozen=True)
class Size:
    """What a training step is made of.

    Attributes:
        E: width of the embedding.
        H: width of the hidden state.
        V: tokens; all of them are predicted.
        B: sequences side by side.
        T: steps of a sequence.
    """

    E: int
    H: int
    V: int
    B: int
    T: int

    def vocabulary(self) -> Vocabulary:
        """One of exactly V tokens."""
        count = self.V - SPECIAL
        return Vocabulary(map(chr, range(FIRST_HANZI, FIRST_HANZI + count)), prefixes=())

    def tokens(self, seed: int) -> Ids:
        """Random token numbers, (T, B) int32."""
        generator = np.random.default_rng(seed)
        return generator.integers(self.V, size=(self.T, self.B), dtype=np.int32)

    def __str__(self) -> str:
        return f"V {self.V:,}, E {self.E}, H {self.H}, B {self.B}, T {self.T}"


SIZES = {
    "report": Size(E=256, H=128, V=3035, B=128, T=48),
    "large": Size(E=512, H=1024, V=6000, B=128, T=48),
}


def size_named(text: str) -> tuple[str, Size]:
    """Read the name of a size, or E,H,V,B,T, from the command line.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    if text in SIZES:
        return text, SIZES[text]
    try:
        numbers = [int(part) for part in text.split(",")]
        size = Size(*numbers)
    except (ValueError, TypeError):
        size = None
    if size is None or min(numbers) < 1 or not SPECIAL < size.V <= 20_000:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size; give {', '.join(SIZES)} or five numbers E,H,V,B,T, such as "
            f"256,128,3035,128,48, with V from {SPECIAL + 1} to 20000"
        )
    return text, size
