"""The errors of our gradients, and how far back gradients reach."""

from typing import Any

import numpy as np
import torch

from tangyin.studies.gradients.errors import REFERENCES, WIDTH, jacobian_errors, parameter_errors
from tangyin.studies.gradients.flow import gradient_flow
from tangyin.studies.study import Study
from tangyin.studies.training_cache import TrainingCache

SIZES = {"hidden_size": 128, "input_size": 256, "steps": 48, "seeds": 10}
"""The report's network, over the 48 characters and marks of a 五律."""
QUICK_SIZES = {"hidden_size": 16, "input_size": 16, "steps": 12, "seeds": 2}
DRAWS, QUICK_DRAWS = 20, 1


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Measure the error of every gradient, and ‖∂h_T/∂h_t‖ against T − t.

    Returns:
        `settings`; `jacobians` (`errors.jacobian_errors`); `parameters`
        (`errors.parameter_errors`); `flow` (`flow.gradient_flow`).
    """
    sizes, draws = (QUICK_SIZES, QUICK_DRAWS) if quick else (SIZES, DRAWS)
    settings = {
        "quick": quick, "draws": draws, "difference": WIDTH, **sizes,
        "numpy": np.__version__, "torch": torch.__version__,
    }  # fmt: skip
    found: dict[str, Any] = {"settings": settings}
    cache.progress.plan(3)
    for name, measure in (("jacobians", jacobian_errors), ("parameters", parameter_errors)):
        cache.progress.doing(name)
        found[name] = measure(draws)
        for reference in REFERENCES:
            worst = max(line[reference] for line in found[name])
            cache.progress.say(f"{name} against {reference}: largest error {worst:.1e}")
        cache.progress.advance(1)
    cache.progress.doing("flow")
    found["flow"] = gradient_flow(**sizes)
    cache.progress.advance(1)
    for curve in found["flow"]["curves"]:
        network, bias, end = curve["network"], curve["forget_bias"], curve["median"][-1]
        cache.progress.say(f"{network}, forget bias {bias}: {end:.1e} over {sizes['steps']} steps")
    return found


STUDY = Study(
    title="梯度 Gradients",
    question="Are the gradients right, and how far back do they reach?",
    minutes=1,
    sizes="20 draws of every Jacobian, 10 seeds of flow",
    run=run,
    order=90,
)
