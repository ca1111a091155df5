import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.data.files import data_file
from tangyin.metre import novelty
from tangyin.metre.novelty import LineFilter, corpus_lines, near_lines, with_hole
from tangyin.verse import split_lines

LINES = st.text(alphabet="山水風月花鳥雲雨日夜春秋", min_size=5, max_size=7)


@pytest.fixture(scope="module")
def some(corpus):
    """The lines of some poems of the prepared corpus."""
    return [line for text in corpus.text[::25] for line in split_lines(text)[0]]


@pytest.fixture(scope="module")
def known(corpus):
    """Every distinct line of the prepared corpus."""
    return {line for text in corpus.text for line in split_lines(text)[0]}


def test_no_line_of_the_prepared_corpus_is_missed(some):
    assert len(some) > 50_000
    filter_ = corpus_lines()
    assert all(line in filter_ for line in some)


@pytest.mark.parametrize("length", [5, 7])
def test_at_most_one_stranger_in_a_hundred_is_taken_for_a_line(known, some, length):
    chance = random.Random(length)
    characters = sorted({c for line in some for c in line})
    strangers = {"".join(chance.choices(characters, k=length)) for _ in range(30_000)} - known
    filter_ = corpus_lines()
    false = sum(line in filter_ for line in strangers) / len(strangers)
    assert 0.002 < false < 0.01


def test_no_line_of_tang_with_a_hole_is_missed_and_no_end_of_song(corpus):
    filter_ = near_lines()
    for dynasty, holes in (("tang", range(-5, 0)), ("song", (-1,))):
        texts = corpus.select(dynasties=[dynasty]).text[::50]
        lines = {line for text in texts for line in split_lines(text)[0]}
        assert len(lines) > 1000
        assert all(with_hole(line, len(line) + hole) in filter_ for line in lines for hole in holes)


@pytest.mark.parametrize(("name", "most"), [("corpus_lines", 4_000_000), ("near_lines", 6_000_000)])
def test_the_shipped_filters_stay_small(name, most):
    assert len(data_file(f"{name}.bloom").read_bytes()) <= most


@settings(derandomize=True)
@given(lines=st.sets(LINES, max_size=40), others=st.sets(LINES, max_size=40))
def test_a_filter_has_its_lines_and_survives_being_stored(lines, others):
    filter_ = LineFilter.of(lines)
    stored = filter_.to_bytes()
    assert LineFilter.of(sorted(lines)).to_bytes() == stored
    again = LineFilter.from_bytes(stored)
    assert again.to_bytes() == stored
    assert all(line in filter_ for line in lines)
    assert all((line in filter_) == (line in again) for line in others)


@pytest.mark.parametrize(
    "harm",
    [
        lambda stored: b"",
        lambda stored: stored[:16],
        lambda stored: stored[:-1],
        lambda stored: stored + b"\0",
        lambda stored: bytes([stored[0] ^ 8]) + stored[1:],
        lambda stored: stored[:12] + bytes([stored[12] ^ 1]) + stored[13:],
        lambda stored: stored[:-5] + bytes([stored[-5] ^ 1]) + stored[-4:],
        lambda stored: bytes(len(stored)),
    ],
)
def test_a_damaged_file_is_refused(harm, refused):
    stored = LineFilter.of(f"line {number}" for number in range(500)).to_bytes()
    with refused("writing.line_filter_damaged"):
        LineFilter.from_bytes(harm(stored))


# Poems under the filter.

RULES = ("argmax", "random-k", "top-p", "temperature")


@pytest.fixture
def known_lines(monkeypatch):
    """Make these lines, and no others, those of the corpus."""

    def know(*lines):
        # A set: a filter of few lines takes others for them.
        monkeypatch.setattr(novelty, "corpus_lines", lambda: frozenset(lines))
        monkeypatch.setattr(novelty, "near_lines", frozenset)

    return know


@pytest.mark.parametrize("rule", RULES)
def test_a_line_of_the_corpus_is_not_written_unless_quotes_are_allowed(
    first_poem, known_lines, rule
):
    known_lines("無")
    poem = first_poem(rule)
    for quoted in (poem.lines[0], poem.lines[3], poem.lines[7]):
        known_lines(quoted)
        other = first_poem(rule)
        assert quoted not in other.lines
        assert first_poem(rule, allow_quotes=True) == poem


@pytest.mark.parametrize("start", ["□□□□風", "白日依□盡", "□日依山盡"])
def test_nor_is_one_whose_last_character_was_given(first_poem, known_lines, start):
    """The line is only known when its free characters are: it is checked all the same."""
    known_lines("無")
    poem = first_poem(start=start)
    quoted = poem.lines[0]
    known_lines(quoted)
    other = first_poem(start=start)
    assert other.lines[0] != quoted
    assert other.lines[0][-1] == quoted[-1]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("hole", range(5))
def test_nor_is_a_line_that_differs_in_one_character(
    first_poem, known_lines, monkeypatch, rule, hole
):
    known_lines("無")
    near = {with_hole(line, hole) for line in first_poem(rule).lines}
    monkeypatch.setattr(novelty, "near_lines", lambda: near)
    assert not near & {with_hole(line, hole) for line in first_poem(rule).lines}


def test_a_line_of_which_most_is_given_may_be_near_a_known_one(
    first_poem, known_lines, monkeypatch
):
    known_lines("無")
    near = {with_hole("白日依山盡", hole) for hole in range(5)}
    monkeypatch.setattr(novelty, "near_lines", lambda: near)
    assert first_poem(start="白日依山□").lines[0].startswith("白日依山")


def test_a_request_that_no_poem_meets_fails(first_poem, refused, monkeypatch):
    class Everything:
        def __contains__(self, line):
            return True

    monkeypatch.setattr(novelty, "corpus_lines", Everything)
    with refused("writing.no_poem", tries=12):
        first_poem(particles=1)
