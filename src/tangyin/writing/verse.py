"""A poem that was written, and how."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tangyin.errors import UsageError
from tangyin.prosody import Report, check_poem
from tangyin.verse import MARKS, to_simplified
from tangyin.writing.options import options


class _WhenAsked:
    """A field `prosody`; a function given for it is called when the value is first asked for."""

    def __get__(self, verse: Any, _: Any = None) -> Any:
        if verse is None:
            raise AttributeError("prosody")  # so that the field has no default
        value = vars(verse)["prosody"]
        if callable(value):
            value = vars(verse)["prosody"] = value()
        return value

    def __set__(self, verse: Any, value: Any) -> None:
        vars(verse)["prosody"] = value


@dataclass(frozen=True)
class Verse:
    """A poem that was written, and how; `dataclasses.asdict` gives its JSON.

    Attributes:
        text: lines and marks.
        lines: the lines without marks.
        title: its title, or "".
        rule: name of the sampling rule.
        seed: with `number` and the same options, it gives the same poem again.
        number: which poem of that seed.
        log_likelihood: natural logarithm of the text's probability, `<eos>` included, under the
            model without any mask.
        prosody: the checker's report on the poem in traditional characters; None for lines of a
            length that has no rules. The poem is checked when it is first asked for.
    """

    text: str
    lines: tuple[str, ...]
    form: str
    title: str
    model: str
    rule: str
    seed: int
    number: int
    log_likelihood: float
    prosody: Report | None = _WhenAsked()  # type: ignore[assignment]

    def __str__(self) -> str:
        """The poem as it is read: a couplet a line."""
        closed = re.findall(f"[^{MARKS}]+[{MARKS}]", self.text)
        return "\n".join("".join(closed[i : i + 2]) for i in range(0, len(closed), 2))

    def in_script(self, script: str) -> "Verse":
        """The same poem in "traditional" or "simplified" characters."""
        if options()["script"].check(script) == "traditional":
            return self
        return replace(
            self,
            text=to_simplified(self.text),
            lines=tuple(map(to_simplified, self.lines)),
            title=to_simplified(self.title),
            prosody=later(getattr, self, "prosody"),
        )


def later(function: Callable[..., Report | None], *arguments: Any) -> Any:
    """What to give for `Verse.prosody` that is computed when it is asked for."""
    return partial(function, *arguments)


def report_on(lines: tuple[str, ...]) -> Report | None:
    """The checker's report, or None for lines of a length that has no rules."""
    try:
        return check_poem(lines)
    except UsageError:
        return None
