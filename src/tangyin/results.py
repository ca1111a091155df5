"""What writing and scoring give: a poem that was written, and the score of a given one."""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from tangyin.errors import UsageError
from tangyin.prosody import check_poem
from tangyin.scoring import Tally
from tangyin.verse import Poem, split_lines, to_simplified


@dataclass(frozen=True)
class Verse:
    """A poem that was written, and how.

    Attributes:
        text: lines and marks.
        lines: the lines without marks.
        form: name of the form.
        title: its title, or "".
        model: name of the model.
        rule: name of the sampling rule.
        seed: with `number`, and the same options, it brings the same poem back.
        number: which poem of that seed.
        log_likelihood: natural logarithm of the text's probability, `<eos>` included, under the
            model without any mask.
        traditional: the lines as they were written, whatever script `text` is in.
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
    traditional: tuple[str, ...]

    @cached_property
    def prosody(self) -> dict[str, Any]:
        """The checker's report (`tangyin check --format json`), made when it is first asked for."""
        return asdict(check_poem(self.traditional))

    def __str__(self) -> str:
        """The poem as it is read: a couplet a line."""
        parts = split_lines(self.text)
        marks = parts[1] if parts else ""
        closed = [line + mark for line, mark in zip(self.lines, marks, strict=True)]
        return "\n".join("".join(closed[i : i + 2]) for i in range(0, len(closed), 2))

    def in_script(self, script: str) -> "Verse":
        """The same poem in "traditional" or "simplified" characters."""
        check_script(script)
        if script == "traditional":
            return self
        return replace(
            self,
            text=to_simplified(self.text),
            lines=tuple(map(to_simplified, self.lines)),
            title=to_simplified(self.title),
        )

    def to_json(self) -> dict[str, Any]:
        """The poem as JSON values, in the order of the command line's output."""
        values = {**asdict(self), "lines": list(self.lines), "prosody": self.prosody}
        del values["traditional"]
        return values


@dataclass(frozen=True)
class Score:
    """What a model thinks of a given poem.

    Attributes:
        poem: the poem as it was read.
        tally: what its targets cost (`tangyin.writing.Tally`).
    """

    poem: Poem
    tally: Tally

    def to_json(self) -> dict[str, Any]:
        """`text, form, targets, hanzi, unknown, nll, nll_closed`."""
        names = ("targets", "hanzi", "unknown", "nll", "nll_closed")
        counts = {name: getattr(self.tally, name) for name in names}
        return {"text": self.poem.text, "form": self.poem.form.name, **counts}


def check_script(script: str) -> None:
    """See that `script` is "traditional" or "simplified".

    Raises:
        UsageError: it is neither.
    """
    if script not in ("traditional", "simplified"):
        raise UsageError(f"there is no script {script!r}; it is traditional or simplified")
