"""Writing files whole or not at all, and locking them."""

import json
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tangyin.errors import TangyinError, UsageError


@contextmanager
def whole_file(path: Path, mode: str = "wb", *, errors: str = "strict") -> Iterator[IO[Any]]:
    r"""Open a file beside `path` for writing; on success it is fsynced and renamed onto `path`.

    Until the rename the old content of `path` is untouched; after a failure it still is, and no
    temporary file is left. The target of a symbolic link is replaced, not the link. A device or a
    pipe is written to directly. The mode is "wb", or "w" for UTF-8 text with "\n" line ends;
    `errors` is that of `open`.

    Raises:
        TangyinError: the disk is full, or the folder is read-only or missing.
    """
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n", "errors": errors}
    temporary: Path | None = None
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open(mode, **text) as file:  # type: ignore[call-overload]
                yield file
            return
        path = Path(os.path.realpath(path))
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        with os.fdopen(descriptor, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; a result is as readable as any file the user makes.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise TangyinError("file.write", path=path, reason=error.strerror or error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str) -> None:
    """Replace `path` by `content` in one step (see `whole_file`)."""
    with whole_file(path, "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises:
        UsageError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError("text.unreadable", path=str(path), reason=reason) from error
    except UnicodeDecodeError:
        raise UsageError("text.not_utf8", name=str(path)) from None


def json_value(text: str) -> Any:
    """What JSON says, with None for a number that is not finite: other readers refuse NaN."""

    def number(text: str) -> float | None:
        return value if math.isfinite(value := float(text)) else None

    return json.loads(text, parse_float=number, parse_constant=number)


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON, with null for a number that is not finite."""
    return json.dumps(json_value(json.dumps(value)), ensure_ascii=False, indent=indent)


def make_folder(path: Path) -> None:
    """Create the folder `path` and its parents if they are missing.

    Raises:
        TangyinError: it cannot be created, or a file has its name.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TangyinError("file.folder", path=path, reason=error.strerror or error) from error


def lock(file: IO[Any]) -> bool:
    """Lock an open file for this process until it is closed; False if another process holds it.

    The lock is released when the process ends, however it ends.
    """
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable where the platform can open folders."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows does not open folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
