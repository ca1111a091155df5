"""Optional dependencies of commands."""

from collections.abc import Iterator
from contextlib import contextmanager

from tangyin.errors import TangyinError


@contextmanager
def needs_training() -> Iterator[None]:
    """Import what the extra `train` installs inside; a missing module names the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TangyinError("training.not_installed", module=error.name) from error
