import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.api import Writer
from tangyin.errors import UsageError
from tangyin.model import Engine
from tangyin.prosody import LEVEL_RHYMES, SEQUENCES
from tangyin.prosody.lexicon import readings_of
from tangyin.verse import FORMS, QILV, WULV
from tangyin.writing import ParticleComposer, Request, Temperature, opening_of, plan
from tangyin.writing.constraints import FREE

IMPOSSIBLE = {
    # A character that cannot stand where the pattern wants it.
    "acrostic": ({"acrostic": "春夏秋冬東西南北", "strict": True}, "line 2, 夏□□□□, cannot stand"),
    "acrostic pattern": (
        {"acrostic": "不春春春", "strict": True, "pattern": "平起首句入韻"},
        "line 1, 不□□□□, cannot stand in 平起首句入韻, which wants 平平仄仄平 .* licences",
    ),
    "first line": ({"start": "花花花花花"}, "line 1, 花花花花花, cannot stand"),
    "given line": ({"start": "□□□□□□□□□□花花花花花"}, "line 3, 花花花花花, cannot stand"),
    "third of a poem": (
        {"start": "國破山河在城春草木深感時花濺淚花花花花花"},
        "line 4, 花花花花花, cannot stand in 仄起首句不入韻",
    ),
    "three levels": ({"start": "白日依山盡萬里春風來"}, "line 2, 萬里春風來, cannot stand"),
    "lone level": ({"start": "白日依山盡落花日日開"}, "line 2, 落花日日開, cannot stand"),
    "unrescued": (
        # 大拗, and a next line that cannot rescue it.
        {"start": "白日落日盡黃河入海流"},
        "line 1, 白日落日盡, cannot stand in 仄起首句不入韻",
    ),
    "strict licence": (
        {"start": "白日依山盡黃河入海流遙憐小兒女", "strict": True},
        "line 3, 遙憐小兒女, cannot stand in .* without licences",
    ),
    "two patterns": ({"start": "白日依山盡萬里有歸心"}, "line 2, 萬里有歸心, cannot"),
    "rare reading": ({"start": "□不", "pattern": "平起首句不入韻"}, "line 1, □不□□□, cannot"),
    # Rhyme.
    "oblique end": ({"start": "□□□□□□□□□月"}, "line 2, □□□□月, cannot stand"),
    "rhyme of a given end": (
        {"start": "□□□□□□□□□東", "rhyme": "冬"},
        "line 2 ends on 東, which does not rhyme in 冬; change that character or the rhyme",
    ),
    "ends that disagree": (
        {"start": "□□□□□□□□□東□□□□□□□□□山"},
        "line 4 ends on 山, which does not rhyme with the others given",
    ),
    "unknown rhyme": ({"rhyme": "送"}, "there is no level rhyme '送'; the rhymes are 東冬"),
    "two rhymes": ({"rhyme": "東冬"}, "there is no level rhyme '東冬'"),
    "no rhyme": ({"rhyme": "x"}, "there is no level rhyme 'x'"),
    "too few to rhyme": (
        {"rhyme": "江", "avoid": "江窗雙降邦缸腔撞龐釭杠幢"},
        "only [0-3] rhyme in 江, and there are [45] lines to rhyme; choose another rhyme",
    ),
    # Words.
    "long word": ({"include": ("明月松間照清",)}, "明月松間照清 is longer than a line of a 五律"),
    "word without room": (
        {"include": ("花花花花花",)},
        "there is no room for 花花花花花 in 仄起首句不入韻",
    ),
    "words without room": (
        {"start": "國破山河在城春草木深感時花濺淚恨別鳥驚心烽火連三月家書抵萬金",
         "include": ("明月", "清風", "白雲", "青山", "流水")},
        "there is no room for",
    ),
    "unknown word": ({"include": ("明㐂",)}, "the model does not know 㐂"),
    "word that is none": ({"include": ("abc",)}, "the model does not know a"),
    "avoided word": ({"include": ("明月",), "avoid": "月"}, "月 is to be avoided and is given"),
    "avoided start": ({"start": "日", "avoid": "日"}, "日 is to be avoided and is given as well"),
    "avoided head": ({"acrostic": "春夏秋冬", "avoid": "夏"}, "夏 is to be avoided"),
    # What cannot be read.
    "unknown pattern": ({"pattern": "拗體"}, "no pattern '拗體' of a 五律; there are 仄起"),
    "acrostic length": (
        {"acrostic": "春夏秋"},
        "the acrostic has 3 characters, and a 五律 has 8 lines; give 8 of them, or 4",
    ),
    "acrostic and start": (
        {"start": "日", "acrostic": "春夏秋冬"},
        "the acrostic wants 春 at the head of line 1, and the start has 日 there",
    ),
    "unknown start": ({"start": "㐂"}, "the model does not know the character 㐂"),
    "long start": ({"start": "日" * 41}, "the start has 41 characters"),
    "most": ({"most": 0}, "most is 0; give 1 or more"),
    "wish": ({"rime": "東"}, "there is no wish 'rime'; there are acrostic, allow_quotes, avoid"),
    "form": ({"form": "七律"}, "the model report knows 五律 only, and not 七律"),
}  # fmt: skip


