"""Build the font of the report's plots: a part of Noto Sans CJK TC (SIL Open Font License 1.1).

    apt-get install fonts-noto-cjk && pip install fonttools
    python scripts/build_plot_font.py

It holds what plots may show: names of the forms and sampling rules, terms, and the characters that
are most frequent in the corpus. Letters and digits come from the font of Matplotlib.
"""

import re
import sys
from collections import Counter
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

from tangyin.corpus import load_corpus
from tangyin.files import write_whole
from tangyin.verse import MARKS, is_hanzi

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
LICENCE = Path("/usr/share/doc/fonts-noto-cjk/copyright")
TARGET = Path(__file__).parents[1] / "src/tangyin/studies/page/fonts/tangyin_plot_cjk.otf"
FAMILY = "Tangyin Plot CJK"
FACE = "Noto Sans CJK TC"
NOTICE = """Noto Sans CJK 2.004, © 2014-2021 Adobe (http://www.adobe.com/).
Noto is a trademark of Google Inc.
This Font Software is licensed under the SIL Open Font License, Version 1.1."""
"""What the font itself says; Debian's copyright file has the line of an older font."""
FREQUENT = 900
MOST = 300 * 1024
ALWAYS = (
    "五七言絕律詩句字格韻平仄困惑度語料訓練驗證不知何時一相送日紅山夜湖海月全唐宋人首卷" + MARKS
)


def characters() -> str:
    """The characters of the font."""
    counts = Counter[str]()
    for text in load_corpus().select(dynasties=["tang"]).text:
        counts.update(filter(is_hanzi, text))
    frequent = [character for character, _ in counts.most_common(FREQUENT)]
    return "".join(sorted({*ALWAYS, *frequent}))


def face() -> int:
    """The index of our face in the collection."""
    for number, font in enumerate(TTCollection(SOURCE, lazy=True)):
        if font["name"].getDebugName(1) == FACE:
            return number
    raise SystemExit(f"{SOURCE} holds no {FACE}")


def renamed(font: TTFont) -> None:
    """Rename the subset, so that it is not mistaken for the whole font."""
    for record in font["name"].names:
        if record.nameID in (1, 16):
            record.string = FAMILY
        elif record.nameID in (3, 4):
            record.string = f"{FAMILY} Regular"
        elif record.nameID == 6:
            record.string = "TangyinPlotCJK-Regular"


def licence() -> str:
    """The text of the licence from Debian's copyright file, below the copyright notice."""
    text = LICENCE.read_text(encoding="utf-8")
    found = re.search(r"^License: SIL-1\.1\n( -.*?)^(?=License: )", text, re.M | re.S)
    if not found:
        raise SystemExit(f"{LICENCE} does not hold the licence where it used to")
    body = re.sub(r"^ \.?", "", found[1], flags=re.M).strip()
    return f"{FAMILY} is a part of {NOTICE}\n\n{body}\n"


def main() -> None:
    """Build the font and put the licence beside it."""
    options = subset.Options(
        font_number=face(), layout_features=[], hinting=False, desubroutinize=True,
        name_IDs=["*"], drop_tables=["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS"],
    )  # fmt: skip
    font = subset.load_font(str(SOURCE), options)
    part = subset.Subsetter(options)
    part.populate(text=characters())
    part.subset(font)
    renamed(font)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    font.save(TARGET)
    size = TARGET.stat().st_size
    if size > MOST:
        sys.exit(f"the font has {size:,} bytes; {MOST:,} are allowed: take fewer characters")
    write_whole(TARGET.with_name("OFL.txt"), licence())
    print(f"{TARGET}: {len(characters())} characters, {size:,} bytes")


if __name__ == "__main__":
    main()
