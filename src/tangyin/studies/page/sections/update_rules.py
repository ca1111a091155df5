"""The part on why RMSprop works: the rules, and their paths over two surfaces."""

import re
from typing import Any

from tangyin.studies.page.blocks import (
    Block,
    Claim,
    Figure,
    Finding,
    Formula,
    Heading,
    Limits,
    Table,
    Text,
)
from tangyin.studies.page.style import GREY, INK, optimizer_look, panels, styled
from tangyin.studies.page.words import conditions, listed
from tangyin.studies.surfaces import RAVINE, SADDLE, Surface, grid, lowest

FRAMES = 60
SECONDS = 8
FLOOR = 1e-4
"""The least distance that is drawn."""

RULES: dict[str, tuple[str, str]] = {
    "SGD": (
        r"\theta \leftarrow \theta - \eta\, g",
        "theta becomes theta minus eta times g",
    ),
    "momentum": (
        r"m \leftarrow \mu\, m + g, \quad \theta \leftarrow \theta - \eta\, m",
        "m becomes mu m plus g; theta becomes theta minus eta times m",
    ),
    "RMSprop": (
        r"v \leftarrow \alpha\, v + (1 - \alpha)\, g^2, \quad"
        r" \theta \leftarrow \theta - \eta\, \dfrac{g}{\sqrt{v} + \epsilon}",
        "v becomes alpha v plus one minus alpha times g squared; theta becomes theta minus eta "
        "times g over root v plus epsilon",
    ),
    "Adam": (
        r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad v \leftarrow \beta_2 v + (1 - "
        r"\beta_2)\,"
        r" g^2, \quad \theta \leftarrow \theta - \eta\, \dfrac{m / (1 - \beta_1^t)}"
        r"{\sqrt{v / (1 - \beta_2^t)} + \epsilon}",
        "m and v become running means of g and of g squared; theta becomes theta minus eta times m "
        "hat over root v hat plus epsilon",
    ),
    "Adadelta": (
        r"v \leftarrow \rho\, v + (1 - \rho)\, g^2, \quad \Delta = \dfrac{\sqrt{u + \epsilon}}"
        r"{\sqrt{v + \epsilon}}\, g, \quad u \leftarrow \rho\, u + (1 - \rho)\, \Delta^2, \quad"
        r" \theta \leftarrow \theta - \eta\, \Delta",
        "v becomes a running mean of g squared; delta is root u over root v times g; u becomes a "
        "running mean of delta squared; theta becomes theta minus eta times delta",
    ),
}
SYMBOLS = {"lr": "η", "momentum": "μ", "alpha": "α"}
WORDS = {
    "SGD": "**SGD** goes against the gradient g, at one rate η for all directions.",
    "momentum": "**Momentum** gathers the gradients: what points to and fro cancels, what points "
    "one way adds up.",
    "RMSprop": "**RMSprop** divides each coordinate by the root of a running mean of its squared "
    "gradient.",
    "Adam": "**Adam** does both, and takes out that its means begin at 0.",
    "Adadelta": "**Adadelta** also multiplies by the root of a running mean of its squared steps, "
    "so that the step has the unit of θ.",
}


def section(results: dict[str, Any]) -> list[Block]:
    """The rules, what they do on a ravine and on a saddle, and the paths."""
    settings, paths = results["settings"], results["paths"]
    arrived = {
        surface: {name: path["arrived"] for name, path in found.items()}
        for surface, found in paths.items()
    }
    steps, near = settings["steps"], settings["near"]
    rms = {surface: _when(found["RMSprop"], steps) for surface, found in arrived.items()}
    sgd = {surface: _when(found["SGD"], steps) for surface, found in arrived.items()}
    how = "Nothing is random. " + conditions(settings, "update-rules")
    last = {s: {n: p["distances"][-1] for n, p in found.items()} for s, found in paths.items()}
    blocks: list[Block] = [
        Claim(
            "",
            "RMSprop divides each coordinate by the size of its own gradients. It comes to the "
            f"bottom of the ravine {rms['ravine']}, SGD {sgd['ravine']}; from the saddle to a "
            f"lowest point {rms['saddle']}, SGD {sgd['saddle']}.",
            f"ravine: step {arrived['ravine']['RMSprop'] or '–'}, "
            f"SGD {arrived['ravine']['SGD'] or '–'}",
        ),
        Finding(
            f"Within {steps} steps the bottom of the ravine is reached by "
            f"{_who(arrived['ravine'])}, and from the saddle a lowest point by "
            f"{_who(arrived['saddle'])}; in brackets the step of arrival. SGD comes to the first "
            f"{sgd['ravine']}, to the second {sgd['saddle']}."
        ),
        Heading("The rules"),
    ]
    for name, (tex, text) in RULES.items():
        blocks += [
            Text(WORDS[name]),
            Formula(tex, text),
        ]
    blocks += [
        Heading("A ravine and a saddle"),
        Text(
            "In a ravine the walls are steep and the floor is nearly flat. The walls bound the "
            "rate of SGD, and at that rate it creeps along the floor. A saddle that is as steep "
            "across bounds it likewise, and the gradient that leads away begins near nothing. "
            "RMSprop's step is about η in *every* coordinate, whatever the size of its gradient: "
            "the ratio between the coordinates, which makes ravines and saddles slow, is divided "
            "out. Rows of the embedding have such a ratio: a rare character's gradients are small "
            "and seldom, a common one's large. The price is that RMSprop does not come to rest: "
            "near the bottom its steps stay about as large as its rate, unless the rate falls."
        ),
        Formula(RAVINE.formula, "the ravine: half of x squared plus two hundred y squared"),
        Formula(
            SADDLE.formula,
            "the saddle: a hundred x squared minus y squared plus y to the fourth over 8",
        ),
        Figure(
            "update-rules",
            "Paths over the ravine (left) and the saddle (right), from the open circle; crosses "
            "mark the lowest points, grey lines are lines of equal height. On the screen the dots "
            f"run the steps; in print the paths stand still. {steps} steps of the optimizers of "
            f"`tangyin.lstm`, rates in the table. {how}",
            "Five paths from the same place on each surface. Distance from a lowest point at the "
            "end, in the ravine: "
            + listed(f"{name} {value:.2g}" for name, value in last["ravine"].items())
            + "; from the saddle: "
            + listed(f"{name} {value:.2g}" for name, value in last["saddle"].items())
            + ".",
            lambda: _draw_paths(results),
            lambda svg: _animated(svg, results),
        ),
        Figure(
            "update-rules-distance",
            f"The same paths as the distance from the nearest lowest point, in units of x and y, "
            f"against steps; the thin line is {near:g}, and less than {FLOOR:g} is drawn there. "
            f"{how}",
            "Curves of distance against steps on both surfaces; who arrives, and when, is in the "
            "table.",
            lambda: _draw_distance(results),
        ),
        Table(
            f"The step from which on it stays within {near:g} of a lowest point; – where it does "
            f"not within {steps} steps. Settings that are not named are PyTorch's. {how}",
            ("optimizer", "setting", "ravine", "saddle"),
            [
                (
                    name,
                    _setting(settings["options"][name]),
                    *(str(arrived[s][name] or "–") for s in ("ravine", "saddle")),
                )
                for name in RULES
            ],
            words=(0, 1),
        ),
        Limits(
            "The two surfaces were chosen for illustration, their axes along the coordinates, "
            "which is the case that dividing coordinate by coordinate mends: turn the ravine by "
            "45 degrees, and both coordinates have gradients of one size, so that there is nothing "
            "to divide out. Each rate was chosen by hand near the largest that stays calm, and the "
            "order of arrival follows those rates. Nothing here is random, where gradients of "
            "batches are. Whether the network's own surface is such a ravine these paths do not "
            "say; what the rules do to the network is the part on optimizers."
        ),
    ]  # fmt: skip
    return blocks


def _setting(options: dict[str, float]) -> str:
    return ", ".join(f"{SYMBOLS[option]} = {value:g}" for option, value in options.items())


def _when(step: int | None, steps: int) -> str:
    return f"by step {step}" if step is not None else f"not within {steps} steps"


def _who(arrived: dict[str, int | None]) -> str:
    there = {name: step for name, step in arrived.items() if step is not None}
    if not there:
        return "none of them"
    return listed(f"{name} ({there[name]})" for name in sorted(there, key=lambda n: there[n]))


def _draw_paths(results: dict[str, Any]) -> Any:
    figure, both = panels(2, height=3.9)
    for axes, surface in zip(both, (RAVINE, SADDLE), strict=True):
        _draw_surface(axes, surface, results["paths"][surface.name])
    handles, labels = both[0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=5, loc="outside lower center")
    return figure


def _draw_surface(axes: Any, surface: Surface, paths: dict[str, Any]) -> None:
    x, y, f = grid(surface)
    axes.contour(x, y, f, levels=14, colors="#999999", linewidths=0.5)
    left, right, bottom, top = surface.window
    for name, path in paths.items():
        axes.plot(*zip(*path["points"], strict=True), **optimizer_look(name), alpha=0.9)
    axes.plot(*surface.start, "o", color=INK, markersize=6, fillstyle="none")
    for place in lowest(surface):
        axes.plot(*place, "x", color=INK, markersize=7)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y", title=surface.name)
    axes.grid(visible=False)


def _draw_distance(results: dict[str, Any]) -> Any:
    figure, both = panels(2, height=3.2, sharey=False)
    for axes, (surface, paths) in zip(both, results["paths"].items(), strict=True):
        for name, path in paths.items():
            axes.plot([max(value, FLOOR) for value in path["distances"]], **optimizer_look(name))
        axes.axhline(results["settings"]["near"], color=GREY, linewidth=0.8)
        axes.set(yscale="log", xlabel="steps", ylabel="distance", title=surface)
    handles, labels = both[0].get_legend_handles_labels()
    figure.legend(handles, labels, ncols=5, loc="outside lower center")
    return figure


def _animated(svg: str, results: dict[str, Any]) -> str:
    """Put a dot on every path, which runs along it, unless motion is not wanted or on paper."""
    places = styled(lambda: _pixels(results))
    rules, dots = [], []
    for number, (name, points) in enumerate(places.items()):
        frames = [points[round(n * (len(points) - 1) / (FRAMES - 1))] for n in range(FRAMES)]
        # The last tenth of the time all dots rest where they came to.
        steps = "".join(
            f"{90 * n / (FRAMES - 1):.1f}%{{transform:translate({x:.1f}px,{y:.1f}px)}}"
            for n, (x, y) in enumerate(frames)
        )
        x, y = frames[-1]
        rules.append(
            f"@keyframes run-{number}{{{steps}100%{{transform:translate({x:.1f}px,{y:.1f}px)}}}}"
            f".run-{number}{{transform:translate({x:.1f}px,{y:.1f}px);"
            f"animation:run-{number} {SECONDS}s linear infinite}}"
        )
        colour = optimizer_look(name.partition(",")[0])["color"]
        dots.append(
            f'<circle class="run-{number}" r="4" fill="{colour}" stroke="#ffffff"><title>'
            f"{name}</title></circle>"
        )
    rules.append("@media print,(prefers-reduced-motion:reduce){[class^=run-]{animation:none}}")
    moving = f"<style>{''.join(rules)}</style>{''.join(dots)}"
    return re.sub(r"</svg>\s*$", f"{moving}</svg>", svg)


def _pixels(results: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """Where the points of each path stand in the drawn figure, in the SVG's units."""
    figure = _draw_paths(results)
    figure.set_dpi(72)  # SVG's units are points
    figure.draw_without_rendering()
    height = figure.bbox.height
    found = {}
    for axes, surface in zip(figure.axes, (RAVINE, SADDLE), strict=True):
        left, right, bottom, top = surface.window
        for name, path in results["paths"][surface.name].items():
            inside = [
                (min(max(x, left), right), min(max(y, bottom), top)) for x, y in path["points"]
            ]
            pixels = axes.transData.transform(inside)
            found[f"{name}, {surface.name}"] = [(float(x), float(height - y)) for x, y in pixels]
    return found
