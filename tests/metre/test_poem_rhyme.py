import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.corpus import TRAIN
from tangyin.metre import LEVEL_RHYMES, check_text, readings_of, rhyme_of_poem
from tangyin.verse import read_verse


@pytest.mark.parametrize(
    ("text", "rhyme"),
    [
        ("白日依山盡，黃河入海流。欲窮千里目，更上一層樓。", "尤"),
        ("床前看月光，疑是地上霜。舉頭望山月，低頭思故鄉。", "陽"),
        ("黃河遠上白雲間，一片孤城萬仞山。羌笛何須怨楊柳，春風不度玉門關。", "刪"),
        # the first line is free to rhyme with another, or not at all
        ("清明時節雨紛紛，路上行人欲斷魂。借問酒家何處有，牧童遙指杏花村。", "元"),
        # 春眠不覺曉 rhymes in an oblique tone
        ("春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。", None),
        # 東 and 冬 are two rhymes
        ("一二三四東，一二三四東。一二三四東，一二三四冬。", None),
    ],
)
def test_known_poems_rhyme_as_their_readers_say(text, rhyme):
    assert rhyme_of_poem(read_verse(text).lines) == rhyme


ends = st.sampled_from("流樓山間東冬光霜中重思為看")


@given(st.lists(ends, min_size=1, max_size=4), st.lists(ends, min_size=4, max_size=4))
def test_it_is_the_first_rhyme_that_every_even_line_can_end_in(even, odd):
    lines = [line for pair in zip(odd, even, strict=False) for line in pair]
    common = [
        rhyme
        for rhyme in LEVEL_RHYMES
        if all(any(r.level and r.rhyme == rhyme for r in readings_of(end)) for end in even)
    ]
    assert rhyme_of_poem(lines) == (common[0] if common else None)


@pytest.mark.parametrize("lines", [[], ["白日依山盡"]], ids=["none", "one"])
def test_without_an_even_line_there_is_no_rhyme(lines):
    assert rhyme_of_poem(lines) is None


@pytest.mark.corpus
def test_regulated_poems_have_the_rhyme_that_the_checker_finds(corpus):
    texts = corpus.select(forms=["五律"], dynasties=["tang"], parts=[TRAIN]).text[::60]
    reports = [check_text(text) for text in texts]
    regulated = [(t, r) for t, r in zip(texts, reports, strict=True) if r.regulated]
    assert len(regulated) > 80
    same = sum(rhyme_of_poem(read_verse(text).lines) == report.rhyme for text, report in regulated)
    assert same >= 0.97 * len(regulated)
