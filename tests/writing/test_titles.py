"""Writing conditioned on a title."""

import numpy as np
import pytest

from tangyin.api import Writer, load
from tangyin.metre import LEVEL_RHYMES
from tangyin.scoring import closed_hanzi, target_costs
from tangyin.verse import FORMS, WUJUE, WULV, prefix_tokens
from tangyin.writing import Order, Request, compose, guide_for, plan, prefix_for
from tangyin.writing.titles import drawn_title, known_titles

HANZI = "".join(sorted(closed_hanzi()))
TITLED = {"title": "送友人歸山"}


@pytest.fixture(scope="module")
def writer(random_model):
    features = {"tied": True, "echo": True, "place_size": 4, "rhyme_size": 3}
    prefixes = prefix_tokens(LEVEL_RHYMES)
    return Writer(random_model(HANZI, FORMS, prefixes=prefixes, scale=0.2, **features))


def named(writer, request):
    """The tokens that are read before a poem, by name."""
    vocabulary = writer.engine.vocabulary
    return [vocabulary.tokens[number] for number in prefix_for(request, vocabulary)]


def test_a_model_reads_form_rhyme_and_title(writer):
    request = Request(WUJUE, title="送别 · 友人", rhyme="东")
    assert named(writer, request) == ["<五絕>", "<rhyme:東>", "<title>", *"送別友人", "<text>"]
    assert named(writer, Request(WUJUE)) == ["<五絕>", "<text>"]
    planned = plan(request, writer.engine.vocabulary)
    assert planned.prefix.tolist() == prefix_for(request, writer.engine.vocabulary).tolist()


@pytest.mark.parametrize("regulated", [True, False])
def test_the_likelihood_of_a_poem_is_that_of_its_text_given_its_title(writer, regulated):
    verse = writer.write(form="五絕", seed=5, regulated=regulated, **TITLED)
    assert verse.title == "送友人歸山"
    engine = writer.engine
    prefix = prefix_for(Request(WUJUE, **TITLED), engine.vocabulary)
    ids = engine.vocabulary.encode(verse.text)
    inputs = np.concatenate((prefix, ids))
    targets = np.concatenate((np.full(len(prefix) - 1, -1), ids, [1]))
    (costs,) = target_costs(engine, [inputs], [targets])
    assert -costs.sum() == pytest.approx(verse.log_likelihood, abs=1e-3)


@pytest.mark.parametrize("regulated", [True, False])
def test_another_title_brings_another_poem_and_the_same_the_same(writer, regulated):
    def write(title):
        return writer.write(form="五絕", seed=5, regulated=regulated, title=title).text

    assert write("春望") == write("春望")
    assert len({write(title) for title in ("", "春望", "秋思")}) == 3


def test_a_model_is_conditioned_on_a_rhyme_and_keeps_it(writer):
    verse = writer.write(form="五絕", seed=1, rhyme="陽", **TITLED)
    assert verse.prosody.rhyme == "陽"


@pytest.mark.parametrize("regulated", [True, False])
@pytest.mark.parametrize(
    ("title", "code", "params"),
    [
        ("abc", "request.title_without_hanzi", {"title": "abc"}),
        (" ", "request.title_without_hanzi", {}),
        ("山" * 41, "request.title_long", {"count": 41, "longest": 40}),
    ],
)
def test_a_title_that_is_none_or_too_long_is_refused(
    writer, refused, title, code, params, regulated
):
    with refused(code, **params):
        writer.write(title=title, regulated=regulated)
    assert writer.takes_title
    writer.write(title="山" * 40, regulated=False, form="五絕")


def test_a_model_that_knows_no_titles_says_so_and_writes_in_a_rhyme_all_the_same(refused):
    report = load("report")
    assert not report.takes_title
    for regulated in (True, False):
        with refused("form.no_title"):
            report.write(regulated=regulated, **TITLED)
    assert report.write(rhyme="陽", seed=1).prosody.rhyme == "陽"


@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_guidance_adds_what_the_title_adds_but_not_its_own_characters(writer, strength):
    engine, vocabulary = writer.engine, writer.engine.vocabulary
    request = Request(WUJUE, rule="argmax", regulated=False, guidance=strength, **TITLED)
    prefix, guide = prefix_for(request, vocabulary), guide_for(request, vocabulary)
    assert guide.without.tolist() == vocabulary.prefix(WUJUE).tolist()
    (poem,) = compose(engine, WUJUE, request.rule, [Order({}, 1, 0)], prefix, guide)
    ids = vocabulary.encode(poem.text)
    titled, plain = (
        np.stack([engine.log_probs(step)[0] for step in engine.read(read[:, None])])[
            -len(ids) - 1 :
        ]
        for read in (np.concatenate((each, ids)) for each in (prefix, guide.without))
    )
    more = strength * (titled - plain)
    named = prefix[prefix < vocabulary.outputs]
    assert (more[:, named] > 0).any()
    more[:, named] = np.minimum(more[:, named], 0)
    first = int(vocabulary.hanzi_ids[0])
    for place, token in enumerate(ids):
        if token >= first:
            assert token == first + (titled + more)[place, first:].argmax()


def test_without_a_title_or_a_rhyme_there_is_nothing_to_guide_by(writer):
    vocabulary = writer.engine.vocabulary
    assert guide_for(Request(WUJUE, title=""), vocabulary) is None
    assert guide_for(Request(WUJUE, guidance=0, **TITLED), vocabulary) is None
    assert guide_for(Request(WUJUE, rhyme="東"), vocabulary).strength > 0


def test_a_title_is_drawn_for_each_poem_and_written_on_as_if_given(writer):
    several = list(writer.write_many("白", form="五絕", seed=5, count=3))
    assert all(verse.title_drawn for verse in several)
    assert len({verse.title for verse in several}) > 1
    for verse in several[:1]:
        again = writer.write("白", form="五絕", seed=5, title=verse.title)
        assert (again.text, again.title_drawn) == (verse.text, False)
    untitled = [
        writer.write("白", form="五絕", seed=5, title=""),
        writer.write("白", form="五絕", seed=5, regulated=False),
    ]
    assert all((verse.title, verse.title_drawn) == ("", False) for verse in untitled)


def test_a_poem_of_which_more_than_half_is_given_gets_no_title():
    line, half = "白日依山盡，", "白日依山盡，黃河入海流。"
    assert Request(WUJUE, half).draws_title
    assert Request(WUJUE, half.replace("。", "。□□")).draws_title
    assert not Request(WUJUE, half + "欲").draws_title
    assert Request(WULV, half + line).draws_title


def test_a_title_is_drawn_by_how_well_the_opening_follows_it():
    engine = load("strong").engine
    hanzi = engine.vocabulary.hanzi

    def of_snow(opening):
        columns = np.array([hanzi.index(character) for character in opening], dtype=np.int32)
        titles = [drawn_title(engine, WULV, columns, 0, number) for number in range(60)]
        assert set(titles) <= set(known_titles(hanzi))
        return sum(any(character in "雪寒冬梅" for character in title) for title in titles)

    assert of_snow("朔雪") > 2 * of_snow("")


def test_a_model_that_knows_no_title_of_the_list_draws_none(random_model):
    engine = Writer(random_model("一二三四", FORMS, prefixes=prefix_tokens(LEVEL_RHYMES))).engine
    assert drawn_title(engine, WUJUE, np.zeros(1, np.int32), 0, 0) == ""


def test_a_model_without_titles_draws_none(random_model):
    writer = Writer(random_model(HANZI, FORMS, scale=0.2))
    verse = writer.write(form="五絕", seed=1)
    assert (verse.title, verse.title_drawn) == ("", False)
