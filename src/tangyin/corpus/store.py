"""The corpus of this machine: fetched and prepared once."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from tangyin.corpus.corpus import FORMAT, Corpus, digest_of, load, save
from tangyin.corpus.download import (
    CONTENT,
    INTEGRITY,
    Progress,
    claimed_integrity,
    content_digest,
    download,
)
from tangyin.corpus.later import prepare_later
from tangyin.corpus.later_source import COMMIT, REPOSITORY
from tangyin.corpus.prepare import prepare
from tangyin.corpus.split import split_digest
from tangyin.errors import TangyinError
from tangyin.files import make_folder
from tangyin.paths import corpus_home


def prepared_path() -> Path:
    """The file of the prepared corpus."""
    return corpus_home() / f"prepared-{FORMAT}.json"


def later_path() -> Path:
    """The file of the prepared later verse."""
    return corpus_home() / f"later-{FORMAT}.json"


def fetch_corpus(source: Path | None = None, progress: Progress = lambda _: None) -> Corpus:
    """Get the corpus, prepare it and store it, unless an intact one is there already.

    `source` is an unpacked copy to prepare from instead of the download.

    Raises:
        TangyinError: it cannot be fetched, read or stored.
    """
    if source is None:
        if (present := _intact()) is not None:
            return present
        source = download(corpus_home(), progress)
    if claimed_integrity(source) == INTEGRITY and content_digest(source) != CONTENT:
        raise TangyinError("corpus.modified", path=str(source))
    corpus = prepare(source)
    make_folder(corpus_home())
    save(corpus, prepared_path())
    return corpus


def load_corpus() -> Corpus:
    """The prepared corpus, cached until its file changes.

    Raises:
        TangyinError: there is none, or it is damaged.
    """
    path = prepared_path()
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise TangyinError("corpus.none", folder=str(corpus_home())) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise TangyinError("corpus.unreadable", path=str(path), reason=reason) from error


def fetch_later(source: Path | None = None) -> Corpus:
    """Prepare the later verse from `source` (`later_source.raw_later`) and store it.

    Without `source` it is the one that is there already.

    Raises:
        TangyinError: there is none, or the corpus is missing, or one of them cannot be read.
    """
    if source is None:
        return load_later()
    later = prepare_later(source, load_corpus())
    save(later, later_path())
    return later


def load_later() -> Corpus:
    """The prepared later verse.

    Raises:
        TangyinError: there is none, or it is damaged or of another split.
    """
    try:
        later = load(later_path())
    except FileNotFoundError:
        where = {"repository": REPOSITORY, "commit": COMMIT}
        raise TangyinError("corpus.no_later", **where) from None
    if later.facts["split_sha256"] != split_digest():
        raise TangyinError("corpus.version", path=str(later_path()))
    return later


def corpus_digest() -> str:
    """The digest of the prepared corpus by its header; nothing else is read.

    Raises:
        TangyinError: there is none, or it is of another version.
    """
    try:
        return digest_of(prepared_path())
    except FileNotFoundError:
        raise TangyinError("corpus.none", folder=str(corpus_home())) from None


@lru_cache(maxsize=1)
def _loaded(path: Path, _changed: int) -> Corpus:
    return load(path)


def _intact() -> Corpus | None:
    """The prepared corpus if it can be read and is made from the pinned package and split."""
    with suppress(TangyinError):
        facts = (corpus := load_corpus()).facts
        if (facts.get("integrity"), facts.get("split_sha256")) == (INTEGRITY, split_digest()):
            return corpus
    return None
