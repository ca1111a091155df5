import re

import pytest

from tangyin.errors import UsageError
from tangyin.verse.tune import RHYMES, TuneLine, strangeness, tunes, tunes_named, variant_named

VARIANTS = [variant for tune in tunes() for variant in tune.variants]


def test_all_tunes_are_there():
    assert len(tunes()) == 817
    assert len(VARIANTS) == 2292  # two of the source's 2,294 are cut short and cannot be used


@pytest.mark.parametrize(
    ("name", "main"),
    [("水調歌頭", "水調歌頭"), ("水调歌头", "水調歌頭"), ("一剪梅", "一剪梅"), ("一翦梅", "一剪梅"),
     ("醉落魄", "一斛珠"), ("大江東去", "念奴嬌"), ("酹江月", "念奴嬌"),
     ("思佳客", "鷓鴣天"), ("采桑子", "採桑子"), ("后庭花破子", "後庭花破子"),
     ("減蘭", "減字木蘭花"), ("十六字令", "歸字謠")],
)  # fmt: skip
def test_a_tune_is_found_by_every_name_in_both_scripts(name, main):
    assert tunes_named(name)[0].name == main


def test_a_name_of_several_tunes_gives_the_one_it_is_the_main_name_of_first():
    assert [tune.name for tune in tunes_named("相見歡")] == ["相見歡"]
    for tune in tunes():
        assert tunes_named(tune.name)[0] is tune


def test_an_unknown_tune_is_answered_with_the_nearest_names():
    for name, near in (("水調歌", "水調歌頭"), ("abc", "念奴嬌")):
        with pytest.raises(UsageError, check=lambda e: e.code == "tune.unknown") as error:
            tunes_named(name)
        assert near in error.value.params["near"]


def test_a_variant_that_does_not_exist_is_answered_with_the_nearest():
    with pytest.raises(UsageError, check=lambda e: e.code == "tune.no_variant") as error:
        variant_named("水調歌頭", 99)
    assert error.value.params["nearest"] == 8


def test_a_mark_of_rhyme_is_not_taken_for_a_character():
    # The source writes 仄平平平仄韵 for 平仄 and the mark 仄韻.
    lines = variant_named("菩薩蠻").lines
    assert [len(line.tones) for line in lines] == [7, 7, 5, 5, 5, 5, 5, 5]
    assert [line.end for line in lines] == list("韻韻換韻換韻換韻")
    assert [line.rhyme for line in lines] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert lines[1] == TuneLine("中平中仄平平仄", "韻", 0)


def test_a_rhyme_in_the_other_tone_stays_in_its_group():
    lines = variant_named("西江月").lines
    assert [line.end for line in lines] == list("句韻韻叶句韻韻叶")
    assert {line.rhyme for line in lines if line.end != "句"} == {0}


def test_repeated_words_are_counted():
    assert [line.repeats for line in variant_named("如夢令").lines] == [0, 0, 0, 0, 0, 2, 0]
    assert [line.repeats for line in variant_named("憶秦娥").lines][2] == 3


def test_a_variant_has_the_lines_of_its_example():
    marks = {"、": "讀", "，": "句", "。": RHYMES}
    for variant in VARIANTS[::23]:
        found = re.findall("([^。，、]+)([。，、]?)", variant.example)
        for line, (words, mark) in zip(variant.lines, found, strict=True):
            assert len(line.tones) == len(words), variant.name
            assert line.end in marks[mark], variant.name


def test_rhyme_groups_are_numbered_as_they_begin():
    for variant in VARIANTS:
        begun = 0
        for line in variant.lines:
            assert (line.rhyme >= 0) == (line.end in RHYMES)
            assert (line.end == "換") == (line.rhyme == begun > 0)
            begun += line.rhyme == begun
        assert begun


@pytest.mark.parametrize("lengths", [(7, 7, 7, 7), (3, 5, 7, 7, 5), (1,), (40, 90, 30)])
def test_variants_of_other_lengths_are_skipped_without_a_difference(lengths):
    every = [strangeness(lengths, [tune]) for tune in tunes()]
    assert strangeness(lengths) == min(every)
    assert min(strangeness(lengths, [tune]) for tune in reversed(tunes())) == min(every)
