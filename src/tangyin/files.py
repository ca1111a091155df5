"""Writing files whole or not at all, reading text line by line, and locking."""

import codecs
import io
import json
import math
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from tangyin.errors import TangyinError, UsageError

BUFFER = 65_536
"""Bytes that are read at once, and by which the encoding is recognized."""

LONGEST_LINE = 1_000_000
"""Characters of a line of text that are read; the rest of a longer one is skipped."""

Remark = Callable[[str, str], None]
"""Called with the name of a file and its encoding if that is not UTF-8."""


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


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; pipes and devices have no end.

    Raises:
        UsageError: file.irregular, file.large.
        OSError: it cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UsageError("file.irregular", path=str(path))
    if status.st_size > most:
        raise UsageError("file.large", path=str(path), size=status.st_size, most=most)
    with path.open("rb") as file:
        return file.read(most)


def read_lines(path: Path, remark: Remark = lambda _, __: None) -> Iterator[str]:
    """The lines of a text file, a pipe or a device, as they come; see `decoded_lines`.

    Raises:
        UsageError: it cannot be read, or is not text in an encoding that is known.
    """
    try:
        with path.open("rb", buffering=0) as file:
            yield from decoded_lines(file, str(path), remark)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError("text.unreadable", path=str(path), reason=reason) from error


def decoded_lines(file: IO[bytes], name: str, remark: Remark) -> Iterator[str]:
    """The lines of an open file without their ends, cut after `LONGEST_LINE` characters.

    The text is UTF-8, with or without a byte order mark, or UTF-16 with one, or what GB18030 or
    Big5 makes Chinese text of; `remark` is then called with `name` and the encoding. Bytes of a
    line that do not fit the encoding become lone surrogates (PEP 383).
    """
    buffered = io.BufferedReader(cast(io.RawIOBase, file), BUFFER)
    encoding = encoding_of(buffered.peek(), name)
    if encoding != "UTF-8":
        remark(name, encoding)
    codec = "utf-8-sig" if encoding == "UTF-8" else encoding
    errors = "replace" if encoding == "UTF-16" else "surrogateescape"
    text = io.TextIOWrapper(buffered, codec, errors)
    try:
        while line := text.readline(LONGEST_LINE):
            yield line.removesuffix("\n")
            while len(line) == LONGEST_LINE and not line.endswith("\n"):
                line = text.readline(LONGEST_LINE)
    finally:
        with suppress(ValueError):  # it is closed already
            text.detach().detach()  # closing the file is for whoever opened it


def encoding_of(head: bytes, name: str) -> str:
    """The encoding of a text by its first bytes: "UTF-8", "UTF-16", "GB18030" or "Big5".

    Raises:
        UsageError: text.binary, text.not_utf8.
    """
    if len(head) > 2 and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    if b"\0" in head:
        raise UsageError("text.binary", name=name)
    # The last line may be cut inside a character.
    whole = head[: head.rfind(b"\n") + 1] or head
    if not whole or _decoded(whole, "utf-8") or (len(head) == BUFFER and whole is head):
        return "UTF-8"
    for encoding in ("GB18030", "Big5"):
        if _is_chinese(_decoded(whole, encoding)):
            return encoding
    if any(not line.isascii() and _decoded(line, "utf-8") for line in whole.splitlines()):
        return "UTF-8"
    raise UsageError("text.not_utf8", name=name)


_PUNCTUATION = "，。？！；：（）“”‘’…—·"


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _is_chinese(text: str) -> bool:
    """Whether a text is of characters, punctuation and ASCII, and mostly of characters."""
    visible = "".join(text.split())
    hanzi = sum("\u3400" <= c <= "\u9fff" for c in visible)
    others = sum(c.isascii() or "\u3000" <= c <= "\u303f" or c in _PUNCTUATION for c in visible)
    return 2 * hanzi > len(visible) and hanzi + others > 0.98 * len(visible)


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
