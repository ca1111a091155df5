from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.errors import TangyinError
from tangyin.metre import LEVEL_RHYMES, tone_classes
from tangyin.model import ECHOES, FeatureLayout, Features, echo_classes, read_sequences
from tangyin.model.features import Reader
from tangyin.verse import (
    FORMS,
    MARKS,
    TEXT,
    TITLE,
    UNK,
    WUJUE,
    Vocabulary,
    form_token,
    is_hanzi,
    prefix_tokens,
    rhyme_token,
)

HANZI = "白日依山盡黃河入海流欲窮千里目更上一層樓看不過"
VOCABULARY = Vocabulary(HANZI, prefix_tokens(LEVEL_RHYMES))
TONE_CLASSES = tone_classes(VOCABULARY)
LAYOUT = FeatureLayout()
NAMES = [field.name for field in fields(Features)]

ANYTHING = st.lists(st.integers(0, len(VOCABULARY) - 1), min_size=1, max_size=40)


@st.composite
def poems(draw: st.DrawFn) -> list[int]:
    """Tokens of a poem with its prefix: lines of about the right length, unknown characters."""
    form = draw(st.sampled_from([None, *FORMS]))
    rhyme = draw(st.sampled_from([None, *LEVEL_RHYMES]))
    title = draw(st.text(f"{HANZI}龘", max_size=6))
    tokens = VOCABULARY.prefix(form, rhyme, title).tolist()
    for _ in range(draw(st.integers(0, 10))):
        length = draw(st.sampled_from([5, 7, 5, 7, 5, 7, 0, 1, 2, 4, 6, 8, 9]))
        line = draw(st.text(f"{HANZI}龘", min_size=length, max_size=length))
        tokens += VOCABULARY.encode(line + draw(st.sampled_from(MARKS))).tolist()
    tokens += VOCABULARY.encode(draw(st.text(HANZI, max_size=6))).tolist()
    return tokens


SEQUENCES = st.one_of(poems(), ANYTHING)


def slowly(read: list[int]) -> tuple[int, str, str, int, dict[int, int]]:
    """Place, opposite, rhyme, tone, and class by position, from the definitions, in plain words."""
    names = [VOCABULARY.tokens[number] for number in read]
    begin = names.index(TEXT) + 1 if TEXT in names else None
    prefix = names if begin is None else names[: begin - 1]
    text = [] if begin is None else names[begin:]
    in_title = TITLE in prefix
    given_kinds = [3 + FORMS.index(f) for name in prefix for f in FORMS if name == form_token(f)]
    rhymes = [name for name in prefix if name.startswith("<rhyme:")]

    lines: list[list[tuple[int, str]]] = [[]]  # (position, token) of the characters of each line
    for position, name in enumerate(text, begin or 0):
        if name in MARKS:
            lines.append([])
        else:
            lines[-1].append((position, name))
    number, current = len(lines) - 1, lines[-1]
    before = lines[-2] if number else []
    column = min(len(current), 7)
    tones = dict(zip(VOCABULARY.tokens, TONE_CLASSES, strict=True))

    by_length = {5: 1, 7: 2}.get(len(lines[0]), 0) if number else 0
    kind = given_kinds[-1] if given_kinds else by_length
    place = 2 + (kind * 9 + min(number, 8)) * 8 + column if begin is not None else int(in_title)
    opposite = before[column][1] if len(before) > column else TEXT
    rhyme = rhymes[-1] if rhymes else TEXT
    if number >= 2:
        latest = lines[number - 1 if number % 2 == 0 else number - 2]
        rhyme = latest[-1][1] if latest else TEXT
    elif number == 1 and not rhymes and lines[0]:
        rhyme = lines[0][-1][1]
    tone = int(tones[opposite])
    tone += 4 * int(tones[current[-1][1]]) if current else 0
    tone += 16 * int(tones[current[1][1]]) if len(current) > 1 else 0
    tone += 64 * int(tones[before[1][1]]) if len(before) > 1 else 0

    title = prefix.index(TITLE) if in_title else len(prefix)
    classes = {q: 4 for q, name in enumerate(prefix) if q > title and is_hanzi(name)}
    for line, characters in enumerate(lines):
        for position, name in characters:
            if is_hanzi(name):
                just_read = position == len(read) - 1
                classes[position] = 0 if just_read else 1 + min(number - line, 2)
    return place, opposite, rhyme, tone, classes


