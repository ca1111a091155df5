from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import UsageError
from tangyin.metre import LEVEL_RHYMES, SEQUENCES
from tangyin.metre.law import FREE
from tangyin.metre.lexicon import readings_of
from tangyin.metre.shi_findings import repeated_characters
from tangyin.model import Engine
from tangyin.model.threads import InterruptedWork, interruptible
from tangyin.verse import FORMS, QILV, WULV
from tangyin.writing import ParticleComposer, Request, Temperature, plan
from tangyin.writing.fitting import STEPS, Fitting
from tangyin.writing.particles import Population
from tangyin.writing.planning import PLACED

IMPOSSIBLE = {
    # A character that does not fit the pattern.
    "acrostic": (
        {"acrostic": "春夏秋冬東西南北", "strict": True},
        "line_misfit_strict", {"line": 2, "text": "夏□□□□"},
    ),
    "acrostic pattern": (
        {"acrostic": "不春春春", "strict": True, "pattern": "平起首句入韻"},
        "line_misfit_strict",
        {"line": 1, "text": "不□□□□", "pattern": "平起首句入韻", "tones": "平平仄仄平"},
    ),
    "first line": ({"start": "花花花花花"}, "line_misfit_any", {"line": 1, "text": "花花花花花"}),
    "given line": ({"start": "□□□□□□□□□□花花花花花"}, "line_misfit_any", {"line": 3}),
    "third of a poem": (
        {"start": "國破山河在城春草木深感時花濺淚花花花花花"},
        "line_misfit_any", {"line": 4, "pattern": "仄起首句不入韻", "tones": "仄仄仄平平"},
    ),
    "three levels": ({"start": "白日依山盡萬里春風來"}, "line_misfit_any", {"line": 2}),
    "lone level": ({"start": "白日依山盡落花日日開"}, "line_misfit_any", {"line": 2}),
    # 大拗, and a next line that cannot rescue it.
    "unrescued": ({"start": "白日落日盡黃河入海流"}, "line_misfit_any", {"line": 1}),
    "strict licence": (
        {"start": "白日依山盡黃河入海流遙憐小兒女", "strict": True},
        "line_misfit_strict", {"line": 3, "text": "遙憐小兒女"},
    ),
    "two patterns": ({"start": "白日依山盡萬里有歸心"}, "line_misfit_any", {"line": 2}),
    "rare reading": (
        {"start": "□不", "pattern": "平起首句不入韻"}, "line_misfit", {"text": "□不□□□"},
    ),
    # Rhyme.
    "oblique end": ({"start": "□□□□□□□□□月"}, "line_misfit_any", {"text": "□□□□月"}),
    "rhyme of a given end": (
        {"start": "□□□□□□□□□東", "rhyme": "冬"},
        "rhyme_stray", {"line": 2, "character": "東", "rhyme": "冬"},
    ),
    "ends that disagree": (
        {"start": "□□□□□□□□□東□□□□□□□□□山"}, "rhymes_disagree", {"line": 4, "character": "山"},
    ),
    "unknown rhyme": ({"rhyme": "送"}, "unknown_rhyme", {"name": "送", "rhymes": LEVEL_RHYMES}),
    "two rhymes": ({"rhyme": "東冬"}, "unknown_rhyme", {"name": "東冬"}),
    "too few to rhyme": (
        {"rhyme": "江", "avoid": "江窗雙降邦缸腔撞龐釭杠幢"}, "rhymes_scarce", {"rhyme": "江"},
    ),
    # Words.
    "long word": (
        {"include": ("明月松間照清",)},
        "word_long", {"word": "明月松間照清", "form": "五律", "longest": 5},
    ),
    "word without room": (
        {"include": ("花花花花花",)},
        "no_room", {"words": ["花花花花花"], "pattern": "仄起首句不入韻"},
    ),
    "words without room": (
        {"start": "國破山河在城春草木深感時花濺淚恨別鳥驚心烽火連三月家書抵萬金",
         "include": ("明月", "清風", "白雲", "青山", "流水")},
        "no_room", {},
    ),
    "words and particles": (
        {"include": ("明月", "清風"), "particles": PLACED // 2 + 1},
        "words_and_particles", {"words": 2, "particles": PLACED // 2 + 1, "most": PLACED},
    ),
    "unknown word": ({"include": ("明㐂",)}, "text.unknown", {"character": "㐂"}),
    "avoided word": (
        {"include": ("明月",), "avoid": "月"}, "avoided_and_given", {"character": "月"},
    ),
    "avoided start": ({"start": "日", "avoid": "日"}, "avoided_and_given", {}),
    "avoided head": ({"acrostic": "春夏秋冬", "avoid": "夏"}, "avoided_and_given", {}),
    # What cannot be read.
    "unknown pattern": (
        {"pattern": "拗體"},
        "unknown_pattern",
        {"pattern": "拗體", "form": "五律", "patterns": [s.name(5) for s in SEQUENCES]},
    ),
    "acrostic length": (
        {"acrostic": "春夏秋"}, "acrostic_length", {"count": 3, "lines": 8, "couplets": 4},
    ),
    "acrostic and start": (
        {"start": "日", "acrostic": "春夏秋冬"},
        "acrostic_and_start", {"head": "春", "line": 1, "character": "日"},
    ),
    "unknown start": ({"start": "㐂"}, "text.unknown", {"character": "㐂"}),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_request_is_refused_before_anything_is_written(report_writer, refused, name):
    options, code, params = IMPOSSIBLE[name]
    with refused(code if "." in code else f"request.{code}", **params) as error:
        report_writer.write_many(**options)  # the call alone: no poem was asked for yet
    assert error.value.exit_code == 2


def test_the_line_named_is_the_one_at_fault_by_the_pattern_that_fits_the_rest(report_writer):
    """One bad line in a poem of the rarest sequence."""
    poem = ["深居俯夾城", "春去夏猶清", "天意憐幽草", "人間重晚晴", "併添高閣迥", "微注小窗明",
            "越鳥巢乾後", "歸飛體更輕"]  # fmt: skip
    assert report_writer.write("".join(poem)).prosody.pattern == "平起首句入韻"
    for number in range(8):
        for bad in ("花花花花花", "山山山山山"):
            broken = [*poem[:number], bad, *poem[number + 1 :]]
            with pytest.raises(UsageError) as error:
                report_writer.write_many("".join(broken))
            assert error.value.params["line"] == number + 1, broken


@pytest.mark.parametrize(
    ("start", "pattern", "tones"),
    [("日日日", "平起首句不入韻", "平平仄仄平平仄"), ("日山", "仄起首句入韻", "仄仄平平仄仄平")],
)
def test_seven_character_lines_are_shown_their_whole_pattern(
    random_model, report_model, refused, start, pattern, tones
):
    vocabulary = random_model(report_model.vocabulary.hanzi, (QILV,)).vocabulary
    text = start.ljust(7, "□")
    with refused("request.line_misfit", line=1, text=text, pattern=pattern, tones=tones):
        plan(Request(QILV, start=start, pattern=pattern), vocabulary)


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


def test_a_given_first_line_that_rhymes_leaves_the_patterns_that_rhyme(report_model):
    """光 can be oblique, which verse hardly ever reads."""
    planned = plan(Request(WULV, start="床前明月光"), report_model.vocabulary)
    weights = {sequence.rhymed_start: weight for sequence, weight in planned.sequences}
    assert weights[True] > 10 * weights.get(False, 0)


def test_a_given_first_line_may_borrow_its_rhyme_unless_strict(report_model, refused):
    # 風 is of 東, 龍 of 冬.
    request = {"start": "東南一夜風□□□□□□□□□□□□□□龍", "pattern": "平起首句入韻"}
    planned = plan(Request(WULV, **request), report_model.vocabulary)
    rhyme, stray = planned.fitting.rhyme(SEQUENCES[3], planned.given, planned.asked)
    assert (LEVEL_RHYMES[rhyme], stray) == ("冬", None)
    with refused("request.rhymes_disagree", line=4, character="龍"):
        plan(Request(WULV, **request, strict=True), report_model.vocabulary)
    request["start"] = request["start"].replace("龍", "山")
    with refused("request.rhymes_disagree", line=4, character="山"):
        plan(Request(WULV, **request), report_model.vocabulary)


def test_what_is_given_is_laid_out(report_model):
    vocabulary = report_model.vocabulary

    def laid_out(**options):
        given_ = plan(Request(WULV, **options), vocabulary).given
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


def placed(planned, sequence, chances):
    """What is given with the words of a plan at the places that the chances draw, as columns."""
    return planned.fitting.place(
        sequence, planned.given, planned.words, planned.asked, np.array(chances)
    )


def test_words_stand_wherever_they_fit(report_model):
    """Every place that the rules leave to a word is one that some particle gives it."""
    planned = plan(Request(WULV, include=("明月",)), report_model.vocabulary)
    hanzi = report_model.vocabulary.hanzi
    for sequence in SEQUENCES:
        places = set()
        for chance in np.linspace(0, 1, 200, endpoint=False):
            given_ = placed(planned, sequence, [chance])
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
    """Three words for the three places of two that a start leaves open, in any order of chance."""
    whole = "國破山河在城春草木深感時花濺淚恨別鳥驚心烽火連三月家書抵萬金白頭搔更短渾欲不勝簪"
    words = ("河在", "驚心", "白頭")
    start = whole
    for word in words:
        start = start.replace(word, "□□")
    planned = plan(Request(WULV, start=start, include=words), report_model.vocabulary)
    generator = np.random.default_rng(0)
    for _ in range(30):
        given_ = placed(planned, SEQUENCES[0], generator.random(len(words)))
        text = "".join(report_model.vocabulary.hanzi[c] for c in given_)
        assert text == whole


PIECES = [
    "國破", "山河在", "城春", "草木深", "感時", "花濺淚", "恨別", "鳥驚心",
    "烽火", "連三月", "家書", "抵萬金", "白頭", "搔更短", "渾欲", "不勝簪",
]  # fmt: skip


def test_words_that_leave_no_room_are_placed_in_a_bounded_number_of_steps(
    report_model, monkeypatch
):
    """Twelve words that nearly fill a poem: a particle seldom finds an order that fits."""
    taken = count()
    ways = Fitting._ways

    def counted(self, *given_, **named):
        next(taken)
        return ways(self, *given_, **named)

    monkeypatch.setattr(Fitting, "_ways", counted)
    words = tuple(np.random.default_rng(5).permutation(PIECES)[:12])
    request = Request(WULV, include=words, particles=16)
    planned = plan(request, report_model.vocabulary)
    planning = next(taken)
    assert planning <= len(SEQUENCES) * (STEPS + len(words))
    composer = ParticleComposer(Engine(report_model), planned, request.rule, request.particles)
    Population(composer, 1, [0])
    assert next(taken) - planning <= STEPS + 4 * len(words) * request.particles + 1


def test_the_search_for_words_ends_when_its_work_is_unwanted(report_model):
    asked = count()
    request = Request(WULV, include=PIECES[:4])
    with pytest.raises(InterruptedWork), interruptible(lambda: next(asked) == 3):
        plan(request, report_model.vocabulary)
    assert next(asked) == 4


@pytest.mark.parametrize("words", [("清風", "青山", "江南"), ("江東", "城東", "山東")])
def test_words_at_line_ends_rhyme_with_each_other_and_are_no_character_twice(report_model, words):
    request = Request(WULV, include=words, pattern="平起首句入韻")
    planned = plan(request, report_model.vocabulary)
    generator = np.random.default_rng(0)
    at_ends = 0
    for _ in range(150):
        given_ = placed(planned, SEQUENCES[3], generator.random(3))
        ends = [report_model.vocabulary.hanzi[c] for c in given_[9::10] if c != FREE]
        rhyme, stray = planned.fitting.rhyme(SEQUENCES[3], given_, planned.asked)
        assert stray is None
        assert len(ends) < 2
        at_ends += len(ends)
        for end in ends:
            assert LEVEL_RHYMES[rhyme] in {r.rhyme for r in readings_of(end)}
    assert at_ends > 10


@pytest.fixture(scope="module")
def small(random_model, report_model):
    """An engine for all forms with 700 characters."""
    return Engine(random_model(report_model.vocabulary.hanzi[::4], FORMS, scale=0.3))


@settings(derandomize=True)
@given(data=st.data())
def test_what_is_not_refused_is_written(data, small, report_model):
    """Whatever a person gives is refused with a sentence, or comes out and passes the checker."""
    form = data.draw(st.sampled_from(FORMS))
    hanzi = report_model.vocabulary.hanzi[::4]
    given_ = ["□"] * form.hanzi
    for _ in range(data.draw(st.integers(0, 8))):
        given_[data.draw(st.integers(0, form.hanzi - 1))] = data.draw(st.sampled_from(hanzi))
    words = data.draw(st.lists(st.text(hanzi, min_size=1, max_size=2), max_size=2))
    request = Request(
        form,
        start="".join(given_),
        include=tuple(words),
        rhyme=data.draw(st.sampled_from(["", "", "", "東", "尤"])),
        strict=data.draw(st.booleans()),
        pattern=data.draw(st.sampled_from(["", "", "平起首句入韻", "仄起首句不入韻"])),
        avoid=data.draw(st.sampled_from(["", "不人風山春雲水月"])),
        most=data.draw(st.sampled_from([1, 2])),
    )
    try:
        planned = plan(request, small.vocabulary)
    except UsageError:
        return
    composer = ParticleComposer(small, planned, Temperature(), 8)
    tries = (composer.compose(1, [0], attempt)[0] for attempt in range(12))
    poem = next((poem for poem in tries if poem), None)
    assert poem is not None, request
    assert poem.report.regulated
    for line, mine in enumerate(poem.lines):
        for at, character in enumerate(mine):
            assert given_[line * form.characters + at] in ("□", character)
    assert all(any(word in line for line in poem.lines) for word in words)
    assert request.rhyme in ("", poem.report.rhyme)
    assert request.pattern in ("", poem.report.pattern)
    assert [len(line) for line in poem.lines] == [form.characters] * form.lines
    assert not set(request.avoid) & set(poem.text)
    if request.most == 1:
        assert set(repeated_characters(poem.lines)) <= {*given_, *"".join(words)}
