"""The desk without a server: what the worker of a page in a browser (`browser/engine.js`) calls."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from tangyin.errors import TangyinError, message
from tangyin.web.desk import Begun, Desk, without_paths
from tangyin.web.library import Library

HOME = "/home/tangyin"
"""Where the worker puts the model."""

QUESTIONS = (
    "candidates", "check", "couplet", "fix", "lines", "paste", "script", "sheet", "trace",
    "write",
)  # fmt: skip
WITHOUT_MODEL = ("check", "paste", "script", "sheet")
"""Questions that are answered while the model is being loaded."""

Send = Callable[[str, str], None]
"""Called with the name of an event and its value as JSON."""


class Alone:
    """Answers as the server does, one request at a time."""

    def __init__(self) -> None:
        os.environ |= {"TANGYIN_HOME": HOME, "OMP_NUM_THREADS": "1"}
        self._library: Library | None = None

    def load(self, model: str) -> None:
        """Load the model of a path."""
        self._library = Library(model)

    def ask(self, name: str, body: str, language: str, send: Send) -> Iterator[None]:
        """Answer a question; stops after each event, so that the caller can give up.

        Events are those of the server: `draft`, `poem` and `end` of "write", `answer` of all
        others, and `error`.
        """

        def tell(event: str, value: Any) -> None:
            send(event, json.dumps(value, ensure_ascii=False, default=asdict))

        def tell_draft(text: str, settled: int) -> None:
            tell("draft", Begun(0, text, settled))

        desk, given = Desk(self._library, language), json.loads(body)  # type: ignore[arg-type]
        try:
            if name not in QUESTIONS:
                raise TangyinError("server.not_found")
            if name != "write":
                tell("answer", getattr(desk, name)(**given))
                return
            count = 0
            for verse in desk.write(tell_draft, **given):
                tell("poem", verse)
                count += 1
                yield
            tell("end", {"poems": count})
        except TangyinError as error:
            tell("error", without_paths(error).to_json(language))
        except MemoryError:
            tell("error", {"message": message("cli.memory", {}, language)})
