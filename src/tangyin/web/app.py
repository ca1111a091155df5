"""The application: the page, its API, and what both have in common."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, Response

import tangyin
from tangyin.errors import TangyinError, UsageError
from tangyin.web.answers import REPORT, AnyWork, refuse
from tangyin.web.desk import Refusal
from tangyin.web.files import page, static
from tangyin.web.fixed import FIXED
from tangyin.web.guards import checked_requests, compressed, security_headers
from tangyin.web.library import Library, ModelRow
from tangyin.web.limits import QUICK_WORKERS, WAITING
from tangyin.web.pool import Pool, once
from tangyin.web.reference import reference_page
from tangyin.web.routes import router

HERE = Path(__file__).parent
SIMPLIFIED = re.compile(r"zh(-(hans|cn|sg|my)|\s*([,;]|$))", re.IGNORECASE)
"""Of `Accept-Language`; the page judges as `fitting` in page.js does."""

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


def check_origins(origins: Sequence[str]) -> None:
    """Refuse what is not an origin as browsers send it (server.no_origin)."""
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise UsageError("server.no_origin", origin=origin)


def create_app(
    model: str,
    workers: int = 1,
    *,
    waiting: int = WAITING,
    local: bool = True,
    origins: Sequence[str] = (),
) -> FastAPI:
    """The page and its API.

    Args:
        model: name or file of the model that answers when a request names none.
        workers: threads that write.
        waiting: most requests that are worked on or wait, of those that write and of the others.
        local: answer only as 127.0.0.1 or localhost.
        origins: of other sites whose pages may use the API (CORS), such as "https://a.example".

    Raises:
        UsageError: one of `origins` is not an origin.
        TangyinError: there is no such model, or it is damaged.
    """
    check_origins(origins)
    library = Library(model)
    pool = Pool(workers, waiting)
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
    _add_middleware(app, local, origins)
    app.include_router(router(), prefix="/api")
    for address, answer in FIXED.items():
        app.add_api_route(f"/{address}", answer, include_in_schema=address.startswith("api/"))
    app.add_api_route("/api/models", models)
    app.add_api_route("/healthz", health)
    files = ("/", _page), ("/worker.js", _worker), ("/api", _reference), (REPORT, _report)
    for path, file in (*files, ("/static/{name}", static)):
        app.add_api_route(path, file, methods=["GET", "HEAD"], include_in_schema=False)
    return app


def _add_middleware(app: FastAPI, local: bool, origins: Sequence[str]) -> None:
    """What every request and answer passes; the last one added is the outermost."""
    app.add_middleware(compressed)
    app.add_middleware(checked_requests, local=local, origins=origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Accept", "Accept-Language", "Content-Type"],
            expose_headers=["Retry-After"],
        )
    app.add_middleware(security_headers)


async def _page(request: Request) -> Response:
    """The page. A browser in simplified Chinese gets the words with it, not after the scripts."""
    headers = {"Vary": "Accept-Language"}
    if SIMPLIFIED.match(request.headers.get("accept-language", "")):
        headers["Link"] = "<static/simplified.json>; rel=preload; as=fetch; crossorigin"
    return HTMLResponse(page(), headers=headers)


async def _worker() -> Response:
    return FileResponse(HERE / "worker.js")


async def _reference(request: Request) -> Response:
    return HTMLResponse(reference_page(request.app.openapi(), str(request.base_url)))


async def _report() -> Response:
    for file in REPORT_PAGES:
        if file.is_file():
            return FileResponse(file)
    raise TangyinError("server.no_report")


async def models(work: AnyWork) -> list[ModelRow]:
    """The models there are, with their figures."""
    # Not in the pool: the page needs it first, however much is being written.
    return await asyncio.to_thread(work.library.rows)


async def health(work: AnyWork) -> Health:
    """The state of the server."""
    return Health("ok", tangyin.__version__, work.library.default.model.name, work.jobs)
