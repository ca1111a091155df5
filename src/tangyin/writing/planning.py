"""Whether a request for regulated verse can be met, and how."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from tangyin.errors import UsageError
from tangyin.prosody import SEQUENCES, Sequence, ToneTable, tone_table
from tangyin.verse import Ids, Vocabulary, normalize, to_traditional
from tangyin.writing.constraints.draft import FREE, Columns, Mask
from tangyin.writing.constraints.rates import rates_of
from tangyin.writing.constraints.rhyme import RhymeBook, rhyme_number
from tangyin.writing.constraints.tones import Readings, is_named
from tangyin.writing.decoding import Guide
from tangyin.writing.fitting import Fitting, Word
from tangyin.writing.opening import known_token, laid_out
from tangyin.writing.options import SELECTION
from tangyin.writing.request import Request, guide_for, opening_of, prefix_for, tokens_of

PLACED = 1024
"""Most words times particles: each particle searches a place for each word."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A request that can be met.

    Each of the sequences that fit has a weight: the share of Tang poems that follow it, times that
    of the reading it needs of a given end of the first line.
    """

    request: Request
    fitting: Fitting
    given: Columns  # (form.hanzi,) int32, what every poem has, or FREE
    marks: Ids  # (form.lines,) given marks, or FREE
    asked: int  # number of the rhyme that the request names (`LEVEL_RHYMES`), or OPEN
    words: tuple[Word, ...]  # the columns of each word of `include`, the longest first
    prefix: Ids  # what the model reads before the text
    guide: Guide | None
    selection: float  # of the particles
    sequences: tuple[tuple[Sequence, float], ...] = ()


def plan(request: Request, vocabulary: Vocabulary) -> Plan:
    """How a request can be met; the error where it cannot says why, and at which line."""
    form, first = request.form, int(vocabulary.hanzi_ids[0])
    if not form.regulated:
        raise UsageError("form.not_regulated", form=form.name)
    given, marks = laid_out([opening_of(request, vocabulary)], form, vocabulary)
    words = [tuple(t - first for t in tokens_of(w, vocabulary)) for w in request.include]
    for word, columns in zip(request.include, words, strict=True):
        if len(columns) > form.characters:
            longest = form.characters
            raise UsageError("request.word_long", word=word, form=form.name, longest=longest)
    placed = {"words": len(words), "particles": request.particles}
    if len(words) * request.particles > PLACED:
        raise UsageError("request.words_and_particles", **placed, most=PLACED)
    forbidden = _forbidden(request.avoid, vocabulary)
    for column in {*given[given != FREE].tolist(), *(c for word in words for c in word)}:
        if forbidden[column]:
            raise UsageError("request.avoided_and_given", character=vocabulary.hanzi[column])
    rates = rates_of(form).strict if request.strict else rates_of(form)
    fitting = Fitting(form, vocabulary.hanzi, *tables_of(vocabulary.hanzi), rates, forbidden)
    candidates = [s for s in rates.sequences if is_named(s, request.pattern, form)]
    if not candidates:
        known = [s.name(form.characters) for s in SEQUENCES]
        code, pattern = "request.unknown_pattern", request.pattern
        raise UsageError(code, pattern=pattern, form=form.name, patterns=known)
    result = Plan(
        request,
        fitting,
        given[0],
        marks[0],
        rhyme_number(request.rhyme),
        tuple(sorted(filter(None, words), key=len, reverse=True)),
        prefix_for(request, vocabulary),
        guide_for(request, vocabulary),
        (SELECTION if request.title else 0.0) if request.selection is None else request.selection,
    )
    faults = {sequence: _faults(result, sequence) for sequence in candidates}
    if all(faults.values()):
        raise min(faults.values(), key=len)[0]
    shares = {s: rates.sequences[s] * fitting.first_end(s, result.given) for s in candidates}
    return replace(result, sequences=tuple((s, shares[s]) for s in candidates if not faults[s]))


def _forbidden(avoid: str, vocabulary: Vocabulary) -> Mask:
    """(characters,) what must not be written; a model avoids what it does not know anyway."""
    tokens = [known_token(c, vocabulary) for c in to_traditional(normalize(avoid))]
    known = [token for token in tokens if token is not None]
    return np.isin(vocabulary.hanzi_ids, known)


@lru_cache(maxsize=4)
def tables_of(hanzi: tuple[str, ...]) -> tuple[ToneTable, Readings, RhymeBook]:
    """Tones, readings and rhymes of the characters that a model knows."""
    table = tone_table(hanzi)
    return table, Readings.of(table), RhymeBook.of(table, hanzi)


def _faults(plan: Plan, sequence: Sequence) -> list[UsageError]:
    """Why a sequence is impossible, an error for each line at fault; empty when it is possible."""
    fitting, given, request = plan.fitting, plan.given, plan.request
    bad = np.flatnonzero(fitting.bad_lines(sequence, given[None])[0])
    if len(bad):
        code = "request.line_misfit" if request.pattern else "request.line_misfit_any"
        code = "request.line_misfit_strict" if request.strict else code
        return [UsageError(code, **fitting.misfit(sequence, given, int(line))) for line in bad]
    fault = fitting.rhyme_fault(sequence, given, plan.asked)
    if fault:
        return [fault]
    for words in (*((word,) for word in plan.words), plan.words):
        if fitting.place(sequence, given, words, plan.asked, np.zeros(len(words))) is None:
            shown = ["".join(fitting.characters[column] for column in word) for word in words]
            pattern = sequence.name(request.form.characters)
            return [UsageError("request.no_room", words=shown, pattern=pattern)]
    return []
