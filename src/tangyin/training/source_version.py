"""The version of the source that made a model."""

import subprocess
from pathlib import Path

import tangyin


def source_version() -> str:
    """The git commit of the checkout this package runs from, or its version where there is none.

    A checkout with uncommitted changes is marked by "+".
    """
    root = Path(tangyin.__file__).parents[2]
    if not (root / ".git").exists():
        return f"tangyin {tangyin.__version__}"
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+" if _git(root, "status", "--porcelain", "src") else "")
    except (OSError, subprocess.SubprocessError):
        return f"tangyin {tangyin.__version__}"


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
