"""詞 by tunes, 排律 and 古體, written by a model of random weights: the rules alone make them."""

import pytest

from tangyin.api import Writer, check_sheet
from tangyin.errors import UsageError
from tangyin.metre import LEVEL_RHYMES, check_poem, readings_of
from tangyin.metre.books import CILIN
from tangyin.verse import (
    CI,
    FORMS,
    KINDS,
    STOPS,
    TITLE,
    Form,
    form_named,
    prefix_tokens,
    split_lines,
)
from tangyin.verse.tune import variant_named
from tangyin.writing import Request, guide_for, prefix_for

TUNES = ("浣溪沙", "菩薩蠻", "如夢令", "水調歌頭", "釵頭鳳", "西江月", "念奴嬌", "長相思")
HEADING = "如夢令"


@pytest.fixture(scope="module")
def writer(random_model, report_model):
    hanzi = report_model.vocabulary.hanzi
    tokens = prefix_tokens(LEVEL_RHYMES, (*FORMS, *KINDS))
    return Writer(random_model("".join(hanzi), FORMS, prefixes=tokens, scale=0.3))


def _tones(character):
    return {"平" if reading.level else "仄" for reading in readings_of(character)}


def _parts(characters, tone):
    parts = ({p.part for p in CILIN.places(c) if p.level == (tone == "平")} for c in characters)
    return set.intersection(*parts)


@pytest.mark.parametrize("tune", TUNES)
def test_a_ci_keeps_the_tones_the_rhymes_and_the_repetitions_of_its_tune(writer, tune):
    form = form_named(tune)
    for verse in writer.write_many(form=tune, count=2, seed=5, particles=8):
        lines, marks = split_lines(verse.text.replace("、", "，"))
        assert lines == verse.lines
        assert tuple(map(len, lines)) == form.widths
        ends = {}
        for line, mark, of in zip(lines, marks, form.variant.lines, strict=True):
            for character, tone in zip(line, of.tones, strict=True):
                assert tone == "中" or tone in _tones(character)
            assert (mark in STOPS) == (of.rhyme >= 0)
            if of.rhyme >= 0 and not of.repeats:
                ends.setdefault((of.rhyme, of.tones[-1]), []).append(line[-1])
        for (_, tone), feet in ends.items():
            assert len(set(feet)) == len(feet)
            assert _parts(feet, tone)
        text = "".join(lines)
        assert all(text[place] == text[earlier] for place, earlier in form.repeats.items())


def test_pauses_inside_a_sentence_are_written_as_such(writer):
    form = form_named("水調歌頭", variant=2)
    (verse,) = writer.write_many(form="水調歌頭", variant=2, seed=1, particles=4)
    pauses = sum(line.end == "讀" for line in form.variant.lines)
    assert verse.text.count("、") == pauses
    first, second = str(verse).splitlines()  # a stanza a row
    assert (first + second, len(first)) == (verse.text, 48 + 9)


def test_a_ci_on_given_words_takes_their_rhyme(writer):
    verse = writer.write("□□□□□月。", form=HEADING, seed=3, particles=8)
    assert verse.lines[0].endswith("月")
    lines = variant_named(HEADING).lines
    feet = [verse.lines[n][-1] for n, of in enumerate(lines) if of.rhyme >= 0 and not of.repeats]
    assert len(feet) > 2
    assert _parts(feet, "仄") == {"第十八部"}


def test_the_rhyme_of_a_ci_is_a_part_or_one_of_its_characters(writer):
    for rhyme in ("第七部", "山"):
        verse = writer.write(form="浣溪沙", rhyme=rhyme, seed=2, particles=8)
        assert "第七部" in _parts([verse.lines[n][-1] for n in (0, 1, 2, 4, 5)], "平")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"form": "浣溪沙", "start": "明明明"}, "request.tune_misfit"),
        ({"form": "浣溪沙", "strict": True}, "request.not_of_tune"),
        ({"form": "浣溪沙", "include": ["明月明月明月明月"]}, "request.word_long"),
        ({"form": "浣溪沙", "include": ["月月月月"]}, "request.no_room"),
        ({"form": "調笑令", "acrostic": "春秋冬梅桃花花山"}, "request.tune_repeat"),
        ({"form": "浣溪沙", "variant": 99}, "tune.no_variant"),
        ({"form": "七律", "variant": 3}, "request.variant"),
        ({"form": "浣溪沙", "rhyme": "屋"}, "request.part_of_tune"),
        ({"form": "浣溪沙", "rhyme": "第九十部"}, "request.unknown_part"),
        ({"form": "念奴嬌", "start": "大江東去，□□□。"}, "text.mark_inside_line"),
        ({"form": "浣溪沙", "lines": 12}, "form.lines_fixed"),
        ({"form": "五律", "lines": 12}, "form.lines_fixed"),
        ({"form": "五言排律", "lines": 13}, "form.lines"),
        ({"form": "五言排律", "lines": 8}, "form.lines"),
        ({"form": "五古"}, "form.not_regulated"),
    ],
)
def test_what_a_form_has_no_room_for_is_refused(writer, refused, options, code):
    with refused(code):
        writer.write(**options)


