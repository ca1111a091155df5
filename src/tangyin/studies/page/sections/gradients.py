"""The part on gradients."""

from typing import Any

from tangyin.studies.page.blocks import Block, Figure, Finding, Table, Text
from tangyin.studies.page.style import INK, look, panels
from tangyin.studies.page.words import conditions

LAGS = (1, 5, 10, 20, 30, 40, 48)


def section(results: dict[str, Any]) -> list[Block]:
    """Text, figure and tables."""
    settings, flow = results["settings"], results["flow"]
    worst = {
        kind: {by: max(line[by] for line in results[kind]) for by in ("differences", "autograd")}
        for kind in ("jacobians", "parameters")
    }
    most = max(worst["jacobians"]["autograd"], worst["parameters"]["autograd"])
    last = {_name(c): c["median"][-1] for c in flow["curves"]}
    lag = flow["lags"][-1]
    best = max(last, key=lambda name: last[name])
    least = min(last, key=lambda name: last[name])
    lags = [value for value in LAGS if value <= lag]
    how = conditions({"quick": settings["quick"]}, "gradients")
    drawn = f"{settings['draws']} random draws"
    return [
        Finding(
            f"Every Jacobian written out by hand agrees with autograd to {most:.0e}. Over {lag} "
            f"steps the untrained {best} passes on {last[best]:.1g} of a gradient, and the {least} "
            f"only {last[least]:.1g}."
        ),
        Text(
            f"Each of the {len(results['jacobians'])} Jacobians of one step and each of the "
            f"{len(results['parameters'])} gradients by parameters, backward through time, is "
            "compared with central differences and with PyTorch's autograd in float64, over "
            f"{drawn}; the derivation and the whole table are in `docs/derivation.md` and "
            "`docs/studies/gradients.md`."
        ),
        Table(
            f"The largest error of any of them, over {drawn}. {how}",
            ("", "how many", "against differences", "against autograd"),
            [
                (
                    words,
                    str(len(results[kind])),
                    f"{worst[kind]['differences']:.1e}",
                    f"{worst[kind]['autograd']:.1e}",
                )
                for kind, words in (
                    ("jacobians", "Jacobians of a step"),
                    ("parameters", "gradients by parameters"),
                )
            ],
        ),
        Figure(
            "gradients",
            "How far back a gradient reaches: the largest singular value of ∂h_T/∂h_t in untrained "
            f"networks of {settings['hidden_size']} units. Lines are medians over "
            f"{settings['seeds']} seeds, bands go from the lowest to the highest. {how}",
            f"All curves fall; the highest at {lag} steps is that of {best}.",
            lambda: _draw(flow),
        ),
        Table(
            f"The medians of the plot. {how}",
            ("T − t", *map(str, lags)),
            [
                (
                    _name(curve),
                    *(f"{curve['median'][flow['lags'].index(value)]:.1e}" for value in lags),
                )
                for curve in flow["curves"]
            ],
        ),
    ]


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
