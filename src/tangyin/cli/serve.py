"""`tangyin serve`."""

import socket
from contextlib import suppress

import click

from tangyin.cli.streams import note, remark, warn
from tangyin.errors import TangyinError
from tangyin.model import DEFAULT
from tangyin.model.shelf import check_model

OTHER_FILES = 200
"""Files that the server has open besides its connections, at most."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--model", default=DEFAULT, show_default=True, help="The model for requests that name none."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Threads that write.  [default: 2, 1 on one core]"
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

    On 127.0.0.1 it answers this machine only. It has no accounts and no encryption: on another
    address put a server that has them in front of it.

    \b
        tangyin serve
        tangyin serve --port 8080 --model strong
        tangyin serve --allow-origin https://poems.example
    """
    try:
        import uvicorn

        from tangyin.web.app import check_origins, create_app
        from tangyin.web.guards import PatientProtocol
        from tangyin.web.supervisor import kept_alive
    except ModuleNotFoundError as error:
        raise TangyinError("server.missing_package", package=error.name) from error

    check_model(model)
    check_origins(origins)
    local = host in ("127.0.0.1", "::1", "localhost")
    with _listening(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        note(f"唐音 http://{name}:{listener.getsockname()[1]}/ (Ctrl-C stops)")
        if not local:
            remark("server.open")

        def served() -> None:
            config = uvicorn.Config(
                create_app(model, workers=workers, local=local, origins=origins),
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
                remark("cli.stopped")

        kept_alive(served, lambda number: warn("server.restarted", signal=number))


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
