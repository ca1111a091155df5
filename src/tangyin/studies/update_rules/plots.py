"""The figures of the part on update rules: paths over two surfaces."""

import re
from typing import Any

import numpy as np

from tangyin.studies.style import GREY, INK, optimizer_look, panels
from tangyin.studies.update_rules.run import SURFACES

FRAMES, SECONDS = 60, 8
FLOOR = 1e-4
"""The smallest distance that is drawn."""


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The surfaces' formulas, and which optimizers arrive, in the order in which they do."""
    arrived = {
        surface: {name: path["arrived"] for name, path in found.items() if path["arrived"]}
        for surface, found in results["paths"].items()
    }
    return {
        "formulas": {surface.name: surface.formula for surface in SURFACES},
        "floor": FLOOR,
        "symbols": {"lr": "η", "momentum": "μ", "alpha": "α"},
        "arrivals": {
            surface: sorted(steps, key=lambda n: steps[n]) for surface, steps in arrived.items()
        },
    }


def update_rules(results: dict[str, Any]) -> Any:
    """The paths, with dots that run along them."""
    figure, both = panels(2, height=3.9)
    for axes, surface in zip(both, SURFACES, strict=True):
        left, right, bottom, top = surface.window
        x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
        axes.contour(x, y, surface.value(x, y), levels=14, colors="#999999", linewidths=0.5)
        for name, path in results["paths"][surface.name].items():
            axes.plot(*zip(*path["points"], strict=True), **optimizer_look(name), alpha=0.9)
        axes.plot(*surface.start, "o", color=INK, markersize=6, fillstyle="none")
        for place in surface.minima:
            axes.plot(*place, "x", color=INK, markersize=7)
        axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y", title=surface.name)
        axes.grid(visible=False)
    figure.legend(*both[0].get_legend_handles_labels(), ncols=5, loc="outside lower center")
    return figure, lambda svg: _animated(svg, _pixels(figure, results))


def update_rules_distance(results: dict[str, Any]) -> Any:
    """Distance from the nearest minimum against steps."""
    figure, both = panels(2, height=3.2, sharey=False)
    for axes, (surface, found) in zip(both, results["paths"].items(), strict=True):
        for name, path in found.items():
            axes.plot([max(value, FLOOR) for value in path["distances"]], **optimizer_look(name))
        axes.axhline(results["settings"]["near"], color=GREY, linewidth=0.8)
        axes.set(yscale="log", xlabel="steps", ylabel="distance", title=surface)
    figure.legend(*both[0].get_legend_handles_labels(), ncols=5, loc="outside lower center")
    return figure


def _animated(svg: str, paths: dict[str, list[tuple[float, float]]]) -> str:
    """Add a dot that runs along each path; it rests in print and where motion is unwanted."""
    rules, dots = [], []
    for number, (name, points) in enumerate(paths.items()):
        frames = [points[round(n * (len(points) - 1) / (FRAMES - 1))] for n in range(FRAMES)]
        moves = [f"transform:translate({x:.1f}px,{y:.1f}px)" for x, y in frames]
        # For the last tenth of the time all dots rest at the end.
        steps = "".join(f"{90 * n / (FRAMES - 1):.1f}%{{{move}}}" for n, move in enumerate(moves))
        rules.append(
            f"@keyframes run-{number}{{{steps}100%{{{moves[-1]}}}}}"
            f".run-{number}{{{moves[-1]};animation:run-{number} {SECONDS}s linear infinite}}"
        )
        colour = optimizer_look(name.partition(",")[0])["color"]
        dots.append(
            f'<circle class="run-{number}" r="4" fill="{colour}" stroke="#ffffff"><title>'
            f"{name}</title></circle>"
        )
    rules.append("@media print,(prefers-reduced-motion:reduce){[class^=run-]{animation:none}}")
    moving = f"<style>{''.join(rules)}</style>{''.join(dots)}"
    return re.sub(r"</svg>\s*$", f"{moving}</svg>", svg)


def _pixels(figure: Any, results: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """The points of each path in the drawn figure, in the SVG's units."""
    figure.set_dpi(72)  # SVG's units are points
    figure.draw_without_rendering()
    height = figure.bbox.height
    found = {}
    for axes, surface in zip(figure.axes, SURFACES, strict=True):
        left, right, bottom, top = surface.window
        for name, path in results["paths"][surface.name].items():
            inside = np.clip(path["points"], (left, bottom), (right, top))
            pixels = axes.transData.transform(inside)
            found[f"{name}, {surface.name}"] = [(float(x), float(height - y)) for x, y in pixels]
    return found
