import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.data.files import data_file
from tangyin.verse import split_lines
from tangyin.writing import novelty
from tangyin.writing.novelty import LineFilter, corpus_lines

LINES = st.text(alphabet="山水風月花鳥雲雨日夜春秋", min_size=5, max_size=7)


@pytest.fixture(scope="module")
def known(corpus):
    """Every distinct line of the prepared corpus."""
    return {line for text in corpus.text for line in split_lines(text)[0]}


def test_no_line_of_the_prepared_corpus_is_missed(known):
    assert len(known) > 1_000_000
    assert {len(line) for line in known} == {5, 7}
    filter_ = corpus_lines()
    assert all(line in filter_ for line in known)


@pytest.mark.parametrize("length", [5, 7])
def test_at_most_one_stranger_in_a_hundred_is_taken_for_a_line(known, length):
    chance = random.Random(length)
    characters = sorted({c for line in list(known)[:20_000] for c in line})
    strangers = {"".join(chance.choices(characters, k=length)) for _ in range(30_000)} - known
    filter_ = corpus_lines()
    false = sum(line in filter_ for line in strangers) / len(strangers)
    assert 0.002 < false < 0.01


def test_lines_of_the_corpus_with_two_characters_exchanged_pass_as_new(known):
    chance = random.Random(1)
    altered = []
    for line in chance.sample(sorted(known), 10_000):
        at = chance.randrange(len(line) - 1)
        altered.append(line[:at] + line[at + 1] + line[at] + line[at + 2 :])
    new = [line for line in altered if line not in known]
    filter_ = corpus_lines()
    assert sum(line in filter_ for line in new) / len(new) < 0.02


def test_the_shipped_filter_is_no_larger_than_four_megabytes():
    assert len(data_file("corpus_lines.bloom").read_bytes()) <= 4_000_000


@settings(deadline=None, max_examples=60, derandomize=True)
@given(lines=st.sets(LINES, max_size=40), others=st.sets(LINES, max_size=40))
def test_a_filter_has_its_lines_and_survives_being_stored(lines, others):
    filter_ = LineFilter.of(lines)
    stored = filter_.to_bytes()
    again = LineFilter.from_bytes(stored)
    assert again.to_bytes() == stored
    for line in lines:
        assert line in filter_
    for line in lines | others:
        assert (line in filter_) == (line in again)


def test_the_order_of_lines_does_not_matter():
    lines = ["白日依山盡", "黃河入海流", "欲窮千里目"]
    assert LineFilter.of(lines).to_bytes() == LineFilter.of(lines[::-1]).to_bytes()


@pytest.mark.parametrize(
    "harm",
    [
        lambda stored: b"",
        lambda stored: bytes(16),
        lambda stored: stored[:10],
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


def test_a_request_that_no_poem_meets_fails(first_poem, refused, monkeypatch):
    class Everything:
        def __contains__(self, line):
            return True

    monkeypatch.setattr(novelty, "corpus_lines", Everything)
    with refused("writing.no_poem", tries=12):
        first_poem(particles=1)
