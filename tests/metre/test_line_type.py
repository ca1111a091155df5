import re
from itertools import product

import pytest

from tangyin.metre import SEQUENCES, TYPES, line_pattern, patterns_of_type, sequence_of

# The table of line types as a scholar writes it: type, pattern, what it is.
TABLE = [
    ("a", ".ZPPZ", ""), ("a", ".ZZPZ", "小拗"), ("a", ".Z.ZZ", "大拗"),
    ("A", ".ZZPP", ""), ("A", ".ZPPP", "三平尾"), ("A", ".Z.ZP", "出律"),
    ("b", ".PPZZ", ""), ("b", "PPZPZ", "特定句式"), ("b", "ZPZPZ", "特定句式首字仄"),
    ("b", ".PZZZ", "三仄尾"), ("b", ".PPPZ", "出律"),
    ("B", "PP.ZP", ""), ("B", "ZPPZP", "孤平拗救"), ("B", "ZPZZP", "孤平"), ("B", ".P.PP", "出律"),
]  # fmt: skip
CORES = ["".join(tones) for tones in product("PZ", repeat=5)]


@pytest.mark.parametrize("tones", CORES)
def test_each_core_is_what_the_table_says_and_only_that(tones):
    rows = [(kind, name) for kind, shape, name in TABLE if re.fullmatch(shape, tones)]
    pattern = line_pattern(tones)
    assert rows == [(pattern.type, pattern.licence or pattern.fault or pattern.warning)]


@pytest.mark.parametrize("front", ["PP", "PZ", "ZP", "ZZ"])
def test_a_line_of_seven_is_its_core_with_an_opposite_second_in_front(front):
    for core in CORES:
        short, long = line_pattern(core), line_pattern(front + core)
        assert long.type == short.type
        assert long.front == (front[1] == core[1])
        assert long.faults == short.faults + long.front
        assert long.places == tuple(place + 2 for place in short.places)


@pytest.mark.parametrize("characters", [5, 7])
def test_patterns_of_a_type_are_all_the_faultless_ones_and_strict_ones_have_no_licence(characters):
    for kind in TYPES:
        free = patterns_of_type(kind, characters)
        strict = patterns_of_type(kind, characters, licences=False)
        assert set(strict) <= set(free)
        assert (set(strict) == set(free)) == (kind == "A")
        assert all(pattern.letter == kind and not pattern.faults for pattern in free)
        assert not any(pattern.licence or pattern.warning for pattern in strict)
    whole = sum(line_pattern("".join(t)).faults == 0 for t in product("PZ", repeat=characters))
    assert sum(len(patterns_of_type(kind, characters)) for kind in TYPES) == whole


def test_sequences_oppose_in_couplets_and_adhere_between_them():
    group = {"a": "Z", "A": "Z", "b": "P", "B": "P"}
    for sequence in SEQUENCES:
        types = sequence.for_lines(24)
        assert types[:8] == sequence.types
        assert all(group[x] != group[y] for x, y in zip(types[::2], types[1::2], strict=True))
        assert all(group[x] == group[y] for x, y in zip(types[1:-1:2], types[2::2], strict=True))
        assert types[1::2].isupper()
        assert types[2::2].islower()
        assert sequence_of(types) == sequence
    assert sequence_of("aBaB") is None


def test_seven_character_sequences_exchange_the_names():
    assert SEQUENCES[0].name(5) == "仄起首句不入韻"
    assert SEQUENCES[0].name(7) == "平起首句不入韻"
