"""Where the corpus is kept on this machine."""

import os
from pathlib import Path

import platformdirs


def corpus_home() -> Path:
    """The folder of downloaded and prepared corpora.

    `$TANGYIN_HOME/corpus` when that variable is set, else the user's cache folder. The folder
    need not exist yet.
    """
    override = os.environ.get("TANGYIN_HOME")
    root = Path(override).expanduser() if override else platformdirs.user_cache_path("tangyin")
    return root / "corpus"
