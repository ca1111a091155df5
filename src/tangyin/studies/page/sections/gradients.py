"""The part on gradients."""

from typing import Any

from tangyin.studies.page.blocks import Block, Claim, Figure, Finding, Heading, Limits, Table, Text
from tangyin.studies.page.style import INK, look, panels
from tangyin.studies.page.words import conditions, listed, power, share

EXACT, NEAR = 1e-12, 1e-6
"""A gradient is right when its relative error is below these, against autograd and differences."""
LAGS = (1, 5, 10, 20, 30, 40, 48)


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figure and tables."""
    settings, flow = results["settings"], results["flow"]
    worst = {
        kind: {by: max(line[by] for line in results[kind]) for by in ("differences", "autograd")}
        for kind in ("jacobians", "parameters")
    }
    most = max(worst[kind]["autograd"] for kind in worst)
    rough = max(worst[kind]["differences"] for kind in worst)
    right = most < EXACT and rough < NEAR
    last = {_name(c): c["median"][-1] for c in flow["curves"]}
    lag = flow["lags"][-1]
    best = max(last, key=lambda name: last[name])
    least = min(last, key=lambda name: last[name])
    falling = [
        _name(c) for c in flow["curves"]
        if all(b < a for a, b in zip(c["median"], c["median"][1:], strict=False))
    ]  # fmt: skip
    lags = [value for value in LAGS if value <= lag]
    how = conditions({"quick": settings["quick"]}, "gradients")
    drawn = f"{settings['draws']} random draws" if settings["draws"] > 1 else "one random draw"
    checked = len(results["jacobians"]) + len(results["parameters"])
    return [
        Claim(
            "",
            f"**{'They are right' if right else 'Not all are right'}.** All {checked} gradients of "
            f"ours agree with autograd to {power(most)} and with central differences to "
            f"{power(rough)}. Over {lag} steps an untrained {best} passes on {_part(last[best])} "
            f"of a gradient, the {least} {_part(last[least])}.",
            power(most),
        ),
        Finding(
            f"Every one of {checked} gradients written out by hand agrees with autograd to "
            f"{power(most)} or better. Over {lag} steps the untrained {best} passes on "
            f"{_part(last[best])} of a gradient, and the {least} {_part(last[least])}."
        ),
        Heading("Are they right?"),
        Text(
            f"Each of the {len(results['jacobians'])} Jacobians of one step and each of the "
            f"{len(results['parameters'])} gradients by parameters, backward through time, is "
            "compared with central differences and with PyTorch's autograd in float64, over "
            f"{drawn}; the derivation, and where the report's slipped, are in "
            "`docs/derivation.md`, the whole table in `docs/studies/gradients.md`."
        ),
        Table(
            f"The largest relative error of any of them, over {drawn}: the norm of the difference "
            "over the norm of the reference. Central differences are of points "
            f"{power(settings['difference'], 0)} to either side, and only as exact as rounding "
            f"lets them be. {how}",
            ("", "how many", "against differences", "against autograd"),
            [
                (
                    words,
                    str(len(results[kind])),
                    power(worst[kind]["differences"]),
                    power(worst[kind]["autograd"]),
                )
                for kind, words in (
                    ("jacobians", "Jacobians of a step"),
                    ("parameters", "gradients by parameters"),
                )
            ],
        ),
        Heading("How far back do they reach?"),
        Figure(
            "gradients",
            "How far back a gradient reaches: the largest singular value of ∂h_T/∂h_t (c_t held "
            f"fixed) against T − t, in untrained networks of {settings['hidden_size']} units. "
            f"Lines are medians over {settings['seeds']} seeds (0–{settings['seeds'] - 1}), bands "
            f"go from the lowest to the highest. {how}",
            f"After {lag} steps, from the highest: "
            + listed(f"{name} {power(last[name])}" for name in sorted(last, key=lambda n: -last[n]))
            + (". All curves fall at every step." if len(falling) == len(last) else "."),
            lambda: _draw(flow),
        ),
        Table(
            f"The medians of the plot. {how}",
            ("T − t", *map(str, lags)),
            [
                (
                    _name(curve),
                    *(power(curve["median"][flow["lags"].index(value)]) for value in lags),
                )
                for curve in flow["curves"]
            ],
        ),
        Limits(
            "That a gradient is computed rightly says nothing about how well it trains. The reach "
            "is that of networks before training, with weights uniform in ±1/√H and random "
            "inputs; training changes it. Measured is what a change of h_t with c_t held fixed "
            "does to h_T, by all paths after it, those along the cells too; what a change of c_t "
            "itself would do is not. The largest singular value is that of the best of all "
            "directions; most others fade sooner."
        ),
    ]


def _part(value: float) -> str:
    """A share that may be very small."""
    return share(value) if value >= 0.001 else power(value)


def _name(curve: dict[str, Any]) -> str:
    bias = curve["forget_bias"]
    if bias is None:
        return str(curve["network"])
    return f"{curve['network']} with forget bias {bias:g}".replace("-", "−")


def _draw(flow: dict[str, Any]) -> Any:
    figure, axes = panels(height=4.0)
    for number, curve in enumerate(flow["curves"]):
        style = look(number, label=_name(curve))
        if curve["forget_bias"] is None:
            style["color"] = INK
        axes.fill_between(
            flow["lags"], curve["lowest"], curve["highest"], color=style["color"], alpha=0.18,
            linewidth=0,
        )  # fmt: skip
        axes.plot(flow["lags"], curve["median"], **style)
    axes.set(
        yscale="log",
        xlim=(0, flow["lags"][-1]),
        xlabel="$T - t$, in steps",
        ylabel=r"largest singular value of $\partial h_T / \partial h_t$",
    )
    axes.legend(loc="lower left")
    return figure
