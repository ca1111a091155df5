"""Many poems for one command: found in files, read, and refused each in its place."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import Any, Generic, TypeVar

from tangyin.cli.streams import language, note, standard_input, warn
from tangyin.errors import TangyinError, UsageError, message
from tangyin.files import json_text
from tangyin.verse import Found, Poem, find_poems, poems_of_file

T = TypeVar("T")

TOGETHER = 64
"""Poems that are worked on together at most."""


@dataclass(frozen=True)
class Item(Generic[T]):
    """A poem in its place among all, or what is wrong there.

    Attributes:
        number: which poem of all files, from 1; 0 for a file that cannot be read.
        file: its name where there are several.
        value: what was read, or why the poem or file could not be read.
    """

    number: int
    file: str
    found: Found
    value: T | TangyinError

    def record(self, values: dict[str, Any], poem: Poem | None = None) -> str:
        """A line of JSON: `values`, then whatever is known of file, id, title and author."""
        known: dict[str, Any] = {"file": self.file}
        for name in ("id", "title", "author"):
            known[name] = self.found.fields.get(name) or getattr(poem, name, "")
        return json_text(values | {name: value for name, value in known.items() if value})

    def refusal(self, error: TangyinError) -> str:
        """A line of JSON for a poem or file that was refused."""
        place = {"number": self.number, "line": self.found.line} if self.number else {}
        return self.record({**place, "error": error.to_json(language())})

    def sentence(self, error: TangyinError) -> str:
        """What is wrong, and where."""
        if self.number:
            code = "text.poem_of_file" if self.file else "text.poem"
            place = {"number": self.number, "line": self.found.line, "file": self.file}
            error = UsageError(code, error=error, **place)
        return error.message(language())


class Batch(Generic[T]):
    """The poems of files, "-" being standard input, each read lazily by `read`.

    While it is iterated, what is refused is reported on standard error, and if that is a terminal
    which the results do not go to, a bar shows how many poems were read.
    """

    def __init__(
        self, files: tuple[str, ...], read: Callable[[str], T], output: Path | None, *, text: bool
    ) -> None:
        """`text` is whether the results are for people, and name what is refused themselves."""
        self.files, self.read = files or ("-",), read
        self.on_terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
        self.says_refusals = not (text and self.on_terminal)
        self.count = self.refused = 0
        self._aside: Callable[[], AbstractContextManager[Any]] = nullcontext

    def __iter__(self) -> Iterator[Item[T]]:
        with self._bar() as bar:
            for item in self._items():
                self.count += 1
                if isinstance(item.value, TangyinError):
                    self.refused += 1
                    if self.says_refusals:
                        self.say(f"tangyin: {item.sentence(item.value)}")
                if bar is not None:
                    bar.update()
                yield item

    def together(self) -> Iterator[list[Item[T]]]:
        """The items in groups of at most `TOGETHER`; none waits for more standard input."""
        group: list[Item[T]] = []
        for item in self:
            group.append(item)
            if len(group) == TOGETHER or self._must_wait():
                yield group
                group = []
        if group:
            yield group

    def say(self, sentence: str) -> None:
        """Print a sentence on standard error, above the bar."""
        with self._aside():
            note(sentence)

    def remark(self, code: str, **params: Any) -> None:
        """Print a sentence of the catalogue on standard error, above the bar."""
        self.say(message(code, params, language()))

    def note_heading(self, number: int, poem: Poem) -> None:
        """Print what was read as title and author of a text, if anything."""
        if heading := [part for part in (poem.title, poem.author) if part]:
            self.remark("text.heading", number=number, heading=heading)

    def finish(self) -> None:
        """Exit with 1 if something was refused."""
        if self.refused:
            if self.count > 1:
                warn("text.refused", refused=self.refused, count=self.count)
            sys.exit(1)

    def _items(self) -> Iterator[Item[T]]:
        number = 0
        for file in self.files:
            name = file if len(self.files) > 1 else ""
            first = number
            try:
                for found in self._found(file):
                    number += 1
                    yield Item(number, name, found, found.read(self.read))
                if number == first:
                    raise UsageError("text.none_in" if name else "text.none", name=name)
            except UsageError as error:
                if not name:
                    raise
                yield Item(0, name, Found(0), error)

    def _found(self, file: str) -> Iterator[Found]:
        def say_encoding(name: str, encoding: str) -> None:
            self.remark("text.encoding", name=name, encoding=encoding)

        if file == "-":
            return find_poems(standard_input(say_encoding))
        return poems_of_file(Path(file), say_encoding)

    def _must_wait(self) -> bool:
        """Whether standard input has nothing at this moment."""
        with suppress(OSError, ValueError):  # it is not a pipe, or not on this system
            return "-" in self.files and not select([sys.stdin], [], [], 0)[0]
        return False

    def _bar(self) -> AbstractContextManager[Any]:
        if self.on_terminal or sys.stderr is None or not sys.stderr.isatty():
            return nullcontext()
        from tqdm import tqdm

        self._aside = lambda: tqdm.external_write_mode(sys.stderr)
        return tqdm(unit=" poems", file=sys.stderr, leave=False)
