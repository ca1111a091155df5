"""The learning rate over a stage of a curriculum."""

import math

from tangyin.training.recipe import StageRecipe


def rate_at(stage: StageRecipe, progress: float) -> float:
    """The learning rate at some point of a stage.

    Linear from 0 over the warm-up, then half a cosine down to the final rate (Loshchilov and Hutter
    2017, "SGDR", without restarts).

    Args:
        stage: the stage.
        progress: share of the stage that is done, from 0 to 1.
    """
    if progress < stage.warmup:
        return stage.learning_rate * progress / stage.warmup
    if stage.warmup >= 1:
        return stage.learning_rate
    fallen = (progress - stage.warmup) / (1 - stage.warmup)
    span = stage.learning_rate - stage.final_rate
    return stage.final_rate + span * (1 + math.cos(math.pi * fallen)) / 2
