"""Compiling C and C++ for this processor, once, into the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tangyin.paths import cache_home

SECONDS = 120
"""A compiler that takes longer is stopped."""


def built_library(source: Path, flags: Sequence[str]) -> Path | None:
    """The compiled `source`, compiled now if it is not in the cache.

    The file's name is a digest of source, flags, compiler and processor. With `TANGYIN_NATIVE` = 0
    nothing is built.

    Returns:
        None where there is no compiler, it fails, or the cache cannot be read or written.
    """
    if os.environ.get("TANGYIN_NATIVE") == "0":
        return None
    variable, usual = ("CC", "cc") if source.suffix == ".c" else ("CXX", "g++")
    compiler = shutil.which(os.environ.get(variable, usual))
    if compiler is None:
        return None
    flags = [*flags, "-fPIC", "-shared"]
    try:
        asked = [compiler, "--version"]
        version = subprocess.run(asked, capture_output=True, timeout=SECONDS).stdout
        key = hashlib.sha256()
        for part in (source.read_bytes(), *map(str.encode, flags), version, processor().encode()):
            key.update(part + b"\0")
        library = cache_home() / "native" / f"{key.hexdigest()[:24]}.so"
        if library.exists():
            return library
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
            made = Path(scratch) / "library.so"
            command = [compiler, *flags, str(source), "-o", str(made)]
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
            made.replace(library)
    except (OSError, subprocess.SubprocessError):
        return None
    return library


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
