"""The figure of the part on gradients."""

from typing import Any

from tangyin.studies.style import INK, look, panels

LAGS = (1, 5, 10, 20, 30, 40, 48)


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The largest errors, and the curves with their names from the highest end on."""
    curves = [{**curve, "name": _name(curve)} for curve in results["flow"]["curves"]]
    return {
        "worst": {
            kind: {
                by: max(line[by] for line in results[kind]) for by in ("differences", "autograd")
            }
            for kind in ("jacobians", "parameters")
        },
        "curves": curves,
        "by_end": sorted(curves, key=lambda curve: -curve["median"][-1]),
        "lags": [lag for lag in LAGS if lag <= results["flow"]["lags"][-1]],
    }


def gradients(results: dict[str, Any]) -> Any:
    """The norm of the Jacobian of the last hidden state by an earlier one."""
    figure, axes = panels(height=4.0)
    lags = results["flow"]["lags"]
    for number, curve in enumerate(results["flow"]["curves"]):
        style = look(number, label=_name(curve))
        if curve["forget_bias"] is None:
            style["color"] = INK
        axes.fill_between(
            lags, curve["lowest"], curve["highest"], color=style["color"], alpha=0.18, linewidth=0
        )
        axes.plot(lags, curve["median"], **style)
    axes.set(
        yscale="log",
        xlim=(0, lags[-1]),
        xlabel="$T - t$, in steps",
        ylabel=r"largest singular value of $\partial h_T / \partial h_t$",
    )
    axes.legend(loc="lower left")
    return figure


def _name(curve: dict[str, Any]) -> str:
    if curve["forget_bias"] is None:
        return str(curve["network"])
    return f"{curve['network']} with forget bias {curve['forget_bias']:g}".replace("-", "−")
