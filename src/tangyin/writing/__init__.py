"""Writing poems with the NumPy engine, without torch."""

from tangyin.writing.composer import Composition, compose
from tangyin.writing.opening import BLANK, read_opening
from tangyin.writing.particles import (
    PARTICLES,
    ParticleComposer,
    RegulatedPoem,
    write_regulated,
)
from tangyin.writing.randomness import SEEDS, new_seed, poem_uniforms
from tangyin.writing.request import (
    LONGEST_TITLE,
    Plan,
    Request,
    opening_of,
    plan,
    prefix_for,
    read_title,
)
from tangyin.writing.rules import Argmax, RandomK, Rule, Temperature, TopP, rule_named

__all__ = [
    "BLANK", "LONGEST_TITLE", "PARTICLES", "SEEDS", "Argmax", "Composition", "ParticleComposer",
    "Plan", "RandomK", "RegulatedPoem", "Request", "Rule", "Temperature", "TopP", "compose",
    "new_seed", "opening_of", "plan", "poem_uniforms", "prefix_for", "read_opening", "read_title",
    "rule_named", "write_regulated",
]  # fmt: skip
