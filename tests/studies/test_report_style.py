"""Plots: colours that can be seen, letters that are there once, nothing drawn over something."""

import re
from itertools import pairwise

import pytest
from matplotlib.figure import Figure

from tangyin.studies.style import (
    GRID,
    INK,
    LOOKS,
    OPTIMIZERS,
    PALETTE,
    compact,
    glyphs,
    inline_svg,
    optimizer_look,
    svg_of,
)

LIGHT, DARK = "#fdfcf9", "#17181a"
"""The page's paper, and its paper in the dark."""


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((brightness(one), brightness(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", PALETTE)
def test_every_colour_can_be_seen_on_light_and_on_dark_paper(colour: str) -> None:
    assert contrast(colour, LIGHT) >= 3
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(PALETTE[colour][1], DARK) >= 3


def test_curves_are_told_apart_without_colour() -> None:
    looks = [(str(look["linestyle"]), look["marker"]) for look in LOOKS]
    assert len({line for line, _ in looks}) == len({mark for _, mark in looks}) == len(LOOKS)
    assert {look["color"] for look in LOOKS} <= {*PALETTE, INK}


def test_an_optimizer_looks_the_same_in_all_plots() -> None:
    assert optimizer_look("Adam at 0.01")["color"] == optimizer_look("Adam")["color"]
    assert optimizer_look("Adam at 0.001")["color"] != optimizer_look("Adam")["color"]
    apart = {name: n for name, n in OPTIMIZERS.items() if name != "momentum"}
    assert len(set(apart.values())) == len(apart)


def drawing(text: str = "loss") -> Figure:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.plot([0, 1.23456789, 3], [1, 2, 4], color=LOOKS[1]["color"], label=text)
    axes.fill_between([0, 1], [0, 1], [1, 2], hatch="//")
    axes.set(xlabel=text, ylabel=text)
    axes.grid(visible=True, color=GRID)
    axes.legend()
    return figure


def test_an_svg_keeps_its_places_to_a_hundredth_of_a_point() -> None:
    svg = svg_of(drawing, "two")
    exact = re.findall(r"-?\d+\.\d{3,}", re.sub(r"scale\([^)]*\)", "", svg))
    assert exact == []
    assert compact(svg) == svg
    path = '<g id="a"><path d="M 1.23456 -0.00012 \nL 2.5 3 "/></g>'
    assert compact(path) == '<g><path d="M 1.23 -0 L 2.5 3"/></g>'


def test_all_figures_of_a_page_share_their_letters() -> None:
    drawn = [svg_of(lambda: drawing("loss"), "a"), svg_of(lambda: drawing("solos"), "b")]
    shared = glyphs(drawn)
    letters = set(re.findall(r'<path id="([^"]+)"', shared))
    both = [inline_svg(svg, name, "x") for svg, name in zip(drawn, "ab", strict=True)]
    for svg, name in zip(both, "ab", strict=True):
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
        here = set(re.findall(r'\bid="([^"]+)"', svg))
        assert used <= letters | here
        assert used & letters
        assert all(found.startswith(f"{name}-") for found in here)
        assert INK not in svg
        assert all(colour not in svg for colour in PALETTE)
    # No letter is defined twice.
    every = re.findall(r'\bid="([^"]+)"', shared + "".join(both))
    assert all(one != other for one, other in pairwise(sorted(every)))
