"""Fetch, clean, deduplicate and split the poems; make batches of them."""

from tangyin.corpus.batches import Batch, bucket, collate, encode_poem
from tangyin.corpus.corpus import COLUMNS, Corpus
from tangyin.corpus.download import PACKAGE, SIZE
from tangyin.corpus.later_source import LATER
from tangyin.corpus.own import read_own
from tangyin.corpus.source import DYNASTIES
from tangyin.corpus.split import DEV, NEAR, PARTS, TEST, TRAIN, held_out, tangshi_gpt_test
from tangyin.corpus.statistics import corpus_statistics
from tangyin.corpus.store import (
    corpus_digest,
    fetch_corpus,
    fetch_later,
    later_path,
    load_corpus,
    load_later,
    prepared_path,
)

__all__ = [
    "COLUMNS", "DEV", "DYNASTIES", "LATER", "NEAR", "PACKAGE", "PARTS", "SIZE", "TEST", "TRAIN",
    "Batch", "Corpus", "bucket", "collate", "corpus_digest", "corpus_statistics", "encode_poem",
    "fetch_corpus", "fetch_later", "held_out", "later_path", "load_corpus", "load_later",
    "prepared_path", "read_own", "tangshi_gpt_test",
]  # fmt: skip
