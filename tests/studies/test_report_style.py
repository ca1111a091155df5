"""Plots: visible colours, letters defined once, a font that is small, free and complete."""

import re
import warnings
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from tangyin.studies import style
from tangyin.studies.style import LOOKS, PALETTE, compact, inline_svg, optimizer_look, svg_of
from tangyin.verse import FORMS, is_hanzi

SOURCES = Path(style.__file__).parent
LIGHT, DARK, WHITE = "#fdfcf9", "#17181a", "#ffffff"
"""The page's background, its dark background, and paper."""


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", PALETTE)
def test_every_colour_can_be_seen_on_light_and_on_dark_paper(colour: str) -> None:
    for ink, paper in ((colour, LIGHT), (colour, WHITE), (PALETTE[colour][1], DARK)):
        low, high = sorted((brightness(ink), brightness(paper)))
        assert (high + 0.05) / (low + 0.05) >= 3


def test_curves_are_distinguished_without_colour() -> None:
    for key in ("linestyle", "marker"):
        assert len({str(look[key]) for look in LOOKS}) == len(LOOKS)
    assert {look["color"] for look in LOOKS} <= {*PALETTE, style.INK}


def test_an_optimizer_looks_the_same_in_all_plots() -> None:
    assert optimizer_look("Adam at 0.01")["color"] == optimizer_look("Adam")["color"]
    assert optimizer_look("Adam at 0.001")["color"] != optimizer_look("Adam")["color"]
    apart = {name: n for name, n in style.OPTIMIZERS.items() if name != "momentum"}
    assert len(set(apart.values())) == len(apart)


def drawing(text: str = "loss") -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([0, 1.23456789, 3], [1, 2, 4], color=LOOKS[1]["color"], label=text)
    axes.fill_between([0, 1], [0, 1], [1, 2], hatch="//")
    axes.set(xlabel=text, ylabel=text)
    axes.grid(visible=True, color=style.GRID)
    axes.legend()
    return figure


def test_an_svg_keeps_its_places_to_a_hundredth_of_a_point() -> None:
    svg = svg_of(drawing, "two")
    assert re.findall(r"-?\d+\.\d{3,}", re.sub(r"scale\([^)]*\)", "", svg)) == []
    assert compact(svg) == svg
    path = '<g id="a"><path d="M 1.23456 -0.00012 \nL 2.5 3 "/></g>'
    assert compact(path) == '<g><path d="M 1.23 -0 L 2.5 3"/></g>'


def test_all_figures_of_a_page_share_their_letters() -> None:
    drawn = {"a": svg_of(lambda: drawing("loss"), "a"), "b": svg_of(lambda: drawing("solos"), "b")}
    shared = style.glyphs(drawn.values())
    ids = re.findall(r'\bid="([^"]+)"', shared)
    letters = set(ids)
    for name, alone in drawn.items():
        svg = inline_svg(alone, name, "x")
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
        here = re.findall(r'\bid="([^"]+)"', svg)
        assert used <= letters | set(here)
        assert used & letters
        assert all(found.startswith(f"{name}-") for found in here)
        assert not [colour for colour in (style.INK, *PALETTE) if colour in svg]
        ids += here
    assert max(Counter(ids).values()) == 1


def test_the_font_is_small_and_its_licence_lies_beside_it() -> None:
    assert style.FONT.stat().st_size <= 300 * 1024
    licence = style.FONT.with_name("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    names = TTFont(style.FONT)["name"]
    notice = (SOURCES.parents[2] / "NOTICE").read_text(encoding="utf-8")
    for line in (names.getDebugName(0), names.getDebugName(7)):
        assert line in licence
        assert line in notice


def test_the_font_has_every_chinese_character_of_the_plots() -> None:
    known = set(map(chr, FT2Font(style.FONT).get_charmap()))
    texts = [path.read_text(encoding="utf-8") for path in SOURCES.glob("*/plots.py")]
    assert set(filter(is_hanzi, "".join((*texts, *map(str, FORMS))))) <= known


def test_chinese_is_drawn_and_a_hole_would_be_noticed() -> None:
    def draw(text: str) -> Figure:
        figure = Figure()
        figure.text(0.5, 0.5, text)
        return figure

    before = [mpl.rcParams[name] for name in ("svg.fonttype", "axes.linewidth")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = svg_of(lambda: draw("五律law七絕"), "forms")
    assert len(set(re.findall(r'<path id="([^"]+)"', drawn))) == 7  # 五 律 l a w 七 絕
    with pytest.warns(UserWarning, match="missing"):
        svg_of(lambda: draw("𪚥"), "a hole")
    # Plots of other programs keep their style.
    assert [mpl.rcParams[name] for name in ("svg.fonttype", "axes.linewidth")] == before
