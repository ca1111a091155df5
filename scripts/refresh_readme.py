"""Run the commands of README.md and put their output below them.

    python scripts/refresh_readme.py [--check]

A ```console block begins with a line `$ COMMAND`; what follows in the block is its output. With
--check nothing is written, and a block that is out of date makes the exit code 1 (a test runs so).
"""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
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


if __name__ == "__main__":
    old = README.read_text(encoding="utf-8")
    new = BLOCK.sub(lambda block: f"```console\n$ {block[1]}\n{output(block[1])}```", old)
    if "--check" not in sys.argv:
        README.write_text(new, encoding="utf-8")
    elif new != old:
        print("README.md is out of date: run python scripts/refresh_readme.py", file=sys.stderr)
        sys.exit(1)
