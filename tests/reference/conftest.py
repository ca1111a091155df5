"""A small corpus with its index, in memory and in a home of its own."""

from pathlib import Path

import pytest

from tangyin.corpus import TRAIN, Corpus, prepared_path
from tangyin.corpus.corpus import save
from tangyin.corpus.prepare import prepare
from tangyin.reference.index import Index
from tangyin.verse import CI
from tangyin.verse.tune import variant_named


@pytest.fixture(scope="session")
def small(small_package: object, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The miniature of the collection, prepared, with 詞 of eight lines, equal and unequal."""
    corpus = prepare(small_package.lay_out(tmp_path_factory.mktemp("small")))  # type: ignore[attr-defined]
    for tune in ("玉樓春", "菩薩蠻"):
        corpus.append(
            id=tune, dynasty="song", form=CI.name, part=TRAIN, title=tune, author="",
            text=variant_named(tune).example.replace("、", "，"),
        )  # fmt: skip
    return corpus


@pytest.fixture(scope="session")
def index(small: Corpus) -> Index:
    """Its index."""
    return Index.of(small)


@pytest.fixture
def fetched(small: Corpus, home: Path) -> Corpus:
    """The miniature as the corpus of this home, without an index."""
    prepared_path().parent.mkdir(parents=True)
    save(small, prepared_path())
    return small
