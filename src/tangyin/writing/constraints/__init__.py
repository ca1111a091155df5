"""Composable constraints on what may stand at each place of a poem."""

from tangyin.writing.constraints.draft import FREE, Columns, Constraint, Draft, Mask, Rows
from tangyin.writing.constraints.rates import Rates, rates_of
from tangyin.writing.constraints.rhyme import OPEN, Rhyme, RhymeBook
from tangyin.writing.constraints.tones import Readings, Tones
from tangyin.writing.constraints.wording import Forbidden, Repetition

__all__ = [
    "FREE", "OPEN", "Columns", "Constraint", "Draft", "Forbidden", "Mask", "Rates", "Readings",
    "Repetition", "Rhyme", "RhymeBook", "Rows", "Tones", "rates_of",
]  # fmt: skip
