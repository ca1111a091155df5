"""Writing and scoring on a NumPy engine, without torch."""

from tangyin.writing.card import model_card
from tangyin.writing.composer import Composition, compose
from tangyin.writing.engine import Engine, Outlook, State
from tangyin.writing.models import DEFAULT, find_model, models_home, shipped_or_own
from tangyin.writing.opening import BLANK, read_opening
from tangyin.writing.particles import (
    PARTICLES,
    ParticleComposer,
    RegulatedPoem,
    write_regulated,
)
from tangyin.writing.perplexity import Accountant, Tally, closed_hanzi, prefix_of
from tangyin.writing.randomness import SEEDS, new_seed, poem_uniforms
from tangyin.writing.rules import Argmax, RandomK, Rule, Temperature, TopP, rule_named
from tangyin.writing.scoring import (
    NO_TARGET,
    evaluate_split,
    score_poems,
    score_texts,
    target_costs,
)
from tangyin.writing.tangshi_gpt import evaluate_tangshi_gpt, titled_figures
from tangyin.writing.wish import LONGEST_TITLE, Plan, Wish, opening_of, plan, prefix_for, read_title

__all__ = [
    "BLANK", "DEFAULT", "LONGEST_TITLE", "NO_TARGET", "PARTICLES", "SEEDS", "Accountant", "Argmax",
    "Composition", "Engine", "Outlook", "ParticleComposer", "Plan", "RandomK", "RegulatedPoem",
    "Rule", "State", "Tally", "Temperature", "TopP", "Wish", "closed_hanzi", "compose",
    "evaluate_split", "evaluate_tangshi_gpt", "find_model", "model_card", "models_home", "new_seed",
    "opening_of", "plan", "poem_uniforms", "prefix_for", "prefix_of", "read_opening", "read_title",
    "rule_named", "score_poems", "score_texts", "shipped_or_own", "target_costs", "titled_figures",
    "write_regulated",
]  # fmt: skip