@pytest.fixture(scope="module")
def writer(report_model):
    return Writer(report_model)


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_wish_is_refused_before_anything_is_written(writer, name):
    wishes, sentence = IMPOSSIBLE[name]
    with pytest.raises(UsageError, match=sentence) as refused:
        writer.write_many(**wishes)  # the call alone: no poem was asked for yet
    said = str(refused.value)
    assert "\n" not in said
    assert refused.value.exit_code == 2


def test_the_line_named_is_the_one_at_fault_by_the_pattern_that_fits_the_rest(writer):
    """One bad line in a poem of the rarest sequence."""
    poem = ["深居俯夾城", "春去夏猶清", "天意憐幽草", "人間重晚晴", "併添高閣迥", "微注小窗明",
            "越鳥巢乾後", "歸飛體更輕"]  # fmt: skip
    assert writer.write("".join(poem)).prosody.pattern == "平起首句入韻"
    for number in range(8):
        for bad in ("花花花花花", "山山山山山"):
            broken = [*poem[:number], bad, *poem[number + 1 :]]
            with pytest.raises(UsageError) as refused:
                writer.write_many("".join(broken))
            said = str(refused.value)
            assert said.startswith(f"line {number + 1}"), (said, broken)


def test_seven_character_lines_are_shown_their_whole_pattern(random_model, report_model):
    vocabulary = random_model(report_model.vocabulary.hanzi, (QILV,)).vocabulary
    with pytest.raises(
        UsageError,
        match="line 1, 日日日□□□□, cannot stand in 平起首句不入韻, which wants 平平仄仄平平仄",
    ):
        plan(Request(QILV, start="日日日", pattern="平起首句不入韻"), vocabulary)
    with pytest.raises(UsageError, match="which wants 仄仄平平仄仄平"):
        plan(Request(QILV, start="日山", pattern="仄起首句入韻"), vocabulary)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda s: s.types[:4])
def test_a_pattern_may_be_named_in_chinese_or_by_its_line_types(
    form, sequence, random_model, report_model
):
    vocabulary = random_model(report_model.vocabulary.hanzi, (form,)).vocabulary
    name = sequence.name(form.characters)
    for spelled in (name, name.replace("韻", "韵"), sequence.for_lines(form.lines)):
        planned = plan(Request(form, pattern=spelled), vocabulary)
        assert [fits for fits, _ in planned.sequences] == [sequence]


@pytest.mark.parametrize("rhyme", LEVEL_RHYMES)
def test_every_level_rhyme_can_be_asked_for_by_its_name(report_model, rhyme):
    if (
        len(
            [c for c in report_model.vocabulary.hanzi if rhyme in {r.rhyme for r in readings_of(c)}]
        )
        > 9
    ):
        planned = plan(Request(WULV, rhyme=rhyme), report_model.vocabulary)
        assert planned.asked == LEVEL_RHYMES.index(rhyme)


def test_a_given_first_line_that_rhymes_leaves_the_patterns_that_rhyme(report_model):
    """光 can be oblique, which verse hardly ever reads."""
    planned = plan(Request(WULV, start="床前明月光"), report_model.vocabulary)
    weights = {sequence.rhymed_start: weight for sequence, weight in planned.sequences}
    assert weights[True] > 10 * weights.get(False, 0)


