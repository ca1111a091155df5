"""Build data/locale, the words of click in Chinese as gettext reads them, from data/help.toml.

python scripts/build_click_words.py
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tangyin.cli.chinese import texts
from tangyin.errors import simplified

LOCALE = Path(__file__).parents[1] / "src/tangyin/data/locale"
PLURALS = {
    "Did you mean {possibility}?": "(Did you mean one of: {possibilities}?)",
    "Got unexpected extra argument ({args})": "Got unexpected extra arguments ({args})",
    "Option {name!r} requires an argument.": "Option {name!r} requires {nargs} arguments.",
    "{value!r} is not {choice}.": "{value!r} is not one of {choices}.",
}
"""The plural sentence of click by the singular one; Chinese has the same for both."""


def main() -> None:
    """Write both catalogues."""
    words = texts()["click"]
    for name, convert in (("zh", str), ("zh_Hans", simplified)):
        catalogue = Catalog(locale="zh", charset="utf-8")
        for english, chinese in words.items():
            if english in PLURALS:
                catalogue.add((english, PLURALS[english]), (convert(chinese),))
            else:
                catalogue.add(english, convert(chinese))
        file = LOCALE / name / "LC_MESSAGES/messages.mo"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            write_mo(stream, catalogue)


if __name__ == "__main__":
    main()
