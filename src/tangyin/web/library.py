"""The models that are served: by name alone, never by a path that a client gives."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tangyin.api import Writer
from tangyin.errors import TangyinError, UsageError
from tangyin.model import ModelSummary, find_model, shipped_or_own
from tangyin.model.file import ModelFile
from tangyin.model.shelf import SHIPPED, own_models
from tangyin.paths import models_home
from tangyin.web.interruption import InterruptibleWriter
from tangyin.web.limits import WRITERS


@dataclass(frozen=True)
class ModelRow(ModelSummary):
    """A model and what the page needs besides; requests may use its `name`.

    `default` marks the model that answers when none is named.
    """

    takes_title: bool
    default: bool


class Library:
    """Loads models when they are first asked for, and keeps the latest.

    Args:
        default: a shipped or own model's name, or a file's path.

    Raises:
        TangyinError: there is no such model, or it is damaged.
    """

    def __init__(self, default: str) -> None:
        self.default: Writer = InterruptibleWriter(find_model(default))
        self._others: OrderedDict[str, Writer] = OrderedDict()
        self._lock = threading.Lock()
        self._described = lru_cache(maxsize=1)(self._describe)

    def loaded(self, name: str | None) -> Writer | None:
        """The model of a name if it is in memory; never reads a file."""
        if name is None or name == self.default.model.name:
            return self.default
        return self._others.get(name)  # without the lock: the event loop must not wait for a file

    def writer(self, name: str | None) -> Writer:
        """The model of a name, the default one for None.

        Raises:
            UsageError: no listed model has this name.
            TangyinError: its file is damaged.
        """
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
                self._others[name] = InterruptibleWriter(find_model(file))
            self._others.move_to_end(name)
            while len(self._others) > WRITERS:
                self._others.popitem(last=False)
            return self._others[name]

    def rows(self) -> list[ModelRow]:
        """All models, the default one first; read again when the folder of own models changes."""
        files = [(path, path.stat().st_mtime_ns) for path in own_models() if path.is_file()]
        return self._described(models_home(), *files)

    def _describe(self, *_: object) -> list[ModelRow]:
        default = self.default.model
        rows = [_row("own", default, default.name, default=True)]
        for origin, model in shipped_or_own():
            if isinstance(model, TangyinError):
                continue
            name = model.name if origin == "shipped" else Path(origin).stem
            if name == default.name:
                rows[0] = _row(origin, default, name, default=True)
            else:
                rows.append(_row(origin, model, name, default=False))
        return rows


def _row(origin: str, model: ModelFile, name: str, *, default: bool) -> ModelRow:
    kind = "shipped" if origin == "shipped" else "own"
    return ModelRow.of(name, kind, model, takes_title=model.vocabulary.takes_title, default=default)
