"""The files of the page as they are sent.

The sources are modules in `static/`. `scripts/bundle.py` joins and minifies them into `bundle/`
with esbuild; wheels and sites carry that. In a checkout whose bundle is missing or older than the
sources the modules themselves are sent, which takes more requests and needs no npm.
"""

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from tangyin.errors import TangyinError

HERE = Path(__file__).parent
STATIC, BUNDLE = HERE / "static", HERE / "bundle"
SOURCES = "sources.sha256"
"""In the bundle: the digest of what it was made from."""
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "text/javascript",
    ".svg": "image/svg+xml",
}


def digest() -> str:
    """Of all sources."""
    found = hashlib.sha256()
    for file in sorted(STATIC.iterdir()):
        found.update(f"{file.name}\n".encode() + file.read_bytes())
    return found.hexdigest()


def is_bundled() -> bool:
    """Whether there is a bundle of the sources as they are."""
    made_from = BUNDLE / SOURCES
    return made_from.is_file() and made_from.read_text("ascii") == digest()


@cache
def files() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Content and headers of each file that is sent, by its name."""
    folder = BUNDLE if is_bundled() else STATIC
    return {file.name: _sent(file) for file in sorted(folder.iterdir()) if file.suffix in TYPES}


def _sent(file: Path) -> tuple[bytes, dict[str, str]]:
    content = file.read_bytes()
    if file.suffix == ".json":  # a module that no browser without import attributes reads
        content = b"export default " + content
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return content, {"ETag": etag, "Content-Type": TYPES[file.suffix]}


def page() -> str:
    """`index.html`."""
    return (HERE / "index.html").read_text("utf-8")


async def static(name: str, request: Request) -> Response:
    """A file, or 304 for a client that has it."""
    if name not in files():
        raise TangyinError("server.not_found")
    content, headers = files()[name]
    if request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers)
