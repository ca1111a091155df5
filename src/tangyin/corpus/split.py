"""The fixed split of the Tang poems, as shipped in the package."""

import gzip
import hashlib
from functools import cache

from tangyin.data.files import data_file

TRAIN, DEV, TEST = "train", "dev", "test"
NEAR = "near"
"""Part of a poem that would train but is a near-duplicate of a held-out one: used for nothing."""

PARTS = (TRAIN, DEV, TEST, NEAR)


@cache
def held_out() -> dict[str, str]:
    """Poem id → "dev" or "test" for every held-out Tang poem."""
    rows = _split_text().splitlines()
    return {row[:36]: row[37:] for row in rows}


@cache
def split_digest() -> str:
    """SHA-256 of the split, named in every model file trained on it."""
    return hashlib.sha256(_split_text().encode()).hexdigest()


def _split_text() -> str:
    return gzip.decompress(data_file("tang_split.tsv.gz").read_bytes()).decode("ascii")