@given(SEQUENCES)
def test_the_features_are_those_of_the_definition(tokens):
    reader = Reader(VOCABULARY, TONE_CLASSES, LAYOUT, 1)
    for step, token in enumerate(tokens):
        found = reader.read(np.array([token], np.int32))
        place, opposite, rhyme, tone, classes = slowly(tokens[: step + 1])
        assert found.place[0] == place < LAYOUT.places
        assert VOCABULARY.tokens[found.opposite[0]] == opposite
        assert VOCABULARY.tokens[found.rhyme[0]] == rhyme
        assert found.tone[0] == tone < LAYOUT.tones
        ids, echoed = reader.echoes()
        assert ids[:, 0].tolist() == tokens[: step + 1]
        assert {q: c for q, c in enumerate(echoed[:, 0].tolist()) if c != -1} == classes
        assert echoed.max(initial=-1) < ECHOES


def test_the_places_of_a_quatrain_are_all_different_and_its_features_as_one_reads_it():
    text = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
    prefix = VOCABULARY.prefix(WUJUE, "尤", "山河")
    tokens = np.concatenate((prefix, VOCABULARY.encode(text)))
    found = read_sequences(VOCABULARY, TONE_CLASSES, LAYOUT, tokens[:, None])
    start = len(prefix)
    named = [VOCABULARY.tokens[number] for number in found.opposite[:, 0]]
    rhymes = [VOCABULARY.tokens[number] for number in found.rhyme[:, 0]]
    assert len(set(found.place[start - 1 :, 0])) == len(text) + 1
    # About the characters of each line, and the mark behind them.
    assert "".join(named[start + 5 : start + 10]) == "白日依山盡"
    assert named[start + 10] == TEXT
    assert "".join(named[start + 17 : start + 22]) == "欲窮千里目"
    assert rhymes[start : start + 11] == [rhyme_token("尤")] * 11
    assert rhymes[start + 11 : start + 23] == ["流"] * 12
    assert rhymes[-1] == "樓"
    assert found.place[:start, 0].tolist() == [0, 0, 1, 1, 1, found.place[start - 1, 0]]
    # Before 山 of the first line: 日 is oblique and second in its line, 依 is level.
    assert found.tone[start + 2, 0] == 4 * 1 + 16 * 2
    # Before 入: 依 stands opposite, 河 was read and is second, 日 second in the line before.
    assert found.tone[start + 7, 0] == 1 + 4 * 1 + 16 * 1 + 64 * 2


@given(st.lists(SEQUENCES, min_size=1, max_size=6))
def test_sequences_side_by_side_are_read_as_each_alone(sequences):
    steps = min(map(len, sequences))
    inputs = np.array([tokens[:steps] for tokens in sequences], np.int32).T
    together = read_sequences(VOCABULARY, TONE_CLASSES, LAYOUT, inputs)
    classes = echo_classes(together.line_of, together.line)
    assert classes.shape == (steps, steps, len(sequences))
    for column in range(len(sequences)):
        alone = read_sequences(VOCABULARY, TONE_CLASSES, LAYOUT, inputs[:, [column]])
        for name in NAMES:
            assert np.array_equal(getattr(together, name)[:, [column]], getattr(alone, name))
        reader = Reader(VOCABULARY, TONE_CLASSES, LAYOUT, 1)
        for step, token in enumerate(inputs[:, column]):
            reader.read(np.array([token]))
            expected = reader.echoes()[1][:, 0]
            assert np.array_equal(classes[step, : step + 1, column], expected)
            assert (classes[step, step + 1 :, column] == -1).all()


