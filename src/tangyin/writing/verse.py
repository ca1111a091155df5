"""A poem that was written, and how."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tangyin.errors import UsageError
from tangyin.metre import AnyReport, check_ci, check_poem
from tangyin.verse import MARKS, form_named, to_simplified, tunes_so_called
from tangyin.writing.options import options


class _WhenAsked:
    """A field `prosody`; a function given for it is called on first access."""

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
        title_drawn: whether none was given, so that it was drawn.
        rule: name of the sampling rule.
        seed: with `number` and the same options, it gives the same poem again.
        number: which poem of that seed.
        log_likelihood: natural logarithm of the text's probability, `<eos>` included, under the
            model without any mask.
        prosody: the checker's report on the poem in traditional characters; None for lines of a
            length that has no rules. The poem is checked on first access.
    """

    text: str
    lines: tuple[str, ...]
    form: str
    title: str
    title_drawn: bool
    model: str
    rule: str
    seed: int
    number: int
    log_likelihood: float
    prosody: AnyReport | None = _WhenAsked()  # type: ignore[assignment]

    def __str__(self) -> str:
        """The poem as it is read: a couplet per line, of 詞 a stanza."""
        closed = re.findall(f"[^{MARKS}、]+[{MARKS}、]", self.text)
        tune = self.form.partition("·")[0]
        variant = form_named(self.form).variant if tunes_so_called(tune) else None
        if variant:
            opens = [line.opens for line in variant.lines]
            return "".join("\n" * new + line for new, line in zip(opens, closed, strict=True))
        return "\n".join("".join(closed[i : i + 2]) for i in range(0, len(closed), 2))

    def in_script(self, script: str) -> "Verse":
        """The same poem in "traditional" or "simplified" characters."""
        if script == "traditional":
            return self
        options()["script"].check(script)
        return replace(
            self,
            text=to_simplified(self.text),
            lines=tuple(map(to_simplified, self.lines)),
            title=to_simplified(self.title),
            prosody=later(getattr, self, "prosody"),
        )


def later(function: Callable[..., AnyReport | None], *arguments: Any) -> Any:
    """A value of `Verse.prosody` that is computed on first access."""
    return partial(function, *arguments)


def report_on(text: str, lines: tuple[str, ...], tune: str) -> AnyReport | None:
    """The checker's report, or None for lines of a length that has no rules.

    `tune` is the name of the tune of a 詞, or "".
    """
    if tune:
        return check_ci(text, tune)[1]
    try:
        return check_poem(lines)
    except UsageError:
        return None
