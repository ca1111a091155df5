"""A small corpus with its index, in memory and in a home of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tangyin.corpus import Corpus, fetch_corpus
from tangyin.corpus.prepare import prepare
from tangyin.reference.index import Index


@pytest.fixture(scope="session")
def small(small_package: object, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The miniature of the collection, prepared."""
    return prepare(small_package.lay_out(tmp_path_factory.mktemp("small")))  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def index(small: Corpus) -> Index:
    """Its index."""
    return Index.of(small)


@pytest.fixture
def fetched(small_package: object, tmp_path: Path, home: Path) -> Callable[[], Corpus]:
    """Prepares the miniature as the corpus of this home; without an index."""

    def fetch() -> Corpus:
        return fetch_corpus(small_package.lay_out(tmp_path / "source"))  # type: ignore[attr-defined]

    return fetch
