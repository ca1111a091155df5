"""Tones and rhymes of characters, line types, the checker, couplet antithesis."""

from tangyin.metre.antithesis import couplet_score, pair_score
from tangyin.metre.any_form import AnyReport, check_any
from tangyin.metre.books import BOOKS, Book, book_named
from tangyin.metre.ci import CiReport, check_ci, check_variant
from tangyin.metre.convention import Convention, by_convention
from tangyin.metre.finding import ByBook, ChosenReading, Couplet, Finding, Licence, Pair, Report
from tangyin.metre.lexicon import Reading, level_share, readings_of, rhyme_of_poem
from tangyin.metre.lian import check_couplet, couplet_in
from tangyin.metre.pattern import (
    SEQUENCES,
    TYPES,
    LinePattern,
    Sequence,
    line_pattern,
    patterns_of_type,
    sequence_of,
)
from tangyin.metre.rhyme import LEVEL_RHYMES, neighbouring
from tangyin.metre.script import from_simplified, traditional_lines
from tangyin.metre.shi import check_poem, check_text
from tangyin.metre.table import ToneTable, tone_classes, tone_table

__all__ = [
    "BOOKS", "LEVEL_RHYMES", "SEQUENCES", "TYPES", "AnyReport", "Book", "ByBook", "ChosenReading",
    "CiReport", "Convention", "Couplet", "Finding", "Licence", "LinePattern", "Pair", "Reading",
    "Report", "Sequence", "ToneTable", "book_named", "by_convention", "check_any", "check_ci",
    "check_couplet", "check_poem", "check_text", "check_variant", "couplet_in", "couplet_score",
    "from_simplified", "level_share", "line_pattern", "neighbouring", "pair_score",
    "patterns_of_type", "readings_of", "rhyme_of_poem", "sequence_of", "tone_classes",
    "tone_table", "traditional_lines",
]  # fmt: skip
