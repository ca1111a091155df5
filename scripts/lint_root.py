"""Find tracked files at the root of the repository that no other file refers to.

    python scripts/lint_root.py [FOLDER]

The exit code is 1 if there are any.
"""

import re
import subprocess
import sys
from pathlib import Path

# What reads them looks for them by this name.
FOUND = {"CONTRIBUTING.md": "GitHub", "biome.json": "biome", "package.json": "npm",
         "tsconfig.json": "tsc"}  # fmt: skip


def tracked(folder: Path) -> list[str]:
    """The names of the files that git tracks in a folder."""
    words = ["git", "ls-files", "-z"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\0").split("\0")


def strays(folder: Path) -> list[str]:
    """Files at the root that neither a tool looks for nor another file names."""
    names = tracked(folder)
    wanted = {name for name in names if "/" not in name} - FOUND.keys()
    for name in set(names) - {"CHANGELOG.md"}:  # which tells of files that are gone too
        path = folder / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        named = {n for n in wanted if n in text and n != name}
        wanted -= {n for n in named if re.search(rf"(?<![\w.-]){re.escape(n)}(?![\w-])", text)}
    return sorted(wanted)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parents[1]
    sys.exit("\n".join(f"{name}: no file refers to it" for name in strays(folder)) or 0)
