"""Requests about given verse as jobs: checking, scoring, mending, looking into the model."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from tangyin.api import Writer
from tangyin.errors import UsageError
from tangyin.model.inspection import expectation, lay_out, surprises, trace
from tangyin.prosody import check_text, level_share, readings_of
from tangyin.verse import Form, Ids, split_poems, to_simplified, to_traditional
from tangyin.web.jobs import Job, once
from tangyin.web.library import Library, form_of
from tangyin.web.limits import POEMS
from tangyin.web.repair import suggestions
from tangyin.web.requests import (
    MendBody,
    PlaceBody,
    PoemsBody,
    ScoreBody,
    ScriptBody,
    TraceBody,
)
from tangyin.writing import Request, prefix_for

Json = dict[str, Any]
T = TypeVar("T")


def checking(body: PoemsBody) -> Job[list[Json]]:
    """The job of `/api/check`: a report for each poem, as `tangyin check --format json`."""

    def checked() -> list[Json]:
        texts = _poems(body.text)
        return [
            {"number": number, **asdict(_numbered(number, check_text, text))}
            for number, text in enumerate(texts, 1)
        ]

    return once(checked, "check")


def scoring(library: Library, body: ScoreBody) -> Job[list[Json]]:
    """The job of `/api/score`: a score for each poem, as `tangyin score`."""

    def scored() -> list[Json]:
        texts = _poems(body.text)
        writer = library.writer(body.model)
        read = [_numbered(number, writer.read, text) for number, text in enumerate(texts, 1)]
        return [score.to_json() for score in writer.score_many([poem for poem, _ in read])]

    return once(scored, "score")


def placing(library: Library, body: PlaceBody) -> Job[Json]:
    """The job of `/api/place`: what a character is, and what the model expected in its place."""

    def placed() -> Json:
        writer = library.writer(body.model)
        form = form_of(writer, body.form)
        text = lay_out(body.text, form)
        at = (body.line - 1) * (form.characters + 1) + body.character - 1
        if body.character > form.characters or at >= len(text):
            raise UsageError(
                f"there is no character {body.character} in line {body.line} of this poem; "
                "name one that is there"
            )
        prefix = _prefix(writer, form, body.title)
        found = expectation(writer.engine, prefix, text[:at], text[at], body.count)
        return {
            "character": found.character,
            "readings": [
                {"tone": r.tone, "rhyme": r.rhyme, "rime": r.rime, "share": round(r.share, 4)}
                for r in readings_of(found.character)
            ],
            "known": found.known,
            "probability": found.probability,
            "rank": found.rank,
            "candidates": [
                {"character": c, "probability": p, "level": round(level_share(c), 4)}
                for c, p in found.candidates
            ],
        }

    return once(placed)


def mending(library: Library, body: MendBody) -> Job[list[Json]]:
    """The job of `/api/mend`: ways to take a fault away."""

    def mended() -> list[Json]:
        writer = library.writer(body.model)
        return list(suggestions(writer, body.text, body.line, body.kind, body.count))

    return once(mended, "mend")


def tracing(library: Library, body: TraceBody) -> Job[Json]:
    """The job of `/api/trace`: a gate or state of one layer, character by character."""

    def traced() -> Json:
        writer = library.writer(body.model)
        form, layers = form_of(writer, body.form), writer.model.architecture.layers
        if body.layer > layers:
            raise UsageError(
                f"there is no layer {body.layer}; the model {writer.model.name} has {layers}"
            )
        text = lay_out(body.text, form)
        if not text:
            raise UsageError("there is nothing to read; give a line of verse")
        prefix = _prefix(writer, form, body.title)
        values = trace(writer.model, writer.engine, prefix, text, body.layer - 1, body.quantity)
        return {
            "model": writer.model.name,
            "form": form.name,
            "quantity": body.quantity,
            "layer": body.layer,
            "layers": layers,
            "text": text,
            "values": [[round(float(value), 3) for value in row] for row in values],
            "nll": [round(float(nats), 4) for nats in surprises(writer.engine, prefix, text)],
        }

    return once(traced)


def converting(body: ScriptBody) -> Job[Json]:
    """The job of `/api/script`: the text in the other script."""
    convert = to_simplified if body.script == "simplified" else to_traditional
    return once(lambda: {"text": convert(body.text)})


def _poems(text: str) -> list[str]:
    poems = split_poems(text)
    if not poems:
        raise UsageError("text.none")
    if len(poems) > POEMS:
        raise UsageError(f"these are {len(poems)} poems; give at most {POEMS} at a time")
    return poems


def _numbered(number: int, read: Callable[[str], T], text: str) -> T:
    """What is read from a text; a refusal says which poem it was."""
    try:
        return read(text)
    except UsageError as error:
        raise UsageError(f"poem {number}: {error}") from error


def _prefix(writer: Writer, form: Form, title: str) -> Ids:
    """What the model reads before a poem of the form, and of the title where there is one."""
    return prefix_for(Request(form, title=title), writer.engine.vocabulary)
