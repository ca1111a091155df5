import pytest

from tangyin.api import Writer
from tangyin.prosody import check_poem
from tangyin.scoring import score_texts
from tangyin.verse import FORMS, QIJUE, WULV, form_token, split_lines
from tangyin.web.bodies import SPRING
from tangyin.writing import novelty
from tangyin.writing.novelty import LineFilter, corpus_lines

QUICK = "random-k"
RULES = ("argmax", "random-k", "top-p", "temperature")


@pytest.fixture(scope="module")
def poem(report_writer):
    """A regulated poem of the model's own."""
    return report_writer.write("日", seed=3).text


def differences(text, other):
    """Places (line, character), from 1, where two poems of one form differ."""
    lines, others = split_lines(text)[0], split_lines(other)[0]
    assert split_lines(text)[1] == split_lines(other)[1]
    return {
        (number + 1, at + 1)
        for number, (line, mine) in enumerate(zip(lines, others, strict=True))
        for at, (a, b) in enumerate(zip(line, mine, strict=True))
        if a != b
    }


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("line", [1, 2, 7])
def test_alternatives_differ_in_that_line_alone_and_keep_the_rules(report_writer, poem, rule, line):
    others = report_writer.revise(poem, line, rule=rule)
    assert len(others) == 5
    assert len({other.text for other in others} | {poem}) == 6
    for rank, other in enumerate(others):
        assert {number for number, _ in differences(poem, other.text)} == {line}
        assert check_poem(other.lines).regulated
        assert other.prosody == check_poem(other.lines)
        assert other.lines[line - 1] not in corpus_lines()
        assert (other.number, other.rule, other.form) == (rank, rule, "五律")


@pytest.mark.parametrize("place", [(1, 1), (4, 5), (5, 3)])
def test_or_in_that_character_alone(report_writer, poem, place):
    line, character = place
    others = report_writer.revise(poem, line, character=character, count=8, rule="random-k", k=40)
    assert len(others) > 3
    for other in others:
        assert differences(poem, other.text) == {place}
        assert check_poem(other.lines).regulated
        assert other.lines[line - 1] not in corpus_lines()


@pytest.mark.parametrize("regulated", [True, False])
def test_they_are_ranked_by_the_likelihood_of_the_whole_poem(
    report_writer, poem, report_engine, regulated
):
    others = report_writer.revise(poem, 3, count=100, regulated=regulated, rule="temperature")
    assert len(others) > 40
    tallies = score_texts(report_engine, [other.text for other in others], WULV)
    likelihoods = [-tally.nll for tally in tallies]
    assert [other.log_likelihood for other in others] == pytest.approx(likelihoods, abs=1e-3)
    assert likelihoods == pytest.approx(sorted(likelihoods, reverse=True), abs=1e-3)
    # The best of what is drawn is about as likely as what the model wrote there.
    (own,) = score_texts(report_engine, [poem], WULV)
    assert likelihoods[0] > -own.nll - 5
    few = report_writer.revise(poem, 3, count=4, regulated=regulated, rule="temperature")
    assert [other.text for other in few] == [other.text for other in others[:4]]


def test_the_seed_keys_the_draws(report_writer, poem):
    def texts(seed):
        return [other.text for other in report_writer.revise(poem, 5, seed=seed, rule=QUICK)]

    assert texts(1) == texts(1)
    assert texts(1) != texts(2)


def test_free_alternatives_need_not_keep_the_rules(report_writer, poem):
    others = report_writer.revise(poem, 4, regulated=False, count=40, rule="temperature")
    assert {number for other in others for number, _ in differences(poem, other.text)} == {4}
    assert not all(check_poem(other.lines).regulated for other in others)
    faulty = "日日日日日，" + poem[6:]
    assert report_writer.revise(faulty, 4, regulated=False)


@pytest.mark.parametrize("line", [1, 3, 6])
def test_a_poem_whose_other_lines_are_faulty_is_refused_and_the_line_named(
    report_writer, poem, refused, line
):
    parts = [poem[at : at + 6] for at in range(0, 48, 6)]
    parts[line - 1] = "花花花花花" + parts[line - 1][-1]
    with refused("request.line_misfit_any", line=line, text="花花花花花"):
        report_writer.revise("".join(parts), line % 8 + 1)
    # That line itself can be fixed.
    fixed = report_writer.revise("".join(parts), line, rule=QUICK)
    assert all(other.prosody.regulated for other in fixed)
    assert len(fixed) == 5


