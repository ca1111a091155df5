"""Where packaged data files are found."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def data_file(name: str) -> Traversable:
    """The packaged file `name` of this folder."""
    return files("tangyin.data").joinpath(name)


def data_text(name: str) -> str:
    """The packaged UTF-8 text file `name` of this folder."""
    return data_file(name).read_text(encoding="utf-8")
