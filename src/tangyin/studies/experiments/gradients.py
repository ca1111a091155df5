"""The errors of our gradients, and how far back gradients reach."""

from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np
import torch

from tangyin.lstm import Parameters, plain_rnn_dh_dh_prev, plain_rnn_step, state_jacobians
from tangyin.lstm.arrays import FloatArray
from tangyin.studies import gradient_errors as errors
from tangyin.studies.study import Study
from tangyin.studies.style import INK, look, panels
from tangyin.studies.training_cache import TrainingCache, rounded

SIZES = {"hidden_size": 128, "input_size": 256, "steps": 48, "seeds": 10}
"""The report's network, over the 48 characters and marks of a 五律."""
QUICK_SIZES = {"hidden_size": 16, "input_size": 16, "steps": 12, "seeds": 2}
DRAWS, QUICK_DRAWS = 20, 1
FORGET_BIASES = (-1.0, 0.0, 1.0, 2.0)


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Measure the error of every gradient, and ‖∂h_T/∂h_t‖ against T − t (`flow`)."""
    sizes, draws = (QUICK_SIZES, QUICK_DRAWS) if quick else (SIZES, DRAWS)
    settings = {
        "quick": quick, "draws": draws, "difference": errors.WIDTH, **sizes,
        "numpy": np.__version__, "torch": torch.__version__,
    }  # fmt: skip
    found: dict[str, Any] = {"settings": settings}
    measures = {"jacobians": errors.jacobian_errors, "parameters": errors.parameter_errors}
    for name, measure in measures.items():
        cache.say(name)
        found[name] = measure(draws)
        for reference in errors.REFERENCES:
            worst = max(line[reference] for line in found[name])
            cache.say(f"{name} against {reference}: largest error {worst:.1e}")
    cache.say("flow")
    found["flow"] = gradient_flow(**sizes)
    for curve in found["flow"]["curves"]:
        network, bias, end = curve["network"], curve["forget_bias"], curve["median"][-1]
        cache.say(f"{network}, forget bias {bias}: {end:.1e} over {sizes['steps']} steps")
    return found


def gradient_flow(hidden_size: int, input_size: int, steps: int, seeds: int) -> dict[str, Any]:
    """Measure ‖∂h_T/∂h_t‖ in untrained networks.

    Weights, biases and inputs are uniform in ±1/√H, as in the course report's network before
    training, whose inputs are rows of its embedding. Every network starts from a zero state.
    Networks of one seed share weights and inputs.

    Returns:
        `lags`, T − t from 0 to T; and `curves`, one for each forget bias and one for the plain
        recurrent network (None): the `lowest`, `median` and `highest` norm over the seeds at each
        lag. The norm is the largest singular value. In the LSTM c_t is held fixed.
    """
    norms: dict[tuple[str, float | None], list[list[float]]] = {}

    def add(network: str, bias: float | None, jacobians: Any) -> None:
        curve = [float(np.linalg.norm(jacobian, 2)) for jacobian in jacobians]
        norms.setdefault((network, bias), []).append(curve)

    H, E, bound = hidden_size, input_size, hidden_size**-0.5
    zero: FloatArray = np.zeros(H)
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        W_ih, W_hh, b, xs = (
            generator.uniform(-bound, bound, shape)
            for shape in ((4 * H, E), (4 * H, H), 4 * H, (steps, E))
        )
        for bias in FORGET_BIASES:
            layer = Parameters(W_ih=W_ih, W_hh=W_hh, b=b.copy())
            layer.b_f[:] = bias
            products = state_jacobians(layer, errors.steps_of(layer, xs, zero, zero))
            add("LSTM", bias, products[::-1, :H, :H])
        W_ih, W_hh, b = W_ih[:H], W_hh[:H], b[:H]
        plain = partial(plain_rnn_step, W_ih, W_hh, b)
        states = list(accumulate(xs, lambda h, x: plain(x, h), initial=zero))  # noqa: B023
        transitions = [plain_rnn_dh_dh_prev(W_hh, h) for h in reversed(states[1:])]
        add("plain RNN", None, accumulate(transitions, np.matmul, initial=np.eye(H)))
    ends: dict[str, Any] = {"lowest": np.min, "median": np.median, "highest": np.max}
    return {
        "lags": list(range(steps + 1)),
        "curves": [
            {"network": network, "forget_bias": bias}
            | {name: rounded(end(curves, axis=0), 4) for name, end in ends.items()}
            for (network, bias), curves in norms.items()
        ],
    }


LAGS = (1, 5, 10, 20, 30, 40, 48)


def facts(results: dict[str, Any]) -> dict[str, Any]:
    """The largest errors, and the curves with their names from the highest end on."""
    curves = [{**curve, "name": _name(curve)} for curve in results["flow"]["curves"]]
    return {
        "worst": {
            kind: {by: max(line[by] for line in results[kind]) for by in errors.REFERENCES}
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


STUDY = Study(
    title="梯度 Gradients",
    question="Are the gradients right, and how far back do they reach?",
    minutes=1,
    sizes="20 draws of every Jacobian, 10 seeds of flow",
    run=run,
    order=90,
)
