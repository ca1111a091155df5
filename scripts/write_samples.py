"""Write the sheets of docs/samples: 50 uncurated poems of each form and tune, and 50 on titles.

    python scripts/write_samples.py [SHEET…]

All sheets, or those that are named: wujue qijue wulv qilv ci pailu titles. (couplets.md is made by
`scripts/measure_antithesis.py answers`.) Each sheet holds the commands that made it with their
whole output, as `scripts/refresh_pages.py` fills them in. The tunes are twelve common ones. The
titles are those of dev poems, evenly spread over all that have one of at most eight characters; a
poem is written in the form of the real one.
"""

import sys

from refresh_pages import refreshed
from shared import SAMPLES
from tangyin.corpus import DEV, load_corpus
from tangyin.files import make_folder, write_whole
from tangyin.studies.recipes import few
from tangyin.verse import title_characters

ASCII = {"五絕": "wujue", "七絕": "qijue", "五律": "wulv", "七律": "qilv"}
COUNT, SEED, LONGEST = 50, 1, 8

TUNES = (
    "浣溪沙", "菩薩蠻", "如夢令", "西江月", "鷓鴣天", "蝶戀花", "虞美人", "卜算子", "臨江仙",
    "滿江紅", "水調歌頭", "念奴嬌",
)  # fmt: skip

NOTE = "They are uncurated; `python scripts/write_samples.py` makes this page."


def page(heading: str, text: str, commands: list[str]) -> str:
    """A page of commands and what they print."""
    # long: these take minutes, and no test runs them again
    blocks = "\n".join(f"<!-- long -->\n```console\n$ {command}\n```\n" for command in commands)
    return refreshed(f"# {heading}\n\n{text} {NOTE}\n\n{blocks}", long=True)


def titles() -> list[tuple[str, str]]:
    """Form and title of some dev poems."""
    corpus = load_corpus().select(parts=[DEV], dynasties=["tang"])
    found = [
        (form, title)
        for form, title in zip(corpus.form, map(title_characters, corpus.title), strict=True)
        if 0 < len(title) <= LONGEST
    ]
    return few(found, COUNT)


def sheets() -> dict[str, tuple[str, str, list[str]]]:
    """Heading, text and commands of each sheet."""
    given = "without a given title or opening"
    how = f"{COUNT} regulated poems by the default model, seed {SEED}, {given}."

    def many(heading: str, *forms: str) -> tuple[str, str, list[str]]:
        words = f"--count {COUNT} --seed {SEED}"
        return heading, how, [f"tangyin write --form {form} {words}" for form in forms]

    return {
        **{name: many(f"{COUNT} {form}", form) for form, name in ASCII.items()},
        "ci": many(f"{COUNT} 詞 to each of twelve tunes", *TUNES),
        "pailu": many(f"{COUNT} 排律 of twelve lines", "五言排律"),
        "titles": (
            f"{COUNT} poems on titles",
            "Poems by the default model on titles of unseen Tang poems (dev), in the form of the "
            f"real poem, seed {SEED}.",
            [f"tangyin write --form {form} --title {t} --seed {SEED}" for form, t in titles()],
        ),
    }


if __name__ == "__main__":
    make_folder(SAMPLES)
    for name, sheet in sheets().items():
        if name in (sys.argv[1:] or (name,)):
            write_whole(SAMPLES / f"{name}.md", page(*sheet))
