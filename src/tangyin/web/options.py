"""The options of a request as this server offers them."""

from dataclasses import dataclass, fields, replace

from tangyin.web import limits
from tangyin.writing.options import Option, options

_LIMITS = {"count": limits.COUNT, "particles": limits.PARTICLES, "k": limits.K}
"""Largest values where this server allows less than the command line."""


@dataclass(frozen=True, kw_only=True)
class Described(Option):
    """An option as JSON."""

    kind: str  # type: ignore[assignment]  # the type's name

    @classmethod
    def of(cls, option: Option) -> "Described":
        """The description of an option."""
        values = {field.name: getattr(option, field.name) for field in fields(option)}
        return cls(**{**values, "kind": option.kind.__name__})


def served_options() -> dict[str, Option]:
    """All options by name, within this server's limits."""
    return {
        name: replace(
            option,
            maximum=_LIMITS.get(name, option.maximum),
            longest=limits.WORDS if option.kind is str and not option.longest else option.longest,
            # Without a name the model that the server was started with answers.
            default=None if name == "model" else option.default,
        )
        for name, option in options().items()
    }
