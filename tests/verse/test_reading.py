import random

import pytest

from tangyin.corpus import Corpus
from tangyin.verse import read_poem, split_poems

JUE = "空山不見人，但聞人語響。返景入深林，復照青苔上。"
QI = "朝辭白帝彩雲間，千里江陵一日還。兩岸猿聲啼不住，輕舟已過萬重山。"
LV = (
    "空山新雨後，天氣晚來秋。明月松間照，清泉石上流。"
    "竹喧歸浣女，蓮動下漁舟。隨意春芳歇，王孫自可留。"
)


def bare(text: str) -> str:
    return "".join(c for c in text if c not in "，。")


def couplets(text: str) -> str:
    return "\n".join(part + "。" for part in text.split("。") if part)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "poems"),
    [
        ("", 0),
        ("\n \n\n", 0),
        (JUE, 1),
        (f"{JUE}\n{LV}\n{QI}\n", 3),
        (f"{JUE}\n\n\n{LV}", 2),
        (f"{couplets(JUE)}\n\n{couplets(LV)}\n", 2),
        (f"{bare(JUE)}\n{bare(LV)}\n{bare(QI)}", 3),
        (f"{bare(JUE)}\n\n{bare(LV)}", 2),
        ("\n".join(JUE.replace("，", "，\n").split("\n")), 1),
        (f"\ufeff{JUE}\n{JUE[:-1]}", 2),
        (f"{couplets(LV)}\n \n{JUE}\n{QI}", 3),
        ("鹿柴\n" + JUE, 1),
    ],
)
def test_poems_stand_one_a_line_or_between_blank_lines(text: str, poems: int, end: str) -> None:
    assert len(split_poems(text.replace("\n", end))) == poems


@pytest.mark.corpus
@pytest.mark.parametrize("layout", ["a line", "blank lines", "couplets"])
def test_a_file_of_poems_is_cut_into_them(corpus: Corpus, layout: str) -> None:
    texts = random.Random(3).sample(corpus.text, 300)
    if layout == "a line":
        content = "\n".join(texts)
    elif layout == "blank lines":
        content = "\n\n".join(texts)
    else:
        broken = ("\n".join(_couplets(text)) for text in texts)
        content = "\n\n".join(broken)
    assert [read_poem(text)[0].text for text in split_poems(content)] == texts


def _couplets(text: str) -> list[str]:
    poem, _ = read_poem(text)
    lines = [line + mark for line, mark in zip(poem.lines, poem.marks, strict=True)]
    return ["".join(lines[place : place + 2]) for place in range(0, len(lines), 2)]
