"""The application: the page, its API, and what both have in common."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, Response

import tangyin
from tangyin.errors import TangyinError, UsageError, catalogue
from tangyin.verse import known_forms, to_simplified
from tangyin.web import looking_up, reading, writing
from tangyin.web.answers import AnyWork, Refusal, refuse
from tangyin.web.bodies import Described, served_options
from tangyin.web.files import page, static
from tangyin.web.guards import bounded_bodies, compressed, loopback_hosts, security_headers
from tangyin.web.headers import REPORT
from tangyin.web.library import Library, ModelRow
from tangyin.web.limits import QUICK_WORKERS, WAITING
from tangyin.web.pool import Pool, once
from tangyin.web.reference import reference_page

HERE = Path(__file__).parent
REPORT_PAGES = (HERE / "report.html", HERE.parents[2] / "docs" / "report" / "index.html")
"""Where the report may be: in the wheel (pyproject.toml puts it there), and in the repository."""

ORIGIN = re.compile(r"https?://[^\s/?#@*]+", re.ASCII)
"""Scheme, host and port of a site; `*`, every site, would let any page use the machine."""

DESCRIPTION = (
    "Compose, check and study classical Chinese regulated verse. Names and shapes are those of the "
    'command line (`tangyin --help`). An error is `{"code", "params", "message"}`, the message in '
    "Chinese or English by Accept-Language."
)
REFUSALS = {
    400: "The body is not JSON, or the request is not HTTP.",
    403: "A page of another site sent the request.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    415: "The body is not of the type application/json.",
    421: "The server answers as the loopback names only.",
    422: "The request cannot be granted; `code` says why.",
    429: "The server is busy; ask again after the seconds in Retry-After.",
    503: "The server has too many connections; ask again after the seconds in Retry-After.",
}


@dataclass(frozen=True)
class Health:
    """The state of the server; `jobs` counts the requests that wait or are worked on."""

    status: str
    version: str
    model: str
    jobs: int


@dataclass(frozen=True)
class Shape:
    """A form of verse."""

    name: str
    lines: int
    characters: int


def check_origins(origins: Sequence[str]) -> None:
    """Refuse what is not an origin as browsers send it (server.no_origin)."""
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise UsageError("server.no_origin", origin=origin)


def create_app(
    model: str,
    *,
    workers: int | None = None,
    waiting: int = WAITING,
    local: bool = True,
    origins: Sequence[str] = (),
) -> FastAPI:
    """The page and its API.

    Args:
        model: name or file of the model that answers when a request names none.
        workers: threads that write; two, or one on a single core, when None.
        waiting: most requests that are worked on or wait, of those that write and of the others.
        local: answer only as 127.0.0.1 or localhost.
        origins: of other sites whose pages may use the API (CORS), such as "https://a.example".

    Raises:
        UsageError: one of `origins` is not an origin.
        TangyinError: there is no such model, or it is damaged.
    """
    check_origins(origins)
    library = Library(model)
    pool = Pool(workers or min(2, os.cpu_count() or 1), waiting)
    quick = Pool(QUICK_WORKERS, waiting)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        pool.submit(once(lambda: library.default.write(seed=0)))  # reads tables in advance
        yield
        await asyncio.gather(*(asyncio.to_thread(lane.close) for lane in (pool, quick)))

    app = FastAPI(
        title="唐音 tangyin",
        version=tangyin.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        responses={
            status: {"model": Refusal, "description": text} for status, text in REFUSALS.items()
        },
        exception_handlers=dict.fromkeys(
            (RequestValidationError, HTTPException, TangyinError, ClientDisconnect, Exception),
            refuse,
        ),
    )
    app.state.library, app.state.pool, app.state.quick = library, pool, quick
    app.add_middleware(compressed)
    app.add_middleware(bounded_bodies, origins=origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Accept", "Accept-Language", "Content-Type"],
            expose_headers=["Retry-After"],
        )
    if local:
        app.add_middleware(loopback_hosts)
    app.add_middleware(security_headers)
    app.include_router(writing.router(), prefix="/api")
    app.include_router(reading.router, prefix="/api")
    app.include_router(looking_up.router, prefix="/api")
    app.add_api_route("/", _page, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/worker.js", _worker, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/api", _reference, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route(REPORT, _report, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/api/options", options)
    app.add_api_route("/api/models", models)
    app.add_api_route("/api/forms", forms)
    app.add_api_route("/healthz", health)
    app.add_api_route("/static/simplified.json", simplified, include_in_schema=False)
    app.add_api_route("/static/{name}", static, methods=["GET", "HEAD"], include_in_schema=False)
    return app


async def _page() -> Response:
    return HTMLResponse(page())


async def _worker() -> Response:
    return FileResponse(HERE / "worker.js")


async def _reference(request: Request) -> Response:
    return HTMLResponse(reference_page(request.app.openapi(), str(request.base_url)))


async def _report() -> Response:
    for file in REPORT_PAGES:
        if file.is_file():
            return FileResponse(file)
    raise TangyinError("server.no_report")


@cache
def simplified_characters() -> dict[str, str]:
    """The simplified form of each character in the words of the interface."""
    words = [file.read_text("utf-8") for file in (HERE / "index.html", HERE / "static/language.js")]
    words += [sentences["zh"] for sentences in catalogue().values()]
    for option in served_options().values():
        words += [option.label["zh"], option.help["zh"], *option.choices, *option.offered]
    words += [form.name for form in known_forms()]
    found = {character: to_simplified(character) for character in sorted({*"".join(words)})}
    return {character: simple for character, simple in found.items() if simple != character}


async def simplified() -> dict[str, str]:
    """`simplified_characters`, for the page."""
    return simplified_characters()


async def options() -> list[Described]:
    """The options of `/api/write`, with labels and help in both languages."""
    return [
        Described(**{**vars(option), "kind": option.kind.__name__})
        for option in served_options().values()
    ]


async def models(work: AnyWork) -> list[ModelRow]:
    """The models there are, with their figures."""
    # Not in the pool: the page needs it first, however much is being written.
    return await asyncio.to_thread(work.library.rows)


async def forms() -> list[Shape]:
    """The forms of verse: lines, and characters a line."""
    return [Shape(form.name, form.lines, form.characters) for form in known_forms()]


async def health(work: AnyWork) -> Health:
    """The state of the server."""
    return Health("ok", tangyin.__version__, work.library.default.model.name, work.jobs)
