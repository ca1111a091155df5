"""Build `data/titles.txt`: the titles that are drawn for poems of which none is given.

    python scripts/build_titles.py

They are titles of 2 to 5 characters that at least two Tang poets gave to poems of the training
part, so they name a situation and no person. Left out are titles that need an addressee or another
poem (送, 和, …), that name forms of songs (行, 詞, …), or that say nothing (無題, 偶作, …).
"""

import re
from collections import defaultdict
from pathlib import Path

from tangyin.corpus import TRAIN, load_corpus
from tangyin.files import write_whole
from tangyin.verse import title_characters

TARGET = Path(__file__).parents[1] / "src/tangyin/data/titles.txt"
ADDRESSED = "送寄贈酬和韻別呈餞哭挽輓奉荅答上人君投求友賀獻效擬試"
SONGS = "句詠雜歌曲行詞謠弄怨樂府引篇吟操其闕首又重"
EMPTY = {"古意", "失題", "無題", "偶題", "偶作", "即事", "口號", "即目", "樂府", "寓題", "雜興"}


def main() -> None:
    """Write the file."""
    tang = load_corpus().select(dynasties=["tang"], parts=[TRAIN])
    poets = defaultdict(set)
    for title, author in zip(tang.title, tang.author, strict=True):
        if 2 <= len(title) <= 5 and title == title_characters(title):
            poets[title].add(author)
    unwanted = re.compile(f"[{ADDRESSED}{SONGS}]")
    titles = sorted(
        title
        for title, own in poets.items()
        if len(own) > 1 and title not in EMPTY and not unwanted.search(title)
    )
    write_whole(TARGET, "\n".join(titles) + "\n")
    print(f"{len(titles)} titles")


if __name__ == "__main__":
    main()