def test_words_are_placed_in_a_ci_where_tones_and_rhymes_allow_them(writer):
    for verse in writer.write_many(form="浣溪沙", include=["明月", "秋風"], seed=3, count=3):
        assert all(any(word in line for line in verse.lines) for word in ("明月", "秋風"))
        assert verse.prosody.regulated


def test_the_heads_of_repeated_lines_are_repeated(writer):
    verse = writer.write(form="調笑令", acrostic="春春冬梅桃花花山", seed=1, particles=8)
    assert verse.lines[0] == verse.lines[1]
    assert [line[0] for line in verse.lines] == [*"春春冬梅桃花花山"]
    later = writer.write("□□□月", form="調笑令", seed=1, particles=8)
    assert later.lines[:2] == (later.lines[0],) * 2
    assert later.lines[0][1] == "月"


def test_candidates_and_lines_of_a_ci_keep_its_tune(writer):
    rows = ["昨夜雨疏風驟", "濃睡不消殘酒", "試問捲簾人", "", "知否"]
    foot = writer.candidates(rows, 4, 6, form="如夢令", count=20)
    assert "第十二部" in _parts([c.text for c in foot.candidates], "仄")
    assert not {"驟", "酒", "否"} & {c.text for c in foot.candidates}
    assert [c.text for c in writer.candidates(rows, 6, 2, form="如夢令").candidates] == ["否"]
    asked = writer.candidates(rows, 4, 6, form="如夢令", asked="花").asked
    assert {reason.kind for reason in asked.reasons} == {"出韻"}
    assert [way.text for way in writer.lines(rows, 6, form="如夢令")] == ["知否"]
    for way in writer.lines(rows, 7, form="如夢令"):
        assert not check_sheet([*rows[:3], "", *rows[4:], "知否", way.text], "如夢令").report.faults


def test_sheets_have_the_lines_of_their_form(writer):
    report = check_sheet(["煙消湘渚秋江靜", "", "五雲"], "臨江仙·2")
    assert [len(signs) for signs in report.signs] == [7, 6, 7, 4, 5, 7, 6, 7, 4, 5]
    assert report.rhyming == (2, 3, 5, 7, 8, 10)
    assert len(check_sheet(["白日依山盡"] * 13, "五言排律").signs) == 14
    assert len(check_sheet([], "五言排律").signs) == 10
    assert check_sheet(["白日依山盡"], "七古").report is None
    assert len(writer.candidates(["白日依山盡"], 2, 5, form="五古").candidates) == 12
    with pytest.raises(UsageError, match="has 5 characters"):
        check_sheet(["煙消湘渚秋江靜", "", "", "五雲雙鶴去"], "臨江仙·2")


def test_a_model_of_other_forms_does_not_write_them(report_writer, refused):
    for form in ("浣溪沙", "五言排律", "七古"):
        with refused("form.not_trained"):
            report_writer.write(form=form)


def test_pailu_of_any_length_keeps_the_rules(writer):
    for lines in (10, 24):
        verse = writer.write(form="五言排律", lines=lines, seed=1, particles=8)
        report = check_poem(verse.lines)
        assert len(verse.lines) == lines
        assert report.regulated
        assert report == verse.prosody


def test_old_style_verse_and_free_ci_keep_the_shape_alone(writer):
    old = writer.write(form="七古", lines=6, regulated=False, seed=1)
    assert [len(line) for line in old.lines] == [7] * 6
    free = writer.write(form="念奴嬌", regulated=False, seed=1)
    assert tuple(map(len, free.lines)) == form_named("念奴嬌").widths


def test_a_model_knows_a_tune_as_the_title_and_is_guided_by_the_subject_alone(writer):
    vocabulary = writer.engine.vocabulary
    form = form_named("如夢令")
    plain = prefix_for(Request(form), vocabulary)
    assert plain.tolist() == vocabulary.prefix(CI, title="如夢令").tolist()
    assert vocabulary.id(TITLE) in plain
    assert guide_for(Request(form), vocabulary) is None
    titled = Request(form, title="春日")
    assert prefix_for(titled, vocabulary).tolist() == (
        vocabulary.prefix(CI, title="如夢令春日").tolist()
    )
    assert guide_for(titled, vocabulary).without.tolist() == plain.tolist()


def test_places_of_unequal_lines_are_counted_with_their_marks():
    form = Form.of_tune(variant_named("如夢令"))
    assert form.hanzi == sum(form.widths) == form.starts[-1]
    assert [form.line_of(place) for place in (0, form.widths[0] - 1, form.widths[0])] == [0, 0, 1]
    assert form.targets == form.hanzi + form.lines + 1
