"""The test poems of dengfeng-ai/tangshi-gpt, for the count by that model's own protocol."""

import gzip

from tangyin.corpus.corpus import Corpus
from tangyin.data.files import data_file
from tangyin.errors import TangyinError


def tangshi_gpt_test(corpus: Corpus) -> list[tuple[str, str]]:
    """The 3,717 poems of that model's test file, in its order.

    Args:
        corpus: the prepared corpus. It lacks 78 of them, which the package has.

    Returns:
        Title and text of each, uncleaned: a few are in none of the four forms.

    Raises:
        TangyinError: the corpus lacks others too.
    """
    place = {id_: number for number, id_ in enumerate(corpus.id)}
    rows = gzip.decompress(data_file("tangshi_gpt_test.tsv.gz").read_bytes()).decode()
    poems = []
    for row in rows.splitlines():
        id_, *poem = row.split("\t")
        if poem:
            title, text = poem
            poems.append((title, text))
        elif id_ in place:
            poems.append((corpus.title[place[id_]], corpus.text[place[id_]]))
        else:
            raise TangyinError(
                f"the prepared corpus lacks the poem {id_} of the test; "
                "run `tangyin corpus fetch` without --source"
            )
    return poems
