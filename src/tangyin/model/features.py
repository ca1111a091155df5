"""Input features of a language model: what the tokens already read reveal about the next one.

Training, the engine and scoring all read poems with this one implementation.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.verse import CI, STOPS, TEXT, TITLE, Ids, Vocabulary, form_token

Int8s = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

ECHOES = 5
"""The number of classes of echo (`echo_classes`)."""

NO_ECHO, IN_TITLE = -1, -2
"""Line numbers of tokens that cannot be echoed, and of the characters of the title."""

_LAST_LINE = 127  # int8; later lines get this number too

_OTHER, _MARK, _FORM, _RHYME, _TITLE, _TEXT = range(6)
_PREFIX_PHASE, _TITLE_PHASE, _TEXT_PHASE = range(3)


@dataclass(frozen=True)
class FeatureLayout:
    """What the values of `Features.place` and `Features.tone` mean, stored in the model's file.

    The defaults are the layout of files that store none (format 2 before 0.2.0), and never change.

    Attributes:
        forms: names of the forms, in the order of their kinds.
        first_lines: lengths of a first line that are kinds of their own where the form is not
            given.
        lines: lines that have places of their own; the last one includes all later lines.
        in_turn: whether later lines have the last two places in turn instead, so that even lines
            are known.
        columns: columns that have places of their own; the last one includes all later columns.
        tone_classes: number of tone classes of a token.
    """

    forms: tuple[str, ...] = ("五絕", "七絕", "五律", "七律")
    first_lines: tuple[int, ...] = (5, 7)
    lines: int = 9
    columns: int = 8
    tone_classes: int = 4
    in_turn: bool = False

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "FeatureLayout":
        """The layout of a new model: a place for every line and column of its forms, and one more.

        Without forms in the vocabulary it is the default layout.
        """
        if not (forms := vocabulary.forms):
            return cls()
        return cls(
            forms=tuple(form.name for form in (*forms, *vocabulary.kinds)),
            first_lines=tuple(sorted({form.characters for form in forms})),
            lines=1 + max(form.lines for form in forms),
            columns=1 + max(form.characters for form in forms),
            in_turn=bool(vocabulary.kinds),
        )

    @property
    def places(self) -> int:
        """Values of `Features.place`: before the text, in the title, and places in the text."""
        kinds = 1 + len(self.first_lines) + len(self.forms)
        return 2 + kinds * self.lines * self.columns

    @property
    def tones(self) -> int:
        """Values of `Features.tone`: the tone classes of four characters."""
        return self.tone_classes**4


@dataclass(frozen=True)
class Features:
    """The known facts about the next token, for sequences side by side.

    Arrays are (B,) after one token (`Reader.read`) and (T, B) for whole sequences
    (`read_sequences`). The last two say which earlier characters may be echoed; `echo_classes`
    derives the classes of all pairs from them.

    Attributes:
        place: int32 below `FeatureLayout.places`: 0 before title and text, 1 in the title; in the
            text 2 + (kind · lines + line) · columns + column, lines and columns counted from 0.
            The kind is 0 while nothing is known, then the index of the first line's length, then
            of the form.
        opposite: int32, the character at the same column of the line before, or `<text>`.
        rhyme: int32, the end of the latest even line, in 詞 of the latest line that 。？ or ！
            closes; before there is one the rhyme token, or the end of the first line, or `<text>`.
        tone: int32 below `FeatureLayout.tones`. In base `tone_classes`, from the lowest digit:
            opposite, character before in this line, second character of this line, second
            character of the line before.
        line_of: int8, number of the line of the token that was just read, as a source of echoes;
            -2 in the title, -1 when it cannot be echoed (it is not a known character).
        line: int8, number of the line that the next token is in, -2 in the title, -1 before it.
    """

    place: Ids
    opposite: Ids
    rhyme: Ids
    tone: Ids
    line_of: npt.NDArray[np.int8]
    line: npt.NDArray[np.int8]

    def of(self, steps: slice) -> "Features":
        """The features at some steps of whole sequences."""
        return Features(**{name: values[steps] for name, values in vars(self).items()})


_BY_SEQUENCE = (
    "_phase", "_kind", "_line", "_column", "_last", "_rhyme", "_current", "_before",
)  # fmt: skip
"""What a reader holds of each sequence, apart from what it has read."""


class Reader:
    """Reads poems token by token, many side by side, and gives the features of the next token.

    A sequence is prefix tokens, possibly `<title>` and the title, `<text>`, and the text. In the
    text every token except the six marks is a character, `<unk>` too; a mark ends a line.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        tones: npt.NDArray[np.uint8],
        layout: FeatureLayout,
        sequences: int,
    ) -> None:
        """Begin before the first token of so many sequences.

        `tones` are the tone classes of the tokens, (len(vocabulary),), by
        `tangyin.metre.tone_classes`. Raises TangyinError model.no_text_token if there is no
        `<text>` to separate prefix and text.
        """
        if TEXT not in vocabulary:
            raise TangyinError("model.no_text_token")
        self._layout = layout
        self._none = np.int32(vocabulary.id(TEXT))
        self._roles, self._kinds = _tables(vocabulary, layout)
        self._tones = tones.astype(np.int32)
        # A 詞 rhymes where a sentence ends, and every number of lines apart.
        kinds = (None, *layout.first_lines, *layout.forms)
        self._ci = kinds.index(CI.name) if CI.name in kinds else -1
        self._stops = np.isin(np.arange(len(vocabulary)), [vocabulary.id(m) for m in STOPS])
        self._hanzi = int(vocabulary.hanzi_ids[0]), vocabulary.outputs  # first, one past the last
        self._phase = np.zeros(sequences, dtype=np.int8)
        self._kind, self._line, self._column = np.zeros((3, sequences), dtype=np.int32)
        # The last character of the current line, and the rhyme.
        self._last, self._rhyme = np.full((2, sequences), self._none)
        # The characters of the current line and of the line before.
        self._current, self._before = np.full((2, sequences, layout.columns), self._none)
        # Of every token read, (T, B).
        self._ids = np.empty((0, sequences), np.int32)
        self._lines_of = np.empty((0, sequences), np.int8)

    def read(self, tokens: Ids) -> Features:
        """Read one token of each sequence, (B,)."""
        role = self._roles[tokens]
        in_text = self._phase == _TEXT_PHASE
        known = (tokens >= self._hanzi[0]) & (tokens < self._hanzi[1])
        line_of = np.where(known, self._current_line(), np.int8(NO_ECHO))
        self._ids = np.concatenate((self._ids, tokens[None]))
        self._lines_of = np.concatenate((self._lines_of, line_of[None]))
        if not in_text.all():
            self._read_prefix(tokens, role, ~in_text)
        closes = in_text & (role == _MARK)
        self._read_characters(tokens, in_text & ~closes)
        if closes.any():
            self._close_lines(tokens, closes)
        return self._features(line_of)

    def echoes(self) -> tuple[Ids, Int8s]:
        """Number of every token read so far, and its class (`echo_classes`) or -1, each (T, B)."""
        classes = _classes(self._lines_of, self._current_line())
        classes[-1][self._lines_of[-1] >= 0] = 0
        return self._ids, classes

    @classmethod
    def joined(cls, readers: Sequence["Reader"]) -> "Reader":
        """A reader of all sequences; short ones are padded with tokens that cannot be echoed."""
        joined, most = copy(readers[0]), max(len(reader._ids) for reader in readers)
        for name in _BY_SEQUENCE:
            setattr(joined, name, np.concatenate([getattr(reader, name) for reader in readers]))
        for name, unread in (("_ids", 0), ("_lines_of", NO_ECHO)):
            own = [getattr(reader, name) for reader in readers]
            padded = [
                np.pad(read, ((most - len(read), 0), (0, 0)), constant_values=unread)
                for read in own
            ]
            setattr(joined, name, np.concatenate(padded, axis=1))
        return joined

    def take(self, rows: npt.NDArray[np.intp]) -> "Reader":
        """A reader of some of the sequences, copied, in the order given."""
        taken = copy(self)
        for name in _BY_SEQUENCE:
            setattr(taken, name, getattr(self, name)[rows])
        taken._ids, taken._lines_of = self._ids[:, rows], self._lines_of[:, rows]
        return taken

    def _read_prefix(self, tokens: Ids, role: Int8s, before: Bools) -> None:
        self._kind = np.where(before & (role == _FORM), self._kinds[tokens], self._kind)
        self._rhyme = np.where(before & (role == _RHYME), tokens, self._rhyme)
        self._phase = np.where(before & (role == _TITLE), _TITLE_PHASE, self._phase)
        self._phase = np.where(before & (role == _TEXT), _TEXT_PHASE, self._phase)

    def _read_characters(self, tokens: Ids, read: Bools) -> None:
        rows = np.flatnonzero(read & (self._column < self._layout.columns))
        self._current[rows, self._column[rows]] = tokens[rows]
        self._last = np.where(read, tokens, self._last)
        self._column = self._column + read

    def _close_lines(self, tokens: Ids, closes: Bools) -> None:
        first = closes & (self._line == 0)
        unknown = first & (self._kind == 0)
        for kind, length in enumerate(self._layout.first_lines, 1):
            self._kind = np.where(unknown & (self._column == length), kind, self._kind)
        stops = np.where(self._kind == self._ci, self._stops[tokens], self._line % 2 == 1)
        # Before such a line is closed, only a rhyme token can be here already.
        rhymes = (closes & stops) | (first & (self._rhyme == self._none))
        self._rhyme = np.where(rhymes, self._last, self._rhyme)
        self._before = np.where(closes[:, None], self._current, self._before)
        self._current = np.where(closes[:, None], self._none, self._current)
        self._last = np.where(closes, self._none, self._last)
        self._column = np.where(closes, 0, self._column)
        self._line = self._line + closes

    def _features(self, line_of: Int8s) -> Features:
        layout, n = self._layout, self._layout.tone_classes
        line, last = self._line, layout.lines - 1
        line = np.minimum(line, last - (last - line) % 2 if layout.in_turn else last)
        column = np.minimum(self._column, layout.columns - 1)
        in_text = 2 + (self._kind * layout.lines + line) * layout.columns + column
        place = np.where(self._phase == _TEXT_PHASE, in_text, self._phase)
        opposite = self._before[np.arange(len(column)), column]
        tone = (
            self._tones[opposite]
            + n * self._tones[self._last]
            + n**2 * self._tones[self._current[:, 1]]
            + n**3 * self._tones[self._before[:, 1]]
        )
        values = (place, opposite, self._rhyme, tone)
        place, opposite, rhyme, tone = (array.astype(np.int32) for array in values)
        return Features(place, opposite, rhyme, tone, line_of, self._current_line())

    def _current_line(self) -> Int8s:
        line = np.minimum(self._line, _LAST_LINE)
        prefix = np.where(self._phase == _TITLE_PHASE, IN_TITLE, NO_ECHO)
        return np.where(self._phase == _TEXT_PHASE, line, prefix).astype(np.int8)


