"""The corpus of this machine: fetched and prepared once, loaded by everything."""

from functools import lru_cache
from pathlib import Path

from tangyin.corpus.corpus import FORMAT, Corpus, load, save
from tangyin.corpus.download import (
    CONTENT,
    INTEGRITY,
    Progress,
    claimed_integrity,
    content_digest,
    download,
)
from tangyin.corpus.prepare import prepare
from tangyin.corpus.split import split_digest
from tangyin.errors import TangyinError
from tangyin.files import make_folder
from tangyin.paths import corpus_home


def prepared_path() -> Path:
    """Where the prepared corpus of this format stands."""
    return corpus_home() / f"prepared-{FORMAT}.json"


def fetch_corpus(source: Path | None = None, progress: Progress = lambda _: None) -> Corpus:
    """Get the corpus, prepare it and keep it; what is already there and sound is used.

    Args:
        source: an unpacked copy to prepare from instead of the download.
        progress: told how many bytes of the download have arrived.

    Raises:
        TangyinError: it cannot be fetched, read or stored.
    """
    if source is None:
        present = _sound()
        if present is not None:
            return present
        source = download(corpus_home(), progress)
    if claimed_integrity(source) == INTEGRITY and content_digest(source) != CONTENT:
        raise TangyinError(
            f"{source} was altered after it was fetched; delete that folder and run "
            "`tangyin corpus fetch` again"
        )
    corpus = prepare(source)
    make_folder(corpus_home())
    save(corpus, prepared_path())
    return corpus


def load_corpus() -> Corpus:
    """The prepared corpus, read once in a process as long as its file stays the same.

    Raises:
        TangyinError: it is not there yet, or damaged.
    """
    try:
        return _loaded(prepared_path(), prepared_path().stat().st_mtime_ns)
    except FileNotFoundError:
        raise TangyinError(
            f"there is no prepared corpus in {corpus_home()}; run `tangyin corpus fetch` first"
        ) from None
    except OSError as error:
        raise TangyinError(f"cannot read {prepared_path()}: {error.strerror or error}") from error


@lru_cache(maxsize=1)
def _loaded(path: Path, _changed: int) -> Corpus:
    return load(path)


def _sound() -> Corpus | None:
    """The prepared corpus if it is whole and made from the pinned package and split."""
    try:
        corpus = load_corpus()
    except TangyinError:
        return None
    same = (
        corpus.facts.get("integrity") == INTEGRITY
        and corpus.facts.get("split_sha256") == split_digest()
    )
    return corpus if same else None
