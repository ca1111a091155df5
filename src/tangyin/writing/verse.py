"""A poem that was written, and how."""

import re
from dataclasses import dataclass, replace

from tangyin.prosody import Report
from tangyin.verse import MARKS, to_simplified
from tangyin.writing.options import options


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
            length that has no rules.
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
    prosody: Report | None

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
        )
