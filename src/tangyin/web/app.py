"""The application: addresses, what they take, and what they answer."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

import tangyin
from tangyin.errors import TangyinError
from tangyin.model import DEFAULT
from tangyin.web.answers import (
    NO_JSON,
    NO_OBJECT,
    Event,
    JobResponse,
    JsonResponse,
    refusal,
    refusal_of,
    wants_events,
)
from tangyin.web.documents import DESCRIPTION, documented
from tangyin.web.guards import REPORT, Bodies, Headers, Hosts
from tangyin.web.jobs import Job, once
from tangyin.web.library import Library
from tangyin.web.limits import WAITING
from tangyin.web.pool import Pool
from tangyin.web.reading import checking, converting, mending, placing, scoring, tracing
from tangyin.web.requests import (
    MendBody,
    PlaceBody,
    PoemsBody,
    ReviseBody,
    ScoreBody,
    ScriptBody,
    TraceBody,
    WriteBody,
)
from tangyin.web.writing import revising, writing

HERE = Path(__file__).parent
REPORT_PAGES = (HERE / "report.html", HERE.parents[2] / "docs" / "report" / "index.html")
"""Where the report may lie: in the wheel (pyproject.toml puts it there), and in the repository."""

NO_REPORT = "this installation holds no report; install tangyin anew"


def create_app(
    model: str = DEFAULT,
    *,
    workers: int | None = None,
    waiting: int = WAITING,
    local: bool = True,
) -> FastAPI:
    """The page and its API.

    Args:
        model: answers when a request names none: a model's name or file.
        workers: threads that write; two, or one on a single core, when None.
        waiting: requests that may be worked on or wait.
        local: answer only as 127.0.0.1 or localhost.

    Raises:
        TangyinError: there is no such model, or it is damaged.
    """
    library = Library(model)
    pool = Pool(workers or min(2, os.cpu_count() or 1), waiting)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        pool.submit(_warming(library))
        yield
        await asyncio.to_thread(pool.close)

    app = FastAPI(
        title="唐音 tangyin",
        version=tangyin.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        default_response_class=JsonResponse,
    )
    app.add_middleware(Bodies)
    if local:
        app.add_middleware(Hosts)
    app.add_middleware(Headers)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    _add_api(app, library, pool)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return app


def _add_api(app: FastAPI, library: Library, pool: Pool) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> Response:
        """The page."""
        return FileResponse(HERE / "index.html")

    @app.api_route(REPORT, methods=["GET", "HEAD"], include_in_schema=False)
    async def report() -> Response:
        """The studies' report."""
        for file in REPORT_PAGES:
            if file.is_file():
                return FileResponse(file)
        return refusal(404, NO_REPORT)

    @app.post("/api/write", **documented("write"))
    async def write(body: WriteBody, request: Request) -> Response:
        """Write poems: a JSON array, or server-sent events for `Accept: text/event-stream`."""
        try:
            job = writing(library, body)
        except TangyinError as error:
            return refusal_of(error)
        if wants_events(request):
            return JobResponse(pool, job, events=_poem_events)
        return JobResponse(pool, job, whole=list)

    @app.post("/api/revise", **documented("revise"))
    async def revise(body: ReviseBody) -> Response:
        """Other ways to write a line or a character of a poem, the likeliest first."""
        return JobResponse(pool, revising(library, body))

    @app.post("/api/check", **documented("check"))
    async def check(body: PoemsBody) -> Response:
        """Check the prosody of poems."""
        return JobResponse(pool, checking(body))

    @app.post("/api/mend", **documented("mend"))
    async def mend(body: MendBody) -> Response:
        """Ways to take a fault away, the least changed first."""
        return JobResponse(pool, mending(library, body))

    @app.post("/api/score", **documented("score"))
    async def score(body: ScoreBody) -> Response:
        """Log-likelihood of given poems."""
        return JobResponse(pool, scoring(library, body))

    @app.post("/api/place", **documented("place"))
    async def place(body: PlaceBody) -> Response:
        """What a character is, and what the model expected in its place."""
        return JobResponse(pool, placing(library, body))

    @app.post("/api/trace", **documented("trace"))
    async def trace(body: TraceBody) -> Response:
        """A gate or state of the network while it reads a text."""
        return JobResponse(pool, tracing(library, body))

    @app.post("/api/script", **documented("script"))
    async def script(body: ScriptBody) -> Response:
        """A text in traditional or simplified characters."""
        return JobResponse(pool, converting(body))

    @app.get("/api/models", **documented("models"))
    async def models() -> Response:
        """The models there are, with their figures."""
        # Not by the pool: the page needs it to begin with, however much is being written.
        return JsonResponse(await asyncio.to_thread(library.rows))

    @app.get("/healthz", **documented("health"))
    async def health() -> Response:
        """Whether the server is there, and how many requests it has in hand."""
        default = library.default.model.name
        values = {"version": tangyin.__version__, "model": default, "jobs": pool.jobs}
        return JsonResponse({"status": "ok", **values})


def _poem_events(poem: dict[str, Any]) -> Iterator[Event]:
    """The lines of a poem one by one, marks and all, then the poem."""
    rest = poem["text"]
    for number, line in enumerate(poem["lines"], 1):
        text, rest = rest[: len(line) + 1], rest[len(line) + 1 :]
        yield "line", {"number": poem["number"], "line": number, "text": text}
    yield "poem", poem


def _warming(library: Library) -> Job[Any]:
    """Reads the tables that the first poem would else wait for."""
    return once(lambda: library.default.write(seed=0))


async def _invalid(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """One sentence about the first thing that is wrong with a body."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return refusal(422, NO_JSON)
    where = ".".join(str(part) for part in first["loc"][1:])
    if not where:
        return refusal(422, NO_OBJECT)
    return refusal(422, f"{where}: {first['msg'].lower()}; /openapi.json describes what is taken")


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return refusal_of(error)
