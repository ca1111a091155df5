"""What the page asks for that depends on the package alone: `tangyin site` stores the answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from tangyin import errors
from tangyin.data.files import data_text
from tangyin.verse import known_forms, open_forms, to_simplified
from tangyin.verse.tune import LINE, PAUSE, Variant
from tangyin.verse.tune import tunes as all_tunes
from tangyin.web.bodies import Described, served_options

CJK = range(0x3400, 0xA000)

TAIWAN = re.findall(
    r"\w+",
    "伺服器 檔案 文字檔 資料夾 匯出 匯入 列印 復原 搜尋 機率 取樣 程式 介面 連結 貼上 預設 "
    "電腦 字元 字串 位元組 物件 套件 裝置 軟體",
)
"""Words that mainland China has others for, in `simplified` too."""

MARKS = {PAUSE: "、", LINE: "，"}


@dataclass(frozen=True)
class Shape:
    """A form of verse, with a chosen number of lines where `most_lines` is not 0."""

    name: str
    lines: int
    characters: int
    fewest_lines: int
    most_lines: int
    kind: str
    regulated: bool


def options() -> list[Described]:
    """The options of `/api/write`, with labels and help in both languages."""
    return [
        Described(**{**vars(option), "kind": option.kind.__name__})
        for option in served_options().values()
    ]


def forms() -> list[Shape]:
    """The forms of equal lines: lines, and characters per line."""
    return [
        Shape(**{field.name: getattr(form, field.name) for field in fields(Shape)})
        for form in (*known_forms(), *open_forms())
    ]


@cache
def simplified() -> dict[str, Any]:
    """How the page simplifies characters: as OpenCC does, without asking again.

    `characters` has each traditional one with its simplified one behind it, `phrases` those in
    which a character is another than alone, and `words` what the interface says otherwise.
    """
    both = to_simplified("\n".join(map(chr, CJK))).split("\n")
    alone = {chr(point): simple for point, simple in zip(CJK, both, strict=True)}
    phrases = {
        phrase: simple
        for phrase in data_text("simplified_phrases.txt").split()
        if (simple := to_simplified(phrase)) != "".join(alone.get(c, c) for c in phrase)
    }
    return {
        "characters": "".join(c + simple for c, simple in alone.items() if c != simple),
        "phrases": phrases,
        "words": {word: errors.simplified(word) for word in TAIWAN},
    }


@cache
def tunes() -> list[dict[str, Any]]:
    """All tunes, those of most Song 詞 first: `names`, `songs`, the `usual` variant, `variants`.

    A variant is `[number, shape]`, the shape being the characters and the mark of each line, and /
    between stanzas: 7。7。7。/7，7。7。 A line that rhymes has 。.
    """
    found = [
        {
            "names": list(tune.variants[0].names),
            "songs": tune.variants[0].songs,
            "usual": next(variant.number for variant in tune.variants if variant.usual),
            "variants": [[variant.number, _shape(variant)] for variant in tune.variants],
        }
        for tune in all_tunes()
    ]
    return sorted(found, key=lambda tune: -int(tune["songs"]))


def _shape(variant: Variant) -> str:
    return "".join(
        f"{'/' * line.opens}{len(line.tones)}{MARKS.get(line.end, '。')}" for line in variant.lines
    )


FIXED: dict[str, Callable[[], Any]] = {
    "api/options": options,
    "api/forms": forms,
    "static/simplified.json": simplified,
    "static/tunes.json": tunes,
}
"""The answers by address."""
