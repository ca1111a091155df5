"""Writing poems with the NumPy engine, without torch."""

from tangyin.verse import BLANK
from tangyin.writing.candidates import Candidates, candidates_at
from tangyin.writing.couplet import Answer, answers_to
from tangyin.writing.decoding import Composition
from tangyin.writing.free import Order, compose
from tangyin.writing.lines import LineWay, lines_at
from tangyin.writing.opening import read_opening
from tangyin.writing.options import PARTICLES
from tangyin.writing.particles import ParticleComposer, RegulatedPoem, write_regulated
from tangyin.writing.planning import plan
from tangyin.writing.randomness import SEEDS, new_seed, poem_uniforms
from tangyin.writing.request import (
    LONGEST_TITLE,
    Request,
    guide_for,
    opening_of,
    prefix_for,
    read_title,
    typed_spelling,
)
from tangyin.writing.rules import Argmax, RandomK, Rule, Temperature, TopP, rule_named
from tangyin.writing.sheet import Sheet, SheetReport, report_on
from tangyin.writing.verse import Verse

__all__ = [
    "BLANK", "LONGEST_TITLE", "PARTICLES", "SEEDS", "Answer", "Argmax", "Candidates",
    "Composition", "LineWay", "Order", "ParticleComposer", "RandomK", "RegulatedPoem", "Request",
    "Rule", "Sheet", "SheetReport", "Temperature", "TopP", "Verse", "answers_to", "candidates_at",
    "compose", "guide_for", "lines_at", "new_seed", "opening_of", "plan", "poem_uniforms",
    "prefix_for", "read_opening", "read_title", "report_on", "rule_named", "typed_spelling",
    "write_regulated",
]  # fmt: skip
