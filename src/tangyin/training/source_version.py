"""The version of the source that made a model."""

import subprocess
from contextlib import suppress
from pathlib import Path

import tangyin


def source_version() -> str:
    """The git commit of the checkout this package runs from, or its version where there is none.

    A checkout with uncommitted changes is marked by "+".
    """
    root = Path(tangyin.__file__).parents[2]

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    if (root / ".git").exists():
        with suppress(OSError, subprocess.SubprocessError):
            return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "src") else "")
    return f"tangyin {tangyin.__version__}"
