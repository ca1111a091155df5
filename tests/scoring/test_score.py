import numpy as np
import pytest

from tangyin import Writer
from tangyin.corpus import fetch_corpus
from tangyin.errors import TangyinError, UsageError
from tangyin.metre import LEVEL_RHYMES
from tangyin.model import Engine
from tangyin.model.arithmetic import Arithmetic
from tangyin.scoring import Tally, evaluate_split, score_poems, score_texts
from tangyin.scoring.perplexity import unknown_hanzi
from tangyin.verse import EOS, FORMS, WULV, form_token, prefix_tokens, read_poem

PREFIXES = tuple(form_token(form) for form in FORMS)


@pytest.fixture(scope="module")
def four_forms(random_model, corpus):
    """A model of random weights that knows the 300 most frequent characters and all forms."""
    hanzi = sorted(set("".join(corpus.text[:400])) - set("，。？！；："))[:300]
    return Engine(random_model("".join(hanzi), FORMS, prefixes=PREFIXES, scale=0.3))


@pytest.fixture(scope="module")
def poems(corpus):
    """150 dev poems, forms in turn as they come."""
    return [read_poem(text)[0] for text in corpus.select(parts=["dev"]).text[:150]]


@pytest.mark.corpus
def test_poems_are_scored_in_order_each_as_alone(four_forms, poems):
    scored = list(score_poems(four_forms, poems))
    assert [poem for poem, _ in scored] == poems
    for poem, tally in scored[::5]:
        assert list(score_texts(four_forms, [poem.text], poem.form)) == [tally]
    backwards = list(score_poems(four_forms, reversed(poems)))
    assert backwards == scored[::-1]


@pytest.mark.corpus
def test_a_score_is_the_sum_of_the_steps(four_forms, poems):
    vocabulary = four_forms.vocabulary
    for poem, tally in list(score_poems(four_forms, poems[:10])):
        state, total = four_forms.start(1), 0.0
        tokens = [vocabulary.prefix_id(poem.form), *vocabulary.encode(poem.text)]
        for read, target in zip(tokens, [*tokens[1:], vocabulary.id(EOS)], strict=True):
            log_probs = four_forms.log_probs(four_forms.step(np.array([read]), state))
            total -= float(log_probs[0, target])
        unknown = np.log(unknown_hanzi(vocabulary))
        assert tally.nll == pytest.approx(total + tally.unknown * unknown, rel=1e-6)


class Counting(Arithmetic):
    """Counts products."""

    products = 0

    def linear(self, x, matrix, bias=None):
        self.products += 1
        return super().linear(x, matrix, bias)


def test_only_what_waits_for_the_step_before_is_multiplied_step_by_step(report_model):
    counting = Counting()
    text = "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。" * 2
    assert len(list(score_texts(Engine(report_model, counting), [text] * 4, WULV))) == 4
    recurrent = WULV.targets
    assert recurrent < counting.products < recurrent + 10  # inputs and output layer


@pytest.mark.corpus
def test_a_split_is_the_sum_of_its_poems(four_forms, corpus):
    forms = [form for form in FORMS if form.lines == 4]
    texts = [corpus.select(parts=["dev"], forms=[form]).text for form in forms]
    tally = evaluate_split(four_forms, "dev", forms)
    assert tally.poems == sum(map(len, texts))
    parts = [
        sum(score_texts(four_forms, of_form, form), Tally())
        for of_form, form in zip(texts, forms, strict=True)
    ]
    assert (parts[0] + parts[1]).nll == pytest.approx(tally.nll, rel=1e-12)


@pytest.mark.corpus
def test_the_protocol_dynasty_gives_the_dynasty_and_the_headline_figure_does_not(
    random_model, report_engine, corpus
):
    prefixes = prefix_tokens(LEVEL_RHYMES, dynasties=["tang", "ming"])
    features = {"tied": True, "place_size": 4}
    model = random_model("日月山川人", (WULV,), prefixes=prefixes, **features)
    engine = Engine(model)
    plain, dated = (evaluate_split(engine, "dev", [WULV], dated=dated) for dated in (False, True))
    assert (plain.poems, plain.targets) == (dated.poems, dated.targets)
    assert plain.nll != dated.nll
    text = corpus.select(parts=["dev"], forms=[WULV]).text
    assert plain == sum(score_texts(engine, text, WULV), Tally())
    evaluation = Writer(model).evaluate("dev", "五律", protocol="dynasty")
    assert (evaluation.prefix, evaluation.nll) == ("form, dynasty", dated.nll)
    with pytest.raises(UsageError) as refused:
        evaluate_split(report_engine, "dev", [WULV], dated=True)
    assert refused.value.code == "score.no_dynasties"


def test_a_corpus_without_held_out_poems_is_refused(report_engine, small_package, tmp_path, home):
    source = small_package.lay_out(tmp_path / "source", "flat")
    for file in source.glob("poet.tang.*.json"):
        kept = b"[]" if file.name != "poet.tang.0.json" else file.read_bytes()
        file.write_bytes(kept)
    corpus = fetch_corpus(source)
    assert "test" in corpus.part
    assert evaluate_split(report_engine, "dev", [WULV]).poems == len(
        corpus.select(parts=["dev"], forms=["五律"])
    )
    with pytest.raises(TangyinError) as caught:
        evaluate_split(report_engine, "test", [])
    assert (caught.value.code, caught.value.params) == ("score.no_poems", {"split": "test"})
