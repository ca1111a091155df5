"""The models that are served: by name alone, never by a path that a client gives."""

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from tangyin.api import Writer
from tangyin.errors import TangyinError, UsageError
from tangyin.model import find_model, shipped_or_own
from tangyin.model.file import ModelFile
from tangyin.model.shelf import SHIPPED, own_models
from tangyin.paths import models_home
from tangyin.verse import WULV, Form, form_named
from tangyin.web.interruption import InterruptibleWriter
from tangyin.web.limits import WRITERS


class Library:
    """Loads models when they are first asked for, and keeps the latest."""

    def __init__(self, default: str) -> None:
        """Load the default model.

        Args:
            default: a shipped or own model's name, or a file's path.

        Raises:
            TangyinError: there is no such model, or it is damaged.
        """
        self._default: Writer = InterruptibleWriter(find_model(default))
        self._others: OrderedDict[str, Writer] = OrderedDict()
        self._lock = threading.Lock()
        self._rows: tuple[object, list[dict[str, Any]]] | None = None

    @property
    def default(self) -> Writer:
        """The default model."""
        return self._default

    def at_hand(self, name: str | None) -> Writer | None:
        """The model of a name if it is in memory, so that nothing has to be read from disk."""
        if name is None or name == self._default.model.name:
            return self._default
        return self._others.get(name)  # without the lock: the event loop must not wait for a file

    def writer(self, name: str | None) -> Writer:
        """The model of a name, the default one for None.

        Raises:
            UsageError: none of the models that are listed is called so.
            TangyinError: its file is damaged.
        """
        found = self.at_hand(name)
        if found or name is None:
            return found or self._default
        paths = {path.stem: path for path in own_models()}
        if name not in SHIPPED and name not in paths:
            known = dict.fromkeys([self._default.model.name, *SHIPPED, *paths])
            raise UsageError(f"there is no model called {name[:40]}; there are {', '.join(known)}")
        with self._lock:
            if name not in self._others:
                file = name if name in SHIPPED else str(paths[name])
                self._others[name] = InterruptibleWriter(find_model(file))
            self._others.move_to_end(name)
            while len(self._others) > WRITERS:
                self._others.popitem(last=False)
            return self._others[name]

    def rows(self) -> list[dict[str, Any]]:
        """What `tangyin models --format json` says, and what the page needs besides.

        `default` marks the model that answers when none is named; `takes_title` one that reads a
        title. The names are those that requests may give.
        """
        stamp = _stamp()
        with self._lock:
            if self._rows is None or self._rows[0] != stamp:
                self._rows = stamp, list(self._described())
            return self._rows[1]

    def _described(self) -> list[dict[str, Any]]:
        default = self._default.model
        rows = [model_row("own", default, default.name, default=True)]
        for origin, model in shipped_or_own():
            if isinstance(model, TangyinError):
                continue
            name = model.name if origin == "shipped" else Path(origin).stem
            if name == default.name:
                rows[0] = model_row(origin, default, name, default=True)
            else:
                rows.append(model_row(origin, model, name, default=False))
        return rows


def model_row(origin: str, model: ModelFile, name: str, *, default: bool) -> dict[str, Any]:
    """A model as JSON values; see `Library.rows`."""
    return {
        "name": name,
        "origin": "shipped" if origin == "shipped" else "own",
        "forms": [form.name for form in model.forms],
        "parameters": model.parameters,
        "precision": model.precision,
        "known_hanzi": len(model.vocabulary.hanzi),
        "architecture": model.architecture.to_json(),
        "figures": model.figures,
        "training": model.training,
        "licence": model.licence,
        "takes_title": bool(getattr(model.vocabulary, "takes_title", False)),
        "default": default,
    }


def form_of(writer: Writer, name: str | None) -> Form:
    """The form of a name, or the one that a model writes when none is named.

    Raises:
        UsageError: there is no such form.
    """
    forms = writer.model.forms
    if name is None:
        return WULV if WULV in forms else forms[0]
    return form_named(name)


def _stamp() -> object:
    """Changes when a file in the folder of own models does."""
    found = []
    for path in own_models():
        try:
            found.append((path.name, path.stat().st_mtime_ns))
        except OSError:  # it went away between the two
            continue
    return str(models_home()), tuple(found)