def test_a_rhyme_that_strays_is_refused_and_the_line_named(report_writer, poem, refused):
    rhyme = report_writer.read(poem)[0].lines[1][-1]
    stray = "山" if check_poem(report_writer.read(poem)[0].lines).rhyme != "刪" else "東"
    parts = [poem[at : at + 6] for at in range(0, 48, 6)]
    assert parts[1][4] == rhyme
    parts[7] = parts[7][:4] + stray + parts[7][5:]
    with refused("request.rhymes_disagree", line=8, character=stray):
        report_writer.revise("".join(parts), 3)
    assert report_writer.revise("".join(parts), 8)


def test_a_poem_with_licences_and_repetitions_can_be_revised(report_writer):
    """What a person gave is not held to what we would write."""
    poem = "".join([
        "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。",
        "白日依山盡，黃河入海流。遙憐小兒女，更上一層樓。",
    ])  # fmt: skip
    others = report_writer.revise(poem, 3, rule=QUICK)
    assert len(others) == 5
    assert {number for other in others for number, _ in differences(poem, other.text)} == {3}


def test_a_revised_line_repeats_no_line_of_the_poem(report_writer, poem):
    """Nor can one character be put in that would make it so."""
    parts = [poem[at : at + 6] for at in range(0, 48, 6)]
    text = "".join([*parts[:4], parts[0], *parts[5:]])
    others = report_writer.revise(text, 5, character=2, count=100, rule="random-k", k=400)
    assert len(others) > 10
    assert all(len(set(other.lines)) == 8 for other in others)


def test_a_line_of_the_corpus_is_proposed_only_where_quotes_are_allowed(
    report_writer, poem, monkeypatch
):
    given = {"rule": "random-k", "k": 40, "count": 100}
    best = report_writer.revise(poem, 3, **given)[0].lines[2]
    filter_ = LineFilter.of([best])
    monkeypatch.setattr(novelty, "corpus_lines", lambda: filter_)
    assert best not in {other.lines[2] for other in report_writer.revise(poem, 3, **given)}
    allowed = report_writer.revise(poem, 3, **given, allow_quotes=True)
    assert best in {other.lines[2] for other in allowed}


@pytest.mark.parametrize("options", [{"strict": True}, {"include": ("明月",)}, {"avoid": "不人"}])
def test_options_hold_for_the_line(report_writer, options):
    poem = report_writer.write("山", seed=8, strict=True, avoid="不人月", rule=QUICK).text
    others = report_writer.revise(poem, 5, rule=QUICK, **options)
    assert others
    for other in others:
        if "include" in options:
            assert "明月" in other.lines[4]
        if "avoid" in options:
            assert not set("不人") & set(other.text)
        if "strict" in options:
            assert not other.prosody.licences


def test_a_borrowed_first_rhyme_stays_where_another_line_is_revised(random_model, report_model):
    poem = "東風吹雨濃，殘月滿城東。舊國三千里，青山一夢中。"
    report = check_poem(split_lines(poem)[0])
    assert (report.regulated, report.first_line) == (True, "鄰韻")
    hanzi = report_model.vocabulary.hanzi
    small = Writer(random_model(hanzi, FORMS, prefixes=tuple(map(form_token, FORMS))))
    others = small.revise(poem, 3, rule="temperature")
    assert len(others) == 5
    assert {other.prosody.first_line for other in others} == {"鄰韻"}
    assert {other.form for other in others} == {"五絕"}


def test_other_forms_are_revised_by_a_model_that_knows_them(random_model, report_model, refused):
    hanzi = report_model.vocabulary.hanzi[::3]
    writer = Writer(random_model(hanzi, (QIJUE,)))
    poem = writer.write(seed=1, particles=4).text
    others = writer.revise(poem, 2, rule="top-p")
    assert {number for other in others for number, _ in differences(poem, other.text)} == {2}
    assert all(other.prosody.regulated and other.form == "七絕" for other in others)
    with refused("form.not_trained", form="五律", forms=["七絕"]):
        writer.revise(SPRING, 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"line": 0}, "no_line"),
        ({"line": 9}, "no_line"),
        ({"line": 1, "character": 6}, "no_character"),
        ({"line": 1, "count": 0}, "range"),
        ({"line": 1, "count": 101}, "range"),
        ({"line": 1, "rhyme": "送"}, "unknown_rhyme"),
        ({"line": 1, "rime": "東"}, "unknown_option"),
        ({"line": 1, "form": "五律"}, "start_of_revision"),
    ],
)
def test_what_is_impossible_is_refused(report_writer, poem, refused, arguments, code):
    with refused(f"request.{code}"):
        report_writer.revise(poem, **arguments)
