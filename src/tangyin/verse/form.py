"""The four forms of regulated verse that the project writes: their shapes and names."""

from dataclasses import dataclass

from tangyin.errors import UsageError


@dataclass(frozen=True)
class Form:
    """A shape of poem: so many lines of so many characters.

    Attributes:
        name: the Chinese name, such as 五律.
        ascii_name: its romanization, accepted wherever the name is.
        lines: number of lines, 4 or 8.
        characters: characters in each line without the mark, 5 or 7.
    """

    name: str
    ascii_name: str
    lines: int
    characters: int

    @property
    def hanzi(self) -> int:
        """Characters of the whole poem without marks."""
        return self.lines * self.characters

    @property
    def targets(self) -> int:
        """What a language model predicts: characters, marks and `<eos>`."""
        return self.lines * (self.characters + 1) + 1

    def __str__(self) -> str:
        return self.name


WUJUE = Form("五絕", "wujue", 4, 5)
QIJUE = Form("七絕", "qijue", 4, 7)
WULV = Form("五律", "wulv", 8, 5)
QILV = Form("七律", "qilv", 8, 7)

FORMS = (WUJUE, QIJUE, WULV, QILV)

_BY_NAME = {
    spelling: form
    for form in FORMS
    for spelling in (form.name, form.ascii_name, form.name.replace("絕", "绝"))
}
_BY_SHAPE = {(form.lines, form.characters): form for form in FORMS}


def form_named(name: str) -> Form:
    """The form called `name`: 五律, 七律, 五絕, 七絕, or wulv, qilv, wujue, qijue.

    Raises:
        UsageError: there is no such form.
    """
    try:
        return _BY_NAME[name.strip().lower()]
    except KeyError:
        known = ", ".join(f"{form.name} ({form.ascii_name})" for form in FORMS)
        raise UsageError(f"there is no form {name!r}; the forms are {known}") from None


def form_of_shape(lines: int, characters: int) -> Form | None:
    """The form of `lines` lines of `characters` characters, or None when it is no form of ours."""
    return _BY_SHAPE.get((lines, characters))