def read_sequences(
    vocabulary: Vocabulary, tones: npt.NDArray[np.uint8], layout: FeatureLayout, inputs: Ids
) -> Features:
    """The features after each token of whole sequences, (T, B); see `Reader`."""
    reader = Reader(vocabulary, tones, layout, inputs.shape[1])
    read = [reader.read(tokens) for tokens in inputs]
    names = [field.name for field in fields(Features)]
    return Features(**{name: np.stack([getattr(one, name) for one in read]) for name in names})


def echo_classes(line_of: Int8s, line: Int8s) -> Int8s:
    """How each earlier character relates to each next token, from `Features.line_of` and `.line`.

    0: it was just read, in the text; 1: earlier in the same line; 2: in the line before; 3: in an
    earlier line; 4: in the title. Every occurrence of a character counts separately.

    Returns:
        (T, T, B): at [t, q] the class of input q for the token after input t, or -1 if it cannot be
        echoed or q > t.
    """
    steps = np.arange(len(line_of))
    classes = _classes(line_of[None], line[:, None])
    just_read = (steps[:, None] == steps)[..., None] & (line_of >= 0)
    classes[just_read] = 0
    classes[steps[:, None] < steps] = -1
    return classes


def _classes(line_of: Int8s, line: Int8s) -> Int8s:
    """Classes of echo by line alone; the token just read counts as one in the same line."""
    distance = line.astype(np.int16) - line_of
    in_text = 1 + np.clip(distance, 0, 2)
    classes = np.where(line_of >= 0, in_text, np.where(line_of == IN_TITLE, ECHOES - 1, -1))
    return classes.astype(np.int8)


def _tables(vocabulary: Vocabulary, layout: FeatureLayout) -> tuple[Int8s, npt.NDArray[Any]]:
    """(V,) what each token does to a reader, and (V,) the kind of poem of each form token."""
    roles = np.full(len(vocabulary), _OTHER, dtype=np.int8)
    kinds = np.zeros(len(vocabulary), dtype=np.int32)
    of_form = {form_token(f): n for n, f in enumerate(layout.forms, 1 + len(layout.first_lines))}
    roles[vocabulary.mark_ids] = _MARK
    for token in vocabulary.prefixes:
        number = vocabulary.id(token)
        if token in of_form:
            roles[number], kinds[number] = _FORM, of_form[token]
        elif token.startswith("<rhyme:"):
            roles[number] = _RHYME
        else:
            roles[number] = {TITLE: _TITLE, TEXT: _TEXT}.get(token, _OTHER)
    return roles, kinds
