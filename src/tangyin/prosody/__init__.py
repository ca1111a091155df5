"""Tones and rhymes of characters, line types, the checker, couplet antithesis."""

from tangyin.prosody.antithesis import couplet_score, pair_score
from tangyin.prosody.check import check_poem, check_text
from tangyin.prosody.convention import Convention, by_convention
from tangyin.prosody.lexicon import Reading, level_share, readings_of, rhyme_of_poem
from tangyin.prosody.line_type import (
    SEQUENCES,
    TYPES,
    LinePattern,
    Sequence,
    line_pattern,
    patterns_of_type,
    sequence_of,
)
from tangyin.prosody.report import ChosenReading, Couplet, Finding, Licence, Pair, Report
from tangyin.prosody.rhyme import LEVEL_RHYMES, neighbouring
from tangyin.prosody.script import traditional_lines
from tangyin.prosody.table import ToneTable, tone_classes, tone_table

__all__ = [
    "LEVEL_RHYMES", "SEQUENCES", "TYPES", "ChosenReading", "Convention", "Couplet", "Finding",
    "Licence", "LinePattern", "Pair", "Reading", "Report", "Sequence", "ToneTable",
    "by_convention", "check_poem", "check_text", "couplet_score", "level_share", "line_pattern",
    "neighbouring", "pair_score", "patterns_of_type", "readings_of", "rhyme_of_poem",
    "sequence_of", "tone_classes", "tone_table", "traditional_lines",
]  # fmt: skip
