"""One option of a writing request: its name, type, bounds, and texts in both languages."""

import math
import operator
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tangyin.errors import UsageError

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Option:
    """One option of a writing request."""

    name: str  # in Python and in JSON; the command line writes hyphens for underscores
    kind: type  # str, int, float or bool
    default: Any  # its value when it is left out; may be None
    help: Texts = field(default_factory=dict)  # one sentence in "en" and in "zh"
    label: Texts = field(default_factory=dict)  # a word or two for a form field, in both languages
    choices: tuple[str, ...] = ()  # the values that are possible, if they are few
    offered: tuple[str, ...] = ()  # to choose from on a form, where others are possible too
    minimum: Any = None
    maximum: Any = None
    above: bool = False  # whether `minimum` itself is excluded
    longest: int | None = None  # most characters of a text; None where something else limits it
    many: bool = False  # whether it may be repeated; its value is a tuple then
    regulated: bool = False  # whether it belongs to regulated verse only
    patterned: bool = False  # whether it needs the line types of 詩, which 詞 lack

    def texts(self, **texts: tuple[str, str]) -> "Option":
        """The option with its label and help in each language."""
        labels, helps = ({code: pair[at] for code, pair in texts.items()} for at in (0, 1))
        return replace(self, label=labels, help=helps)

    def check(self, value: Any) -> Any:
        """The value as this option's type, if it is possible."""
        if self.many:
            return tuple(map(self._check, value if isinstance(value, list | tuple) else (value,)))
        return None if value is None and self.default is None else self._check(value)

    def _check(self, value: Any) -> Any:
        known, value = {"name": self.name, "value": value}, self._typed(value)
        if self.choices and value not in self.choices:
            raise UsageError("request.choice", **known, choices=self.choices)
        if self.longest is not None and len(value) > self.longest:
            raise UsageError("request.long", name=self.name, count=len(value), longest=self.longest)
        most = math.inf if self.maximum is None else self.maximum
        if self.minimum is None or self.minimum < value <= most:
            return value
        if value == self.minimum and not self.above:
            return value
        code = "request.range_above" if self.above else "request.range"
        code = "request.below" if self.maximum is None else code
        raise UsageError(code, **known, minimum=self.minimum, maximum=self.maximum)

    def _typed(self, value: Any) -> Any:
        is_flag = isinstance(value, bool)
        with suppress(TypeError, ValueError):
            if self.kind is int and not is_flag:
                return operator.index(value)
            if self.kind is float and not is_flag and not isinstance(value, str):
                return float(value)
        if self.kind in (str, bool) and isinstance(value, self.kind):
            return value
        raise UsageError(_WRONG_TYPE[self.kind], name=self.name, value=value)


_WRONG_TYPE = {
    str: "request.not_text",
    int: "request.not_whole_number",
    float: "request.not_number",
    bool: "request.not_switch",
}
