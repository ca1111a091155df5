"""Whether a request for regulated verse can be met, and how."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tangyin.errors import UsageError
from tangyin.metre.law import FREE, All, Columns, Mask, Wish
from tangyin.metre.laws.rhyme import rhyme_number
from tangyin.metre.laws.tones import sequences_named
from tangyin.metre.laws.tune import part_named
from tangyin.metre.pattern import Sequence
from tangyin.metre.rates import rates_of
from tangyin.metre.table import tables_of
from tangyin.verse import Ids, Vocabulary, normalize, to_traditional
from tangyin.writing.decoding import Guide
from tangyin.writing.fitting import Fitting, TuneFitting, Word
from tangyin.writing.opening import known_token, laid_out
from tangyin.writing.options import SELECTION, law_modules, options
from tangyin.writing.request import (
    Request,
    draws_title,
    guide_for,
    opening_of,
    prefix_for,
    tokens_of,
)

PLACED = 1024
"""Most words times particles: each particle searches a place for each word."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A request that can be met.

    Each of the sequences that fit a 詩 has a weight: the share of Tang poems that follow it, times
    that of the reading it needs of a given end of the first line.
    """

    request: Request
    law: All
    fitting: Fitting
    given: Columns  # (form.hanzi,) int32, what every poem has, or FREE
    marks: Ids  # (form.lines,) given marks, or FREE
    asked: int  # the rhyme asked for: its number in `LEVEL_RHYMES`, of 詞 in 詞林正韻; or OPEN
    words: tuple[Word, ...]  # the columns of each word of `include`, the longest first
    prefix: Ids  # what the model reads before the text, unless a title is drawn
    draws_title: bool  # for each poem
    guide: Guide | None
    selection: float  # of the particles
    sequences: tuple[tuple[Sequence, float], ...] = ()

    def opening(self) -> Columns:
        """(T,) the columns of the characters that are given of the first line, up to a free one."""
        line = self.given[: self.request.form.widths[0]]
        free = np.flatnonzero(line == FREE)
        return line[: free[0]] if len(free) else line

    def prefix_on(self, title: str, vocabulary: Vocabulary) -> Ids:
        """What the model reads before the text of a poem whose title was drawn, or is ""."""
        return prefix_for(self.request, vocabulary, title) if title else self.prefix

    def placed(
        self, words: tuple[Word, ...], chances: npt.NDArray[np.float64] | None = None
    ) -> Columns | None:
        """What is given to a 詞 with words where the tune has room for them, or None.

        `chances` (words,) in [0, 1) draw the place of each.
        """
        drawn = np.zeros(len(words)) if chances is None else chances
        return self.of_tune.place(self.given, words, drawn.tolist())

    @cached_property
    def of_tune(self) -> TuneFitting:
        """What judges by the tune of a 詞."""
        form, fitting = self.request.form, self.fitting
        assert form.variant  # noqa: S101 # the caller's check
        characters, writable = fitting.characters, ~fitting.forbidden
        return TuneFitting(form, form.variant, characters, fitting.readable, writable, self.asked)


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
    draws = draws_title(request, vocabulary)
    selection = SELECTION if request.title or draws else 0.0
    fitting = Fitting(form, vocabulary.hanzi, *tables_of(vocabulary.hanzi), rates, forbidden)
    avoid = "".join(c for c, is_ in zip(vocabulary.hanzi, forbidden, strict=True) if is_)
    wish = Wish(form, vocabulary.hanzi, {**vars(request), "avoid": avoid})
    built = (module.build(wish) for module in law_modules())
    result = Plan(
        request,
        All(tuple(law for law in built if law)),
        fitting,
        given[0],
        marks[0],
        part_named(request.rhyme) if form.variant else rhyme_number(request.rhyme),
        tuple(sorted(filter(None, words), key=len, reverse=True)),
        prefix_for(request, vocabulary),
        draws,
        guide_for(request, vocabulary),
        selection if request.selection is None else request.selection,
    )
    return _of_tune(result) if form.variant else _with_sequences(result)


def _of_tune(plan: Plan) -> Plan:
    """The plan of a 詞, whose given characters fit the tune."""
    for name, option in options().items():
        if option.patterned and getattr(plan.request, name) != option.default:
            raise UsageError("request.not_of_tune", name=name, tune=plan.request.form.name)
    result = replace(plan, given=plan.of_tune.check(plan.given))
    if fault := _room_fault(result, plan.request.form.name, result.placed):
        raise fault
    return result


def _room_fault(
    plan: Plan, pattern: str, place: Callable[[tuple[Word, ...]], Columns | None]
) -> UsageError | None:
    """Why the words have no room: one of them alone, or all together; None if they have."""
    for words in (*((word,) for word in plan.words), plan.words):
        if place(words) is None:
            shown = ["".join(plan.fitting.characters[c] for c in word) for word in words]
            return UsageError("request.no_room", words=shown, pattern=pattern)
    return None


def _with_sequences(result: Plan) -> Plan:
    """The plan with the sequences of line types that fit."""
    request, rates, form = result.request, result.fitting.rates, result.request.form
    named = sequences_named(request.pattern, form)
    candidates = [s for s in rates.sequences if s in named]  # in the order that draws follow
    faults = {sequence: _faults(result, sequence) for sequence in candidates}
    if all(faults.values()):
        raise min(faults.values(), key=len)[0]
    shares = {s: rates.sequences[s] * result.fitting.first_end(s, result.given) for s in candidates}
    return replace(result, sequences=tuple((s, shares[s]) for s in candidates if not faults[s]))


def _forbidden(avoid: str, vocabulary: Vocabulary) -> Mask:
    """(characters,) what must not be written; a model avoids what it does not know anyway."""
    tokens = [known_token(c, vocabulary) for c in to_traditional(normalize(avoid))]
    known = [token for token in tokens if token is not None]
    return np.isin(vocabulary.hanzi_ids, known)


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

    def place(words: tuple[Word, ...]) -> Columns | None:
        return fitting.place(sequence, given, words, plan.asked, np.zeros(len(words)))

    fault = _room_fault(plan, sequence.name(request.form.characters), place)
    return [fault] if fault else []
