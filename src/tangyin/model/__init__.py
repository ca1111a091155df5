"""A trained model: its architecture, its file, the features of a prefix, and the NumPy engine."""

from tangyin.model.architecture import FEATURES, Architecture
from tangyin.model.card import model_card
from tangyin.model.engine import Engine, State, StepOutput
from tangyin.model.features import (
    ECHOES,
    FeatureLayout,
    Features,
    echo_classes,
    read_sequences,
)
from tangyin.model.file import ModelFile, load_model
from tangyin.model.shelf import DEFAULT, ModelSummary, find_model, shipped_or_own

__all__ = [
    "DEFAULT", "ECHOES", "FEATURES", "Architecture", "Engine", "FeatureLayout", "Features",
    "ModelFile", "ModelSummary", "State", "StepOutput", "echo_classes", "find_model", "load_model",
    "model_card", "read_sequences", "shipped_or_own",
]  # fmt: skip
