"""The test poems of dengfeng-ai/tangshi-gpt, for the count by that model's own protocol."""

import gzip

from tangyin.corpus.corpus import Corpus
from tangyin.data.files import data_file
from tangyin.errors import TangyinError


def tangshi_gpt_test(corpus: Corpus) -> list[tuple[str, str]]:
    """The 3,717 poems of that model's test file, in its order.

    `corpus` is the prepared corpus. It lacks 78 of them, which the package has.

    Returns:
        Title and text of each, uncleaned: a few are in none of the four forms.

    Raises:
        TangyinError: the corpus lacks others too.
    """
    known = dict(zip(corpus.id, zip(corpus.title, corpus.text, strict=True), strict=True))
    rows = gzip.decompress(data_file("tangshi_gpt_test.tsv.gz").read_bytes()).decode()
    poems = []
    for row in rows.splitlines():
        id_, *poem = row.split("\t")
        title, text = poem or known.get(id_) or ("", "")
        if not text:
            raise TangyinError("corpus.lacks", id=id_)
        poems.append((title, text))
    return poems
