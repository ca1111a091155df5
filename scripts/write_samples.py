"""Write the sheets of docs/samples: 50 uncurated poems of each form, and 50 on titles of dev poems.

    python scripts/write_samples.py

Each sheet holds the commands that made it with their whole output, as `scripts/refresh_pages.py`
fills them in. The titles are those of dev poems, evenly spread over all that have one of at most
eight characters; a poem is written in the form of the real one.
"""

from pathlib import Path

from refresh_pages import refreshed
from tangyin.corpus import DEV, load_corpus
from tangyin.files import make_folder, write_whole
from tangyin.studies.recipes import few
from tangyin.verse import FORMS, title_characters

FOLDER = Path(__file__).parents[1] / "docs/samples"
ASCII = {"五絕": "wujue", "七絕": "qijue", "五律": "wulv", "七律": "qilv"}
COUNT, SEED, LONGEST = 50, 1, 8

NOTE = "Nothing was chosen and nothing left out; `python scripts/write_samples.py` makes this page."


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


def main() -> None:
    """Write all sheets."""
    make_folder(FOLDER)
    for form in FORMS:
        text = page(
            f"{COUNT} {form.name}",
            f"The default model, regulated, {COUNT} poems of seed {SEED} on nothing given.",
            [f"tangyin write --form {form.name} --count {COUNT} --seed {SEED}"],
        )
        write_whole(FOLDER / f"{ASCII[form.name]}.md", text)
    commands = [
        f"tangyin write --form {form} --title {title} --seed {SEED}" for form, title in titles()
    ]
    text = page(
        f"{COUNT} poems on titles",
        "Titles of unseen Tang poems (the dev part), and what the default model writes on them in "
        f"the real poem's form, seed {SEED}.",
        commands,
    )
    write_whole(FOLDER / "titles.md", text)


if __name__ == "__main__":
    main()