def test_a_given_first_line_may_borrow_its_rhyme_unless_strict(report_model):
    # 風 is of 東, 龍 of 冬.
    wish = {"start": "東南一夜風□□□□□□□□□□□□□□龍", "pattern": "平起首句入韻"}
    planned = plan(Request(WULV, **wish), report_model.vocabulary)
    rhyme, stray = planned.fitting.rhyme(SEQUENCES[3], planned.given, planned.asked)
    assert (LEVEL_RHYMES[rhyme], stray) == ("冬", None)
    with pytest.raises(UsageError, match="line 4 ends on 龍, which does not rhyme"):
        plan(Request(WULV, **wish, strict=True), report_model.vocabulary)
    with pytest.raises(UsageError, match="line 4 ends on 山, which does not rhyme"):
        plan(
            Request(WULV, **{**wish, "start": wish["start"].replace("龍", "山")}),
            report_model.vocabulary,
        )


def test_what_is_given_stands_at_its_place(report_model):
    vocabulary = report_model.vocabulary

    def laid_out(**wishes):
        given_ = plan(Request(WULV, **wishes), vocabulary).given
        text = "".join("□" if c == FREE else vocabulary.hanzi[c] for c in given_)
        return [text[at : at + 5] for at in range(0, 40, 5)]

    blank = "□□□□□"
    assert laid_out() == [blank] * 8
    assert laid_out(start="明月") == ["明月□□□", *[blank] * 7]
    assert laid_out(start="明□□□□，□□日") == ["明□□□□", "□□日□□", *[blank] * 6]
    assert laid_out(start="国破山河在，城春") == ["國破山河在", "城春□□□", *[blank] * 6]
    assert laid_out(acrostic="春夏秋冬") == [
        line for c in "春夏秋冬" for line in (f"{c}□□□□", blank)
    ]
    heads = "春風日月山水人家"
    assert laid_out(acrostic=heads, start="□來□□春") == [
        "春來□□春",
        *[f"{c}□□□□" for c in heads[1:]],
    ]
    assert laid_out(acrostic=heads) == [f"{c}□□□□" for c in heads]


def test_free_writing_is_given_the_same(report_model):
    vocabulary = report_model.vocabulary
    opening = opening_of(Request(WULV, start="明月", acrostic="明夏秋冬"), vocabulary)
    shown = {place: vocabulary.tokens[token] for place, token in opening.items()}
    assert shown == {0: "明", 1: "月", 12: "夏", 24: "秋", 36: "冬"}
    marked = opening_of(Request(WULV, start="白日依山盡；黃河入海流！"), vocabulary)
    assert [vocabulary.tokens[marked[place]] for place in range(12)] == list(
        "白日依山盡；黃河入海流！"
    )


def test_one_word_to_include_is_not_taken_for_its_characters():
    assert Request(WULV, include="明月").include == ("明月",)
    assert Request(WULV, include=("明月", "清風")).include == ("明月", "清風")


def test_words_stand_wherever_they_fit(report_model):
    """Every place that the rules leave to a word is one that some particle gives it."""
    planned = plan(Request(WULV, include=("明月",)), report_model.vocabulary)
    hanzi = report_model.vocabulary.hanzi
    for sequence in SEQUENCES:
        places = set()
        for chance in np.linspace(0, 1, 200, endpoint=False):
            given_ = planned.fitting.place(
                sequence, planned.given, planned.words, planned.asked, np.array([chance])
            )
            text = "".join("□" if c == FREE else hanzi[c] for c in given_)
            assert text.replace("□", "") == "明月"
            places.add(text.index("明"))
        fitting = set()
        for place in range(WULV.hanzi):
            if place % 5 < 4:
                trial = planned.given.copy()
                trial[place : place + 2] = planned.words[0]
                if not planned.fitting.bad_lines(sequence, trial[None]).any():
                    fitting.add(place)
        assert places == fitting
        assert len(places) > 10


