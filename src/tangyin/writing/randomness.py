"""A stream of random numbers of its own for every poem."""

import hashlib
import secrets

import numpy as np
import numpy.typing as npt

from tangyin.verse import Form, Ids

SEEDS = 2**64  # Seeds are whole numbers from 0 to SEEDS - 1


def poem_uniforms(
    seed: int, number: int, count: int, asked: bytes = b""
) -> npt.NDArray[np.float64]:
    """(count,) uniform numbers in [0, 1) for poem `number` of a seed and a request.

    The generator is Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
    counter-based and keyed by (seed, number): poem 7 of a seed is the same whatever was drawn for
    other poems. The counter starts at a digest of `asked` (`what_is_asked`), in its upper 192 bits:
    poems that begin differently do not share their numbers, and with them whole lines.
    """
    key = np.array([seed, number], dtype=np.uint64)
    place = np.frombuffer(hashlib.sha256(asked).digest()[:24], dtype="<u8")
    counter = np.array([0, *place], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key)).random(count)


def what_is_asked(form: Form, given: npt.ArrayLike, marks: npt.ArrayLike, prefix: Ids) -> bytes:
    """What tells streams of one seed and number apart: the form, the opening and the title.

    `given` and `marks` are the opening's characters and marks (`opening.laid_out`), a row each; the
    prefix has the title and, for models that read it, the rhyme.
    """
    parts = (np.asarray(part, dtype="<i4").tobytes() for part in (given, marks, prefix))
    return b"".join((form.name.encode(), *parts))


def new_seed() -> int:
    """A seed for a caller who named none: short enough to type again."""
    return secrets.randbelow(2**32)
