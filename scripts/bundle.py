"""Bundle the page with esbuild: `src/tangyin/web/bundle/`, which is not committed.

    npm ci && python scripts/bundle.py

Wheels carry the bundle, so that the page needs no npm where it is installed.
"""

import shutil
import subprocess
from pathlib import Path

from tangyin.web.files import BUNDLE, SOURCES, STATIC, digest

ROOT = Path(__file__).parents[1]
ESBUILD = ROOT / "node_modules/.bin/esbuild"
ENTRIES = "page.js", "page.css", "reference.css"
TARGETS = "chrome97,firefox114,safari16.4"
"""The oldest browsers that the page without a server runs in; others may be older."""


def main() -> None:
    """Bundle, and say from what."""
    shutil.rmtree(BUNDLE, ignore_errors=True)
    subprocess.run(
        [
            ESBUILD, *(STATIC / name for name in ENTRIES), "--bundle", "--minify", "--format=esm",
            "--charset=utf8", f"--target={TARGETS}", f"--outdir={BUNDLE}", "--log-level=warning",
        ],
        check=True,
    )  # fmt: skip
    shutil.copyfile(STATIC / "seal.svg", BUNDLE / "seal.svg")
    (BUNDLE / SOURCES).write_text(digest(), "ascii")


if __name__ == "__main__":
    main()
