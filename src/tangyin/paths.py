"""Where tangyin keeps its files on this machine; `TANGYIN_HOME` overrides all of them."""

import os
from pathlib import Path


def _override() -> Path | None:
    home = os.environ.get("TANGYIN_HOME")
    return Path(home).expanduser() if home else None


def cache_home() -> Path:
    """The folder of everything that can be made again: corpora, study results, compiled kernels.

    The user's cache folder unless `TANGYIN_HOME` is set. The folder need not exist yet; this holds
    for every function of this module.
    """
    if home := _override():
        return home
    import platformdirs  # in a browser, where the home is overridden, there is no such package

    return platformdirs.user_cache_path("tangyin")


def corpus_home() -> Path:
    """The folder of downloaded and prepared corpora."""
    return cache_home() / "corpus"


def studies_home() -> Path:
    """The folder of the results and trainings of studies."""
    return cache_home() / "studies"


def models_home() -> Path:
    """The folder of the user's own models: in the user's data folder unless overridden."""
    home = _override()
    if not home:
        import platformdirs

        home = platformdirs.user_data_path("tangyin")
    return home / "models"
