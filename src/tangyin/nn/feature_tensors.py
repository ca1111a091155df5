"""The features of the prefix (`tangyin.model.Features`) as tensors."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tangyin.model import Features, echo_classes


class FeatureTensors(NamedTuple):
    """The features of sequences side by side.

    Attributes:
        place: (T, B) int64, row of the table of places.
        opposite: (T, B) int64, token number.
        rhyme: (T, B) int64, token number.
        tone: (T, B) int64, row of the table of tones.
        echo: (T, B, T) int8, class of each earlier input as an echo of the next token, or -1.
    """

    place: Tensor
    opposite: Tensor
    rhyme: Tensor
    tone: Tensor
    echo: Tensor

    @classmethod
    def of(cls, features: Features) -> "FeatureTensors":
        """Turn what `tangyin.model.read_sequences` returns into tensors."""
        known = (features.place, features.opposite, features.rhyme, features.tone)
        place, opposite, rhyme, tone = (torch.from_numpy(a.astype(np.int64)) for a in known)
        classes = echo_classes(features.line_of, features.line)  # (T, T, B)
        echo = torch.from_numpy(np.ascontiguousarray(classes.transpose(0, 2, 1)))
        return cls(place, opposite, rhyme, tone, echo)

    def to(self, device: torch.device) -> "FeatureTensors":
        """The same on another device."""
        return FeatureTensors(*(tensor.to(device) for tensor in self))
