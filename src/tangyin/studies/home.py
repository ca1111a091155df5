"""Where studies keep their results and trainings on this machine."""

from pathlib import Path

from tangyin.corpus.home import corpus_home


def studies_home() -> Path:
    """The folder `studies` beside the corpus: below `$TANGYIN_HOME` or in the user's cache."""
    return corpus_home().parent / "studies"
