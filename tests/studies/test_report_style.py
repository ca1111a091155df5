"""Plots: visible colours, letters defined once, a font that is small, free and complete."""

import re
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from tangyin.studies import style
from tangyin.studies.style import LOOKS, compact, optimizer_look, svg_of
from tangyin.verse import FORMS

SOURCES = Path(style.__file__).parent


def test_curves_are_distinguished_without_colour() -> None:
    for key in ("linestyle", "marker"):
        assert len({str(look[key]) for look in LOOKS}) == len(LOOKS)


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
    axes.grid(visible=True)
    axes.legend()
    return figure


def test_an_svg_keeps_its_places_to_a_hundredth_of_a_point() -> None:
    svg = svg_of(drawing, "two")
    assert re.findall(r"-?\d+\.\d{3,}", re.sub(r"scale\([^)]*\)", "", svg)) == []
    path = '<g id="a"><path d="M 1.23456 -0.00012 \nL 2.5 3 "/></g>'
    assert compact(path) == '<g><path d="M 1.23 -0 L 2.5 3"/></g>'


def test_the_font_is_small_and_its_licence_lies_beside_it() -> None:
    assert style.FONT.stat().st_size <= 300 * 1024
    licence = style.FONT.with_name("OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    names = TTFont(style.FONT)["name"]
    notice = (SOURCES.parents[2] / "NOTICE").read_text(encoding="utf-8")
    for line in (names.getDebugName(0), names.getDebugName(7)):
        assert line in licence
        assert line in notice


def test_the_font_has_the_names_of_the_forms() -> None:
    known = set(map(chr, FT2Font(style.FONT).get_charmap()))
    assert set("".join(map(str, FORMS))) <= known


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
