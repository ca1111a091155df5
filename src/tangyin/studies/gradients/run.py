"""The proof of the gradients as a table, and how far back they reach."""

from typing import Any

import numpy as np
import torch

from tangyin.studies.gradients.errors import WIDTH, jacobian_errors, parameter_errors
from tangyin.studies.gradients.flow import gradient_flow
from tangyin.studies.study import Study
from tangyin.studies.training_cache import TrainingCache

SIZES = {"hidden_size": 128, "input_size": 256, "steps": 48, "seeds": 10}
"""The report's network, over the 48 characters and marks of a 五律."""
QUICK_SIZES = {"hidden_size": 16, "input_size": 16, "steps": 12, "seeds": 2}
DRAWS, QUICK_DRAWS = 20, 1


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Measure the error of every gradient, and ‖∂h_T/∂h_t‖ against T − t.

    Args:
        cache: is told in sentences what was found.
        quick: one draw of each gradient and small networks, to see that it runs.

    Returns:
        `settings`; `jacobians` (`errors.jacobian_errors`); `parameters`
        (`errors.parameter_errors`); `flow` (`flow.gradient_flow`).
    """
    sizes, draws = (QUICK_SIZES, QUICK_DRAWS) if quick else (SIZES, DRAWS)
    progress = cache.progress
    progress.plan(3)
    progress.doing("Jacobians")
    jacobians = jacobian_errors(draws)
    progress.say(_worst("Jacobian", jacobians))
    progress.advance(1)
    progress.doing("gradients")
    parameters = parameter_errors(draws)
    progress.say(_worst("parameter gradient", parameters))
    progress.advance(1)
    progress.doing("flow")
    flow = gradient_flow(**sizes)
    progress.advance(1)
    for curve in flow["curves"]:
        bias = curve["forget_bias"]
        network = curve["network"] + ("" if bias is None else f" with forget bias {bias:g}")
        progress.say(
            f"over {flow['lags'][-1]} steps the {network} passes on {curve['median'][-1]:.1e}"
        )
    return {
        "settings": {
            "quick": quick,
            "draws": draws,
            "difference": WIDTH,
            **sizes,
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
        "jacobians": jacobians,
        "parameters": parameters,
        "flow": flow,
    }


def _worst(kind: str, lines: list[dict[str, Any]]) -> str:
    worst = {
        reference: max(line[reference] for line in lines)
        for reference in ("differences", "autograd")
    }
    return (
        f"the largest error of any {kind} is {worst['differences']:.1e} against central "
        f"differences and {worst['autograd']:.1e} against autograd"
    )


STUDY = Study(
    title="梯度 Gradients",
    question="Are the gradients right, and how far back do they reach?",
    minutes=1,
    sizes="20 draws of every Jacobian, 10 seeds of flow",
    run=run,
    order=90,
)
