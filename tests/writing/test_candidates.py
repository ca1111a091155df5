"""Characters, words and lines for places of a poem, finished or not."""

import numpy as np
import pytest

from tangyin.errors import UsageError
from tangyin.metre import check_poem, readings_of
from tangyin.scoring import score_texts
from tangyin.verse import WULV
from tangyin.web.bodies import SPRING
from tangyin.writing import candidates

LINES = SPRING.replace("，", "。").split("。")[:-1]
WEI = ["", "暮山催客歸", "", "", "", "寒窗人影微"]


def faults(rows):
    return len(check_poem([row.ljust(5, "□") for row in rows] + ["□" * 5] * (8 - len(rows))).faults)


def put(rows, line, place, text):
    rows = [*rows, *[""] * (8 - len(rows))]
    row = rows[line - 1].ljust(5, "□")
    rows[line - 1] = row[: place - 1] + text + row[place - 1 + len(text) :]
    return rows


def test_a_foot_gets_characters_of_the_poems_rhyme_alone(report_writer):
    found = report_writer.candidates(WEI, 2, 5, count=30)
    rhymes = [{r.rhyme for r in readings_of(c.text) if r.level} for c in found.candidates]
    assert len(rhymes) > 20
    assert all("微" in own for own in rhymes)
    assert all((c.tone, c.rhyme) == ("平", "微") for c in found.candidates)
    assert not {"同", "通", "驚"} & {c.text for c in found.candidates}


def test_the_character_at_a_place_does_not_hide_those_that_fit(report_writer):
    rows = ["□□□□□", "□□□□暉", "", "落葉滿征衣"]
    texts = {c.text for c in report_writer.candidates(rows, 4, 5, count=50).candidates}
    assert texts >= {*"飛輝扉圍霏違依"} & set(report_writer.engine.vocabulary.hanzi)


@pytest.mark.parametrize("place", [(1, 1), (2, 3), (4, 5), (5, 1), (8, 4)])
@pytest.mark.parametrize("rows", [LINES, LINES[:3], [], WEI], ids=range(4))
def test_no_candidate_adds_a_fault_and_there_always_are_some(report_writer, rows, place):
    opened = faults(put(rows, *place, "□"))
    found = report_writer.candidates(rows, *place, count=6)
    assert len(found.candidates) == 6
    assert found.allowed >= 6
    for candidate in found.candidates:
        assert faults(put(rows, *place, candidate.text)) <= opened


def test_a_poem_with_faults_elsewhere_still_gets_candidates_that_add_none(report_writer):
    spoilt = [*LINES[:5], "家書不見春", *LINES[6:]]
    for candidate in report_writer.candidates(spoilt, 4, 5, count=5).candidates:
        assert faults(put(spoilt, 4, 5, candidate.text)) == faults(put(spoilt, 4, 5, "□")) > 0


def test_the_order_is_that_of_whole_poems(report_writer, monkeypatch):
    # Nothing given up, the likelihoods are those of the poems with each candidate.
    monkeypatch.setattr("tangyin.writing.weighing.STAY", 1.0)
    found = report_writer.candidates(LINES, 3, 3, count=5).candidates
    texts = ["".join(a + b for a, b in zip(put(LINES, 3, 3, c.text), "，。" * 4, strict=True))
             for c in found]  # fmt: skip
    nll = np.array([score.nll for score in score_texts(report_writer.engine, texts, WULV)])
    own = np.array([candidate.log_likelihood for candidate in found])
    np.testing.assert_allclose(np.diff(own), -np.diff(nll), atol=0.02)


def test_what_follows_counts_even_behind_open_places(report_writer):
    empty = report_writer.candidates([], 1, 1, count=20).candidates
    after = report_writer.candidates(put([], 1, 3, "夜"), 1, 1, count=20).candidates
    assert [c.text for c in empty] != [c.text for c in after]


