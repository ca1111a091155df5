"""Characters and words for a place of a poem, finished or not."""

from dataclasses import dataclass

import numpy as np

from tangyin.metre import Finding, check_poem, check_variant, level_share, readings_of
from tangyin.metre.finding import NONE, OUT_OF_RHYME
from tangyin.metre.law import Mask, Place, Rows
from tangyin.metre.option import Option
from tangyin.metre.reading import assign
from tangyin.metre.shi_findings import OBLIQUE, end_rhyme
from tangyin.model.engine import Engine, State
from tangyin.verse import BLANK, to_traditional
from tangyin.writing.opening import known_token
from tangyin.writing.room import begun, draft_of
from tangyin.writing.sheet import Sheet
from tangyin.writing.weighing import Scores, Weighing, hanzi_log_probs, shares

TRIED = 200
"""How many characters, the likeliest by what is before them, are weighed by what follows
too. The characters behind them have a hundredth of the probability together."""

MOST = 50
"""The largest number of candidates that are shown."""

HEADS, WORDS = 32, 128
"""How many first characters of words, and words, are tried."""


@dataclass(frozen=True)
class Candidate:
    """A character or word for a place.

    Attributes:
        text: one character, or two.
        probability: its part of all that were weighed.
        log_likelihood: natural logarithm of its probability after what is before it, times that of
            what follows (`Weighing`).
        tone: 平, 上, 去 or 入, as its last character is read there; "" if no dictionary has it.
        rhyme: that reading's rhyme of 平水韻, or "".
    """

    text: str
    probability: float
    log_likelihood: float
    tone: str
    rhyme: str


@dataclass(frozen=True)
class Asked:
    """A character that a person asked about.

    Attributes:
        character: the character in traditional script.
        known: whether the model knows it.
        rank: its number among the candidates, from 1; 0 when it is none.
        reasons: what the checker finds when it is there and not otherwise.
    """

    character: str
    known: bool
    rank: int
    reasons: tuple[Finding, ...]


@dataclass(frozen=True)
class Candidates:
    """The likeliest candidates for a place, and how many the rules allow."""

    candidates: tuple[Candidate, ...]
    allowed: int
    asked: Asked | None


def candidates_at(
    weighing: Weighing,
    line: int,
    place: int,
    *,
    length: int = 1,
    loosened: bool = False,
    asked: str = "",
    count: int = 12,
) -> Candidates:
    """What can be at a place, the likeliest by all that is before and after it first.

    `weighing` has the poem, and a model that knows its form. Line and place count from 1; what is
    there now does not count. The others are described in `keywords.CandidateKeywords`.

    Raises:
        UsageError: an argument is not possible.
    """
    Option("length", int, 1, minimum=1, maximum=2).check(length)
    Option("count", int, 12, minimum=1, maximum=MOST).check(count)
    Option("asked", str, "", longest=1).check(asked)
    engine, sheet = weighing.engine, weighing.sheet
    sheet.check_place(line, place, length)
    at = line - 1, place - 1
    places = tuple(range(place - 1, place - 1 + length))
    last, state = engine.begin(weighing.before(*at), 1)
    log_probs = hanzi_log_probs(engine, last, state)[0]
    draft = draft_of(sheet, engine.vocabulary, at[0], places)
    here = Place(draft) if loosened else begun(sheet, draft, at[0], places, plain=False)
    allowed = _allowed(engine, here)[0]
    columns = _likeliest(np.where(allowed, log_probs, -np.inf), TRIED if length == 1 else HEADS)
    states = state.take(np.zeros(len(columns), dtype=np.intp))
    texts, scores = _texts(engine, columns), log_probs[columns]
    if length == 2:
        texts, columns, scores, states = _words(engine, here, columns, scores, states)
    tokens = engine.vocabulary.hanzi_ids[columns]
    rows, scores = weighing.follow(states, tokens, scores, at[0], places[-1], count + 4)
    found = [(texts[row], score) for row, score in zip(rows, scores, strict=True)]
    parts = shares([score for _, score in found])
    candidates = (
        Candidate(text, round(float(part), 6), round(score, 4), *_reading(sheet, at, text))
        for (text, score), part in zip(found[:count], parts, strict=False)
    )
    explained = _explained(engine, sheet, at, to_traditional(asked), found) if asked else None
    return Candidates(tuple(candidates), int(allowed.sum()), explained)


def _allowed(engine: Engine, place: Place) -> Mask:
    """(rows, V) which characters that the model knows may be at a place."""
    known, mask = len(engine.vocabulary.hanzi), place.allowed()
    return np.ones((len(place.draft.given), known), dtype=bool) if mask is None else mask[:, :known]


