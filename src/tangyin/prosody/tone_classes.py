"""The tone class of every token of a vocabulary, as the features of a model read it."""

import numpy as np
import numpy.typing as npt

from tangyin.prosody.lexicon import readings_of
from tangyin.verse import Vocabulary


def tone_classes(vocabulary: Vocabulary) -> npt.NDArray[np.uint8]:
    """Tone class of each token (`tangyin.model.Reader`).

    Returns:
        (len(vocabulary),) uint8: 1 for a character whose readings are all level, 2 all oblique,
        3 for one with both, 0 for an unknown character and for other tokens.
    """
    classes = np.zeros(len(vocabulary), dtype=np.uint8)
    for number, character in zip(vocabulary.hanzi_ids, vocabulary.hanzi, strict=True):
        tones = {reading.level for reading in readings_of(character)}
        classes[number] = (True in tones) + 2 * (False in tones)
    return classes
