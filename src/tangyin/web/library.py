"""The models that are served: by name alone, never by a path that a client gives."""

import threading
from dataclasses import dataclass
from pathlib import Path

from tangyin.api import Writer
from tangyin.errors import TangyinError, UsageError
from tangyin.model import ModelSummary, find_model, shipped_or_own
from tangyin.model.shelf import SHIPPED, own_models
from tangyin.model.units import Unit, units_of
from tangyin.web.limits import WRITERS


@dataclass(frozen=True)
class ModelRow(ModelSummary):
    """A model and what the page needs besides; requests may use its `name`.

    `kinds` are those of verse without one shape that it knows (`verse.KINDS`); `default` marks the
    model that answers when none is named; `units` are those that follow something in verse.
    """

    kinds: list[str]
    takes_title: bool
    default: bool
    units: tuple[Unit, ...]


class Library:
    """Loads models on the first request, and keeps those loaded last."""

    def __init__(self, default: str) -> None:
        self.default = Writer(find_model(default))
        self._others: dict[str, Writer] = {}
        self._lock = threading.Lock()

    def loaded(self, name: str | None) -> Writer | None:
        """The model of a name if it is in memory; never reads a file."""
        if name is None or name == self.default.model.name:
            return self.default
        return self._others.get(name)  # without the lock: the event loop must not wait for a file

    def writer(self, name: str | None) -> Writer:
        """The model of a name, the default one for None."""
        found = self.loaded(name)
        if found or name is None:
            return found or self.default
        paths = {path.stem: path for path in own_models()}
        if name not in SHIPPED and name not in paths:
            known = dict.fromkeys([self.default.model.name, *SHIPPED, *paths])
            raise UsageError("server.no_model", name=name[:40], models=list(known))
        with self._lock:
            if name not in self._others:
                file = name if name in SHIPPED else str(paths[name])
                self._others[name] = Writer(find_model(file))
            writer = self._others[name]
            if len(self._others) > WRITERS:
                del self._others[next(iter(self._others))]
            return writer

    def rows(self) -> list[ModelRow]:
        """All models, the default one first."""
        default = self.default.model
        found = {default.name: ("own", default)}
        for origin, model in shipped_or_own():
            if isinstance(model, TangyinError):
                continue
            shipped = origin == "shipped"  # otherwise it is a path of this machine
            kind, name = (origin, model.name) if shipped else ("own", Path(origin).stem)
            found[name] = (kind, default if name == default.name else model)
        return [
            ModelRow.of(
                name,
                kind,
                model,
                kinds=[kind.name for kind in model.vocabulary.kinds],
                takes_title=model.vocabulary.takes_title,
                default=not at,
                units=units_of(model),
            )
            for at, (name, (kind, model)) in enumerate(found.items())
        ]
