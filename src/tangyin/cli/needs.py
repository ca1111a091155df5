"""What a command needs beyond the base installation, told in a sentence when it is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from tangyin.errors import TangyinError


@contextmanager
def needs_training(what: str) -> Iterator[None]:
    """Import torch and what goes with it inside; a missing one is told with the mend."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TangyinError(
            f"{what} needs {error.name}, which is not installed; "
            "install it with: pip install 'tangyin[train]'"
        ) from error