def _texts(engine: Engine, columns: Rows) -> list[str]:
    return [engine.vocabulary.hanzi[column] for column in columns]


def _words(
    engine: Engine, place: Place, heads: Rows, scores: Scores, states: State
) -> tuple[list[str], Rows, Scores, State]:
    """Words that begin with one of some characters: with their last characters and states."""
    draft, rows = place.draft, np.zeros(len(heads), dtype=np.intp)
    both = hanzi_log_probs(engine, engine.vocabulary.hanzi_ids[heads], states)
    both += scores[:, None]
    draft.keep(rows)
    place.keep(rows)
    place.read(heads.astype(np.int32))
    draft.write(heads.astype(np.int32))
    both[~_allowed(engine, place)] = -np.inf
    flat = _likeliest(both.ravel(), WORDS)
    own, tails = np.divmod(flat, both.shape[1])
    texts = [a + b for a, b in zip(_texts(engine, heads[own]), _texts(engine, tails), strict=True)]
    return texts, tails, both.ravel()[flat], states.take(own)


def _likeliest(log_probs: Scores, most: int) -> Rows:
    """The places of the largest finite values, the largest first."""
    first = np.argpartition(-log_probs, min(most, len(log_probs) - 1))[:most]
    order: Rows = first[np.lexsort((first, -log_probs[first]))]
    return order[np.isfinite(log_probs[order])]


def _reading(sheet: Sheet, place: tuple[int, int], text: str) -> tuple[str, str]:
    """The tone and rhyme of a text's last character at a place."""
    lines = sheet.with_characters(*place, text)
    at = place[1] + len(text) - 1
    tones, rhyme = _tones(sheet, lines, place[0])
    found = [r for r in readings_of(text[-1]) if ("P" if r.level else "Z") == tones[at]]
    rhyming = [r for r in found if r.rhyme == rhyme] if at == len(lines[place[0]]) - 1 else []
    best = next(iter(rhyming or found or readings_of(text[-1])), None)
    return (best.tone, best.rhyme) if best else ("", "")


def _tones(sheet: Sheet, lines: tuple[str, ...], line: int) -> tuple[str, str]:
    """The tones of a line, and the rhyme of 平水韻 that the poem has, if it has one."""
    form = sheet.form
    if form.variant:
        return check_variant(lines, form.variant).tones[line], ""
    if not form.regulated:
        return "".join("PZ"[level_share(c) < 0.5] for c in lines[line]), ""
    reading = assign(lines)
    return reading.patterns[line].tones, reading.rhyme


def _explained(
    engine: Engine,
    sheet: Sheet,
    place: tuple[int, int],
    character: str,
    found: list[tuple[str, float]],
) -> Asked:
    """What the checker has against a character at a place, and its rank."""
    token = known_token(character, engine.vocabulary)
    spelled = character if token is None else engine.vocabulary.tokens[token]
    texts = [text for text, _ in found]
    rank = texts.index(spelled) + 1 if spelled in texts else 0
    return Asked(character, token is not None, rank, _reasons(sheet, place, spelled))


def _reasons(sheet: Sheet, place: tuple[int, int], spelled: str) -> tuple[Finding, ...]:
    """What the checker finds with a character at a place and not with the place open."""
    form, (line, at) = sheet.form, place
    lines, changed = (sheet.with_characters(line, at, each) for each in (BLANK, spelled))
    if form.variant:
        before, after = (check_variant(each, form.variant) for each in (lines, changed))
        return tuple(fault for fault in after.faults if fault not in before.faults)
    if not form.regulated:
        return ()
    without, there = check_poem(lines, lines), check_poem(changed, changed)
    old = {(finding.line, finding.kind) for finding in (*without.faults, *without.warnings)}
    reasons = [f for f in (*there.faults, *there.warnings) if (f.line, f.kind) not in old]
    own = end_rhyme(spelled, without.rhyme) if at == len(lines[0]) - 1 else without.rhyme
    if line % 2 and without.rhyme not in (NONE, own):
        # The others have a rhyme: it is this one that strays, not the foot that is named then.
        variant = own if own == OBLIQUE else ""
        params = {"characters": spelled, "own": own, "rhyme": without.rhyme}
        stray = Finding.of(OUT_OF_RHYME, line + 1, (at + 1,), variant, **params)
        reasons = [stray, *(f for f in reasons if f.kind != OUT_OF_RHYME)]
    return tuple(reasons)
