"""Recipes, optimizers, the loop, evaluation, checkpoints."""

from tangyin.training.evaluation import evaluate
from tangyin.training.material import Material, encode, load_material
from tangyin.training.optimizers import OPTIMIZERS, make_optimizer
from tangyin.training.processes import LostProcess
from tangyin.training.recipe import Recipe, build_recipe, read_recipe, recipe_toml
from tangyin.training.run_folder import RunFolder
from tangyin.training.trainer import Interrupted, Step, Watcher, train

__all__ = [
    "OPTIMIZERS", "Interrupted", "LostProcess", "Material", "Recipe", "RunFolder", "Step",
    "Watcher", "build_recipe", "encode", "evaluate", "load_material", "make_optimizer",
    "read_recipe", "recipe_toml", "train",
]  # fmt: skip
