"""Composable constraints on what may be written at each place of a poem: one file each."""

from tangyin.writing.constraints.avoid import Forbidden
from tangyin.writing.constraints.draft import (
    FREE,
    OPEN,
    Columns,
    Constraint,
    Draft,
    Mask,
    Rows,
    Start,
)
from tangyin.writing.constraints.lines import Lines
from tangyin.writing.constraints.rates import Rates, rates_of
from tangyin.writing.constraints.repetition import Repetition
from tangyin.writing.constraints.rhyme import Rhyme, RhymeBook
from tangyin.writing.constraints.tones import Readings, Tones

__all__ = [
    "FREE", "OPEN", "Columns", "Constraint", "Draft", "Forbidden", "Lines", "Mask", "Rates",
    "Readings", "Repetition", "Rhyme", "RhymeBook", "Rows", "Start", "Tones", "rates_of",
]  # fmt: skip
