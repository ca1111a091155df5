"""Compiling the kernel for this processor, once, into the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tangyin.errors import TangyinError
from tangyin.files import write_whole
from tangyin.paths import cache_home

SOURCE = Path(__file__).with_name("kernel.cpp")

FLAGS = (
    "-std=c++17 -O3 -march=native -fno-math-errno -fno-trapping-math -ffp-contract=fast "
    "-fopenmp -fvisibility=hidden -fPIC -shared"
)
"""No -ffast-math: NaN must stay NaN, and linking with it changes how all of the process rounds."""

WIDE = "-mprefer-vector-width=512"
"""For processors with AVX-512; compilers for other processors do not know it."""

SECONDS = 120
"""A compiler that takes longer is stopped."""


def built_library() -> Path | None:
    """The compiled kernel, compiled now if the cache does not hold it whole.

    The file's name is a digest of source, flags, compiler and processor, and the SHA-256 of its
    content: loading half a library would end the process. With `TANGYIN_NATIVE` = 0 nothing is
    built.

    Returns:
        None where there is no compiler, it fails, or the cache cannot be read or written.
    """
    if os.environ.get("TANGYIN_NATIVE") == "0":
        return None
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        return None
    flags = [*FLAGS.split(), *([WIDE] if "avx512f" in _processor() else [])]
    try:
        asked = [compiler, "--version"]
        version = subprocess.run(asked, capture_output=True, timeout=SECONDS).stdout
        key = hashlib.sha256()
        for part in (SOURCE.read_bytes(), *map(str.encode, flags), version, _processor().encode()):
            key.update(part + b"\0")
        folder, name = cache_home() / "native", key.hexdigest()[:24]
        for library in sorted(folder.glob(f"{name}-*.so")):
            if library.stem == f"{name}-{_sha256(library.read_bytes())}":
                return library
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / "kernel.so"
            command = [compiler, *flags, str(SOURCE), "-o", str(made)]
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
            content = made.read_bytes()
        library = folder / f"{name}-{_sha256(content)}.so"
        write_whole(library, content)
    except (OSError, subprocess.SubprocessError, TangyinError):
        return None
    return library


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _processor() -> str:
    """The processor's model and flags on Linux; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return "\n".join(
        next((line for line in lines if line.startswith(key)), "")
        for key in ("model name", "flags")
    )
