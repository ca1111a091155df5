"""The poems that are held out: the fixed split of the Tang poems, and the test of tangshi-gpt."""

import gzip
import hashlib
from functools import cache

from tangyin.corpus.corpus import Corpus
from tangyin.data.files import data_file
from tangyin.errors import TangyinError

TRAIN, DEV, TEST = "train", "dev", "test"
NEAR = "near"
"""Part of a poem that would train but is a near-duplicate of a held-out one: used for nothing."""

PARTS = (TRAIN, DEV, TEST, NEAR)


CI_HELD_OUT = 5
"""So many 256ths of the 詞 are dev, and so many test, besides those of the authors held out."""

VERSION = 2
"""Version of the split: the second is without five poems that have 囗 for missing characters."""


@cache
def held_out() -> dict[str, str]:
    """Poem id → "dev" or "test" for every held-out Tang poem."""
    return dict(row.split("\t") for row in _rows("tang_split.tsv.gz").splitlines())


def ci_part(author: str, text: str) -> str:
    """The part of a 詞: some authors are held out with all they wrote, and some 詞 of the others.

    The rule reads the digests of author and text, so it is the same wherever it is applied.
    """
    by_author, by_text = (
        hashlib.blake2b(value.encode(), digest_size=8).digest()[0] for value in (author, text)
    )
    if by_author < 2 or by_text < CI_HELD_OUT:
        return DEV
    return TEST if by_author < 4 or by_text >= 256 - CI_HELD_OUT else TRAIN


@cache
def split_digest() -> str:
    """SHA-256 of the split, named in every model file trained on it."""
    return hashlib.sha256(_rows("tang_split.tsv.gz").encode()).hexdigest()


def tangshi_gpt_test(corpus: Corpus) -> list[tuple[str, str]]:
    """Titles and texts of the 3,717 test poems of dengfeng-ai/tangshi-gpt, in its order.

    They are uncleaned: a few are in none of the four forms. The prepared corpus lacks 79 of them,
    which the package has.

    Raises:
        TangyinError: the corpus lacks others too.
    """
    known = dict(zip(corpus.id, zip(corpus.title, corpus.text, strict=True), strict=True))
    poems = []
    for row in _rows("tangshi_gpt_test.tsv.gz").splitlines():
        id_, *poem = row.split("\t")
        title, text = poem or known.get(id_) or ("", "")
        if not text:
            raise TangyinError("corpus.lacks", id=id_)
        poems.append((title, text))
    return poems


def _rows(file: str) -> str:
    return gzip.decompress(data_file(file).read_bytes()).decode()
