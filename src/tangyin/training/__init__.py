"""Recipes, optimizers, the loop, evaluation, checkpoints."""

from tangyin.training.callback import Callback, Step
from tangyin.training.dataset import Dataset, load_dataset
from tangyin.training.distributed import LostProcessError
from tangyin.training.evaluation import evaluate
from tangyin.training.memory import OutOfMemoryError
from tangyin.training.optimizers import OPTIMIZERS, make_optimizer
from tangyin.training.recipe import Recipe, build_recipe, read_recipe, recipe_toml
from tangyin.training.run_folder import RunFolder
from tangyin.training.step import DivergedError
from tangyin.training.trainer import InterruptedRun, train

__all__ = [
    "OPTIMIZERS", "Callback", "Dataset", "DivergedError", "InterruptedRun", "LostProcessError",
    "OutOfMemoryError", "Recipe", "RunFolder", "Step", "build_recipe", "evaluate", "load_dataset",
    "make_optimizer", "read_recipe", "recipe_toml", "train",
]  # fmt: skip
