"""Run the commands that a page shows and put their output below them.

    python scripts/refresh_pages.py [--check] README.md docs/writing.md

A ```console block begins with a line `$ COMMAND`; what follows in the block is its output. With
--check nothing is written, and a block that is out of date makes the exit code 1 (a test runs so).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"```console\n\$ (.*)\n((?:(?!```).*\n)*)```")


def output(command: str) -> str:
    """What a command prints, run with this interpreter's `tangyin` first on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # A home of its own, so that models of the person who runs this are not listed.
    environment = {**os.environ, "PATH": path, "TANGYIN_HOME": "/nonexistent"}
    done = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def refreshed(text: str) -> str:
    """The page with the output of its commands as it is now."""
    return BLOCK.sub(lambda block: f"```console\n$ {block[1]}\n{output(block[1])}```", text)


if __name__ == "__main__":
    checking = "--check" in sys.argv
    stale = []
    for page in (Path(name) for name in sys.argv[1:] if name != "--check"):
        old = page.read_text(encoding="utf-8")
        new = refreshed(old)
        if new != old:
            stale.append(str(page))
            if not checking:
                page.write_text(new, encoding="utf-8")
    if checking and stale:
        print(f"out of date: python scripts/refresh_pages.py {' '.join(stale)}", file=sys.stderr)
        sys.exit(1)