@given(st.lists(SEQUENCES, min_size=1, max_size=4), st.data())
def test_taking_rows_and_reading_commute(sequences, data):
    steps = min(map(len, sequences))
    inputs = np.array([tokens[:steps] for tokens in sequences], np.int32).T
    rows = np.array(data.draw(st.lists(st.integers(0, len(sequences) - 1), min_size=1, max_size=6)))
    fork = data.draw(st.integers(0, steps))
    reader = Reader(VOCABULARY, TONE_CLASSES, LAYOUT, len(sequences))
    for tokens in inputs[:fork]:
        reader.read(tokens)
    taken = reader.take(rows)
    for tokens in inputs[fork:]:
        found = taken.read(tokens[rows])
        expected = reader.read(tokens)  # what one reads does not touch the other
        for name in NAMES:
            assert np.array_equal(getattr(found, name), getattr(expected, name)[rows])
    for ours, theirs in zip(taken.echoes(), reader.echoes(), strict=True):
        assert np.array_equal(ours, theirs[:, rows])


def test_more_lines_are_read_than_int8_can_count():
    tokens = np.concatenate((VOCABULARY.prefix(None), VOCABULARY.encode("山河，" * 200)))
    reader = Reader(VOCABULARY, TONE_CLASSES, LAYOUT, 1)
    for token in tokens:
        reader.read(np.array([token]))
    ids, classes = reader.echoes()
    assert np.array_equal(ids[:, 0], tokens)
    assert (classes[:-3][ids[:-3] >= VOCABULARY.hanzi_ids[0]] == 3).sum() > 200


def test_a_vocabulary_without_the_token_that_parts_prefix_and_text_is_refused():
    with pytest.raises(TangyinError, check=lambda e: e.code == "model.no_text_token"):
        Reader(Vocabulary("日"), np.zeros(10, np.uint8), LAYOUT, 1)


def test_the_layout_says_what_the_places_and_tones_mean(extra_form):
    assert FeatureLayout.of(VOCABULARY) == LAYOUT == FeatureLayout.of(Vocabulary("日"))
    assert (LAYOUT.places, LAYOUT.tones) == (2 + 7 * 9 * 8, 256)
    six = extra_form("六言", "liuyan", lines=10, characters=6)
    vocabulary = Vocabulary(HANZI, prefix_tokens(LEVEL_RHYMES, [six]))
    layout = FeatureLayout.of(vocabulary)
    assert layout.forms == (*LAYOUT.forms, "六言")
    assert (layout.first_lines, layout.lines, layout.columns) == ((5, 6, 7), 11, 8)
    text = vocabulary.encode("白日依山盡黃，" + "河，" * 9)
    for form, kind, first_line in ((six, 8, 8), (None, 2, 0)):
        tokens = np.concatenate((vocabulary.prefix(form), text))
        found = read_sequences(vocabulary, tone_classes(vocabulary), layout, tokens[:, None])
        assert found.place[1, 0] == 2 + first_line * 11 * 8
        assert found.place[-3:, 0].tolist() == [2 + (kind * 11 + 9) * 8 + n for n in (0, 1, 8)]


def test_more_tone_classes_have_more_digits():
    classes = np.where(TONE_CLASSES == 2, 4, TONE_CLASSES).astype(np.uint8)
    tokens = np.concatenate((VOCABULARY.prefix(WUJUE), VOCABULARY.encode("白日，山")))
    layout = FeatureLayout(tone_classes=5)
    found = read_sequences(VOCABULARY, classes, layout, tokens[:, None])
    # After 山: 日 is opposite and second in the line before, 山 was read.
    assert (layout.tones, found.tone[-1, 0]) == (625, 4 + 5 * 1 + 5**3 * 4)


def test_tone_classes_are_those_of_the_lexicon():
    vocabulary = Vocabulary("山日看㐀", prefix_tokens("東"))
    classes = tone_classes(vocabulary)
    assert classes.dtype == np.uint8
    assert classes[vocabulary.hanzi_ids[:3]].tolist() == [1, 2, 3]
    assert classes[: vocabulary.id("山")].tolist() == [0] * 8
    assert not classes[vocabulary.outputs :].any()
    assert vocabulary.id(UNK) == 0
