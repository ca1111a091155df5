"""The dynamic programme against trying every reading."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from tangyin.metre.lexicon import place_of, tone_costs
from tangyin.metre.pattern import DA_AO, line_pattern
from tangyin.metre.reading import FAULT, assign

AMBIGUOUS = "看思過教勝望爲行長重應難相中間觀吹聽論如令"
PLAIN = "山水月風明夜人日花落春草白玉天海雲石青不一去生年"
CHARACTERS = st.sampled_from(AMBIGUOUS + PLAIN)


def poems(lines, length):
    return st.lists(
        st.text(CHARACTERS, min_size=length, max_size=length), min_size=lines, max_size=lines
    ).map(tuple)


def faults_of(patterns, rhymed):
    """Faults of settled tones, counted by the words of the rules and not by our tables."""
    total = 0
    for number, pattern in enumerate(patterns):
        core = pattern.tones[-5:]
        following = patterns[number + 1].tones[-5:] if number + 1 < len(patterns) else None
        if len(pattern.tones) == 7 and pattern.tones[1] == core[1]:
            total += 1
        kind = {"ZZ": "a", "ZP": "A", "PZ": "b", "PP": "B"}[core[1] + core[4]]
        if kind == "a" and core[3] == "Z":
            rescue = number % 2 == 0 and following is not None and following[2] == "P"
            whole = following is not None and (following[1], following[3:]) == ("P", "ZP")
            front = patterns[number + 1].tones if following else ""
            whole = whole and (len(front) == 5 or front[1] != front[3])
            total += not (rescue and whole)
        elif kind == "A":
            total += core[2:] == "PPP" or core[3] == "Z"
        elif kind == "b":
            total += core[2:4] == "PP" or (core[2:4] == "ZP" and core[0] == "Z")
        elif kind == "B":
            total += core[3] == "P" or (core[0] == "Z" and core[2] == "Z")
        if number:
            before = patterns[number - 1].tones[-5:]
            total += (before[1] == core[1]) == (number % 2 == 1)
            total += number % 2 == 0 and core[4] == "P"
        total += not rhymed[number]
    return total


def every_reading(lines, reading):
    """The least faults over all readings with the line ends that the assignment took."""
    ends = [pattern.tones[-1] for pattern in reading.patterns]
    rhymed = [
        n % 2 == 0 or reading.rhyme in place_of(line[-1]).rhymes for n, line in enumerate(lines)
    ]
    options = []
    for line, end in zip(lines, ends, strict=True):
        tones = []
        for at in range(len(line) - 1):
            costs = tone_costs(line, at)
            tones.append([t for t, c in zip("PZ", costs, strict=True) if c < FAULT])
        options.append([line_pattern("".join(t) + end) for t in product(*tones)])
    return min(faults_of(patterns, rhymed) for patterns in product(*options))


@given(poems(2, 5) | poems(2, 7) | poems(3, 5))
def test_no_reading_has_fewer_faults_than_the_one_found(lines):
    reading = assign(lines)
    if reading.oblique:
        return
    first_is_level = reading.patterns[0].tones[-1] == "P"
    fewest = every_reading(lines, reading)
    # What a level first line owes the rhyme is counted apart.
    assert reading.faults - fewest in ((0, 1) if first_is_level else (0,))


@given(poems(4, 5) | poems(8, 5) | poems(4, 7) | poems(8, 7) | poems(5, 5) | poems(12, 7))
def test_every_poem_has_one_reading_that_its_characters_allow(lines):
    reading = assign(lines)
    assert [len(pattern.tones) for pattern in reading.patterns] == [len(line) for line in lines]
    for line, pattern in zip(lines, reading.patterns, strict=True):
        for at in range(len(line) - 1):
            level, oblique = tone_costs(line, at)
            assert (level if pattern.tones[at] == "P" else oblique) < FAULT


def test_two_places_may_read_one_character_in_two_ways():
    lines = ("相見時難別亦難", "東風無力百花殘", "春蠶到死絲方盡", "蠟炬成灰淚始乾",
             "曉鏡但愁雲鬢改", "夜吟應覺月光寒", "蓬山此去無多路", "青鳥殷勤爲探看")  # fmt: skip
    reading = assign(lines)
    assert reading.faults == 0
    assert reading.rhyme == "寒"
    assert reading.patterns[7].tones[-1] == "P"


def test_a_rescue_is_not_counted_when_the_rescuer_is_no_line_of_its_type():
    reading = assign(("中歲頗好道", "晚家南山陲"))
    assert reading.patterns[0].licence == DA_AO
    assert reading.faults == 2
