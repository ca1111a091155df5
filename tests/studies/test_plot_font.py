"""The font of the plots: small, free, and without holes."""

import re
import warnings
from pathlib import Path

import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from tangyin.studies import style
from tangyin.verse import FORMS, is_hanzi

SOURCES = Path(style.__file__).parent


def test_the_font_is_small_and_its_licence_lies_beside_it() -> None:
    assert style.FONT.stat().st_size <= 300 * 1024
    licence = style.FONT.with_name("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Noto Sans CJK" in licence
    notice = (SOURCES.parents[2] / "NOTICE").read_text(encoding="utf-8")
    assert "Noto Sans CJK (SIL Open Font License 1.1)" in notice


def test_the_font_has_every_chinese_character_of_the_plots() -> None:
    known = FT2Font(style.FONT).get_charmap()
    texts = [path.read_text(encoding="utf-8") for path in SOURCES.glob("*/plots.py")]
    wanted = set(filter(is_hanzi, "".join(texts))) | set("".join(map(str, FORMS)))
    assert [character for character in sorted(wanted) if ord(character) not in known] == []


def test_chinese_is_drawn_and_a_hole_would_be_noticed() -> None:
    def draw(text: str) -> Figure:
        figure = Figure()
        figure.text(0.5, 0.5, text)
        return figure

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = style.svg_of(lambda: draw("五律law七絕"), "forms")
    assert len(set(re.findall(r'<path id="([^"]+)"', drawn))) == 7  # 五 律 l a w 七 絕
    with pytest.warns(UserWarning, match="missing"):
        style.svg_of(lambda: draw("𪚥"), "a hole")


def test_plots_of_other_programs_keep_their_style() -> None:
    import matplotlib as mpl

    before = mpl.rcParams["svg.fonttype"], mpl.rcParams["axes.linewidth"]
    style.styled(lambda: None)
    assert (mpl.rcParams["svg.fonttype"], mpl.rcParams["axes.linewidth"]) == before
    assert "Tangyin Plot CJK" in {font.name for font in font_manager.fontManager.ttflist}
