"""What the OpenAPI description says about each address."""

from typing import Any

from tangyin.web import shapes

DESCRIPTION = (
    "Compose, check and study classical Chinese regulated verse. Names and shapes are those of "
    'the command line (`tangyin --help`). An error is one sentence: `{"error": …}`.'
)

_ANSWERS: dict[str, Any] = {
    "write": list[shapes.Poem],
    "revise": list[shapes.Poem],
    "check": list[shapes.Report],
    "mend": list[shapes.Mended],
    "score": list[shapes.Score],
    "place": shapes.Place,
    "trace": shapes.Trace,
    "script": shapes.Converted,
    "models": list[shapes.Model],
    "health": shapes.Health,
}

_REFUSALS = {
    400: "The body is no JSON.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    421: "The server answers for the loopback names alone.",
    422: "What is asked for cannot be; the sentence says why.",
    429: "There is too much to do; come back after as many seconds as Retry-After says.",
}

_EVENTS = (
    'event: line\ndata: {"number": 0, "line": 1, "text": "日落三邊別，"}\n\n'
    "event: poem\ndata: {… as in the JSON array …}\n\n"
    'event: end\ndata: {"poems": 1}\n\n'
)


def documented(name: str) -> dict[str, Any]:
    """The arguments of a route that describe it."""
    answer: dict[str, Any] = {"model": _ANSWERS[name], "description": "Done."}
    if name == "write":
        answer["content"] = {
            "text/event-stream": {"schema": {"type": "string"}, "example": _EVENTS}
        }
    refusals = {421: _REFUSALS[421]} if name in ("health", "models") else _REFUSALS
    return {
        "operation_id": name,
        "response_model": None,
        "responses": {
            200: answer,
            **{
                status: {"model": shapes.Refusal, "description": description}
                for status, description in refusals.items()
            },
        },
    }
