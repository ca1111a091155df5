"""Libraries of C and C++: from the wheel, or compiled once into the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tangyin.errors import TangyinError
from tangyin.files import write_whole
from tangyin.paths import cache_home

SECONDS = 120
"""A compiler that takes longer is stopped."""


def built_library(source: Path, flags: Sequence[str]) -> Path | None:
    """The compiled `source`: the one in the wheel, or one in the cache, compiled now if need be.

    The name of a file in the cache is a digest of source, flags, compiler and processor, and the
    SHA-256 of its content: loading half a library would end the process.

    Returns:
        None with `TANGYIN_NATIVE` = 0, or where the wheel has none and there is no compiler, it
        fails, or the cache cannot be read or written.
    """
    if os.environ.get("TANGYIN_NATIVE") == "0":
        return None
    if packaged(source).exists():
        return packaged(source)
    compiler = compiler_of(source)
    if compiler is None:
        return None
    try:
        found = Path(compiler).stat()  # asking it for its version takes longer than all the rest
        texts = compiler, str(found.st_size), str(found.st_mtime_ns), *flags, processor()
        key = hashlib.sha256(source.read_bytes() + b"\0" + "\0".join(texts).encode())
        folder, name = cache_home() / "native", key.hexdigest()[:24]
        for library in sorted(folder.glob(f"{name}-*.so")):
            if library.stem == f"{name}-{_sha256(library.read_bytes())}":
                return library
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / "library.so"
            compile_library(compiler, source, flags, made)
            content = made.read_bytes()
        library = folder / f"{name}-{_sha256(content)}.so"
        write_whole(library, content)
    except (OSError, subprocess.SubprocessError, TangyinError):
        return None
    return library


def packaged(source: Path) -> Path:
    """Where a wheel for one platform has the compiled `source` (scripts/wheel_hook.py)."""
    return source.with_suffix(".so")


def compiler_of(source: Path) -> str | None:
    """The compiler named by CC, for C++ by CXX, or the system's; None where there is none."""
    variable, usual = ("CC", "cc") if source.suffix == ".c" else ("CXX", "g++")
    return shutil.which(os.environ.get(variable, usual))


def compile_library(compiler: str, source: Path, flags: Sequence[str], library: Path) -> None:
    """Compile `source` to a shared library.

    Raises:
        OSError: the compiler cannot be run.
        subprocess.SubprocessError: it fails, or takes longer than `SECONDS`.
    """
    command = [compiler, *flags, "-fPIC", "-shared", str(source), "-o", str(library)]
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def processor() -> str:
    """The processor's model and flags on Linux; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return "\n".join(
        next((line for line in lines if line.startswith(key)), "")
        for key in ("model name", "flags")
    )
