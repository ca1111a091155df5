"""Writing and scoring on a NumPy engine, without torch."""

from tangyin.writing.card import model_card
from tangyin.writing.composer import Composition, compose
from tangyin.writing.engine import Engine, State
from tangyin.writing.models import DEFAULT, find_model, models_home, shipped_or_own
from tangyin.writing.opening import read_opening
from tangyin.writing.perplexity import Accountant, Tally, closed_hanzi, prefix_of
from tangyin.writing.randomness import SEEDS, new_seed, poem_uniforms
from tangyin.writing.rules import Argmax, RandomK, Rule, Temperature, TopP
from tangyin.writing.scoring import evaluate_split, score_poems, score_texts

__all__ = [
    "DEFAULT", "SEEDS", "Accountant", "Argmax", "Composition", "Engine", "RandomK", "Rule",
    "State", "Tally", "Temperature", "TopP", "closed_hanzi", "compose", "evaluate_split",
    "find_model", "model_card", "models_home", "new_seed", "poem_uniforms", "prefix_of",
    "read_opening", "score_poems", "score_texts", "shipped_or_own",
]  # fmt: skip