def test_words_of_two_characters_keep_the_rules_too(report_writer):
    rows = put(LINES[:3], 4, 4, "□□")
    found = report_writer.candidates(rows, 4, 4, length=2, count=8).candidates
    assert {len(candidate.text) for candidate in found} == {2}
    assert all(faults(put(rows, 4, 4, candidate.text)) == 0 for candidate in found)
    assert all(candidate.rhyme == "侵" for candidate in found)


def test_a_character_that_is_asked_about_has_its_rank_or_the_rule_against_it(report_writer):
    def asked(character, place=(4, 5), rows=LINES, **options):
        return report_writer.candidates(rows, *place, asked=character, **options).asked

    assert asked("心").rank == 1
    assert asked("心").reasons == ()
    assert [reason.kind for reason in asked("間").reasons] == ["出韻"]
    assert asked("間").rank == 0
    assert {reason.kind for reason in asked("深").reasons} >= {"重韻", "重字"}
    # The rhyme of the others decides who is to blame, not the first of two.
    assert [(f.line, f.kind) for f in asked("同", (2, 5), WEI).reasons] == [(2, "出韻")]
    assert not asked("㐀").known
    assert asked("间").character == "間"


def test_loosened_candidates_may_break_the_rules(report_writer):
    strict = report_writer.candidates(LINES, 4, 5)
    loose = report_writer.candidates(LINES, 4, 5, loosened=True)
    assert loose.allowed > strict.allowed
    assert loose.allowed == len(report_writer.engine.vocabulary.hanzi)


@pytest.mark.parametrize("given", [{"length": 3}, {"count": 51}, {"asked": "間心"}], ids=str)
def test_what_is_out_of_bounds_is_refused(report_writer, given):
    with pytest.raises(UsageError):
        report_writer.candidates(LINES, 1, 1, **given)


def test_alternatives_for_a_line_keep_what_is_given_and_add_no_fault(report_writer):
    begun = [*LINES[:3], "恨別"]
    ways = report_writer.lines(begun, 4, count=3, seed=1)
    assert len({way.text for way in ways}) == 3
    for way in ways:
        assert way.text.startswith("恨別")
        assert faults([*begun[:3], way.text]) == 0
    assert any(not w.text.startswith("恨別") for w in report_writer.lines(begun, 4, keep=False))
    assert report_writer.lines(begun, 4, count=3, seed=1) == ways


def test_alternatives_for_a_whole_line_differ_from_it_and_each_other(report_writer):
    ways = report_writer.lines(LINES, 5, count=3, seed=2)
    texts = [LINES[4], *(way.text for way in ways)]
    assert len(set(texts)) == 4
    assert all(faults([*LINES[:4], way.text, *LINES[5:]]) == 0 for way in ways)
    characters = "".join(LINES[:4] + LINES[5:])
    assert not any(set(way.text) & set(characters) for way in ways)


def test_a_given_character_that_the_model_lacks_stays_in_the_line(report_writer):
    assert "㐂" not in report_writer.engine.vocabulary
    for way in report_writer.lines([*LINES[:2], "□□㐂□□"], 3):
        assert way.text[2] == "㐂"


def test_the_second_line_of_a_couplet_is_judged_by_its_antithesis(report_writer):
    ways = report_writer.lines(LINES[:3], 4, count=3, seed=1)
    assert all(way.parallel is not None for way in ways)
    assert all(way.parallel is None for way in report_writer.lines(LINES[:4], 5, seed=1))


def test_a_line_can_be_written_where_the_rest_is_at_fault(report_writer):
    spoilt = [*LINES[:5], "家書不見春", *LINES[6:]]
    assert report_writer.lines(spoilt, 4, seed=1)


def test_only_the_likeliest_are_weighed_where_very_many_are_allowed(report_writer, monkeypatch):
    monkeypatch.setattr(candidates, "TRIED", 7)
    assert len(report_writer.candidates(LINES[:2], 3, 1, count=50).candidates) == 7