def test_words_fill_what_is_left_even_where_chance_would_block_them(report_model):
    """Four words for the four places of two that a start leaves open, in every order of chance."""
    start = (
        "國破山□□，城春草木深。感時花濺淚，恨別鳥□□。烽火連三月，家書抵萬金。□□搔更短，渾欲不勝簪"
    )
    words = ("河在", "驚心", "白頭")
    planned = plan(Request(WULV, start=start, include=words), report_model.vocabulary)
    generator = np.random.default_rng(0)
    for _ in range(30):
        chances = generator.random(len(words))
        given_ = planned.fitting.place(
            SEQUENCES[0], planned.given, planned.words, planned.asked, chances
        )
        text = "".join(report_model.vocabulary.hanzi[c] for c in given_)
        assert (
            text
            == "國破山河在城春草木深感時花濺淚恨別鳥驚心烽火連三月家書抵萬金白頭搔更短渾欲不勝簪"
        )


def test_words_at_line_ends_rhyme_with_each_other(report_model):
    wishes = Request(WULV, include=("清風", "青山", "江南"), pattern="仄起首句不入韻")
    planned = plan(wishes, report_model.vocabulary)
    generator = np.random.default_rng(0)
    for _ in range(200):
        given_ = planned.fitting.place(
            SEQUENCES[0], planned.given, planned.words, planned.asked, generator.random(3)
        )
        ends = [report_model.vocabulary.hanzi[c] for c in given_[9::10] if c != FREE]
        assert len(ends) < 2
        rhyme, stray = planned.fitting.rhyme(SEQUENCES[0], given_, planned.asked)
        assert stray is None
        if ends:
            assert LEVEL_RHYMES[rhyme] in {r.rhyme for r in readings_of(ends[0])}


def test_words_put_no_character_at_two_rhymes(report_model):
    wishes = Request(WULV, include=("江東", "城東", "山東"), pattern="平起首句入韻")
    planned = plan(wishes, report_model.vocabulary)
    generator = np.random.default_rng(0)
    at_ends = 0
    for _ in range(100):
        given_ = planned.fitting.place(
            SEQUENCES[3], planned.given, planned.words, planned.asked, generator.random(3)
        )
        ends = [c for c in (given_[4], *given_[9::10]) if c != FREE]
        at_ends += len(ends)
        assert len(set(ends)) == len(ends)
    assert at_ends > 10


@pytest.fixture(scope="module")
def small(random_model, report_model):
    """An engine for all forms with 700 characters."""
    return Engine(random_model(report_model.vocabulary.hanzi[::4], FORMS, scale=0.3))


@settings(deadline=None, max_examples=50, derandomize=True)
@given(data=st.data())
def test_what_is_not_refused_is_written(data, small, report_model):
    """Whatever a person gives is refused with a sentence, or comes out and passes the checker."""
    form = data.draw(st.sampled_from(FORMS))
    hanzi = report_model.vocabulary.hanzi[::4]
    given_ = ["□"] * form.hanzi
    for _ in range(data.draw(st.integers(0, 8))):
        given_[data.draw(st.integers(0, form.hanzi - 1))] = data.draw(st.sampled_from(hanzi))
    words = data.draw(st.lists(st.text(hanzi, min_size=1, max_size=2), max_size=2))
    wish = Request(
        form,
        start="".join(given_),
        include=tuple(words),
        rhyme=data.draw(st.sampled_from(["", "", "", "東", "尤"])),
        strict=data.draw(st.booleans()),
        pattern=data.draw(st.sampled_from(["", "", "平起首句入韻", "仄起首句不入韻"])),
    )
    try:
        planned = plan(wish, small.vocabulary)
    except UsageError:
        return
    composer = ParticleComposer(small, planned, Temperature(), 8)
    tries = (composer.compose(1, [0], attempt)[0] for attempt in range(12))
    poem = next((poem for poem in tries if poem), None)
    assert poem is not None, wish
    assert poem.report.regulated
    for line, mine in enumerate(poem.lines):
        for at, character in enumerate(mine):
            assert given_[line * form.characters + at] in ("□", character)
    assert all(any(word in line for line in poem.lines) for word in words)
    assert wish.rhyme in ("", poem.report.rhyme)
    assert wish.pattern in ("", poem.report.pattern)
    assert [len(line) for line in poem.lines] == [form.characters] * form.lines
