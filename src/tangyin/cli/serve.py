"""`tangyin serve` and `tangyin site`."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from tangyin.cli.streams import PATH, default_option, note, remark, warn
from tangyin.errors import TangyinError
from tangyin.model import DEFAULT
from tangyin.model.shelf import check_model

OTHER_FILES = 200
"""Files that the server has open besides its connections, at most."""


@click.command()
@default_option("--host", default="127.0.0.1", help="Address to listen on.")
@default_option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8000,
    help="Port to listen on; 0 chooses a free one.",
)
@default_option("--model", default=DEFAULT, help="The model for requests that name none.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Poems that are written at a time.  [default: 2, 1 on one core]",
)
@click.option(
    "--allow-origin",
    "origins",
    metavar="ORIGIN",
    multiple=True,
    help="Let pages of this site use the API (may be repeated).",
)
def serve(host: str, port: int, model: str, workers: int | None, origins: tuple[str, ...]) -> None:
    """Serve the page and its API until Ctrl-C.

    On 127.0.0.1 only this machine can reach it. It has no accounts and no encryption: on any other
    address, use a reverse proxy that has them.

    \b
        tangyin serve
        tangyin serve --port 8080 --model strong
        tangyin serve --allow-origin https://poems.example
    """
    with _needs_web():
        import uvicorn

        from tangyin.web.app import check_origins, create_app
        from tangyin.web.guards import PatientProtocol
        from tangyin.web.supervisor import kept_alive

    check_model(model)
    check_origins(origins)
    local = host in ("127.0.0.1", "::1", "localhost")
    with _listening(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        remark("cli.listening", address=f"http://{name}:{listener.getsockname()[1]}/")
        if not local:
            remark("server.open")

        together = workers or min(2, os.cpu_count() or 1)
        # Processes, because Python runs one thread at a time; where there is but one, threads.
        apart = sys.platform == "linux"

        def served(number: int) -> None:
            config = uvicorn.Config(
                create_app(model, 1 if apart else together, local=local, origins=origins),
                log_level="warning",
                access_log=False,
                server_header=False,
                lifespan="on",
                ws="none",
                http=PatientProtocol,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=10,
            )
            PatientProtocol.most = _room(PatientProtocol.most)
            try:
                uvicorn.Server(config).run([listener])
            except KeyboardInterrupt:  # raised again by uvicorn when it has stopped
                if not number:
                    remark("cli.stopped")

        kept_alive(served, together, lambda number: warn("server.restarted", signal=number))


@click.command()
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    help="Folder to write; an earlier site there is replaced.",
)
@default_option("--model", default=DEFAULT, help="The model that writes.")
def site(output: Path, model: str) -> None:
    """Write the web page as static files that work without tangyin's server.

    Any static server can serve the folder, under any path. After the first visit, the page works
    offline. The build needs Node.js and, the first time, the network.

    \b
        tangyin site -o site
        python -m http.server --directory site
    """
    with _needs_web():
        from tangyin.web.site import build_site

    size = build_site(output, model)
    note(f"{output}: {size / 1e6:.1f} MB")


@contextmanager
def _needs_web() -> Iterator[None]:
    """Import what the extra `web` installs inside; a missing module names the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TangyinError("server.missing_package", package=error.name) from error


def _room(connections: int) -> int:
    """How many connections can be open: as many as wanted, or as the system allows."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = connections + OTHER_FILES if hard == resource.RLIM_INFINITY else hard
    soft = max(soft, min(connections + OTHER_FILES, most))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(connections, soft - OTHER_FILES))


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        # create_server appends the address, which is in the message already.
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise TangyinError("server.cannot_listen", host=host, port=port, reason=reason) from error
