import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tangyin.errors import TangyinError, UsageError
from tangyin.verse import (
    BOS,
    EOS,
    FORMS,
    MARKS,
    QILV,
    TEXT,
    TITLE,
    UNK,
    WULV,
    Form,
    Vocabulary,
    form_token,
    prefix_tokens,
    title_characters,
)

HANZI = st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF)
KNOWN = st.lists(HANZI, unique=True, min_size=1, max_size=60)


@given(KNOWN, st.data())
def test_what_is_known_is_encoded_and_decoded_to_itself(known, data):
    vocabulary = Vocabulary(known)
    text = data.draw(st.text(st.sampled_from([*known, *MARKS])))
    ids = vocabulary.encode(text)
    assert ids.dtype == np.int32
    assert ids.shape == (len(text),)
    assert vocabulary.decode(ids) == text


@given(KNOWN, st.text())
@example(["日"], "".join(chr(ord("日") + shift) for shift in (0x10000, 0x10001, 0x20000)))
def test_everything_else_becomes_unk(known, text):
    vocabulary = Vocabulary(known)
    expected = [c if c in known or c in MARKS else UNK for c in text]
    assert vocabulary.decode(vocabulary.encode(text)) == "".join(expected)


@given(KNOWN, st.lists(st.sampled_from([form_token(form) for form in FORMS]), unique=True))
def test_prefixes_come_last_and_outside_the_outputs(known, prefixes):
    vocabulary = Vocabulary(known, prefixes)
    assert vocabulary.tokens[: vocabulary.outputs] == (UNK, EOS, *MARKS, *known)
    assert len(vocabulary) == vocabulary.outputs + len(prefixes)
    assert all(vocabulary.id(prefix) >= vocabulary.outputs for prefix in prefixes)
    assert [vocabulary.tokens[i] for i in vocabulary.hanzi_ids] == known
    assert "".join(vocabulary.tokens[i] for i in vocabulary.mark_ids) == MARKS


def test_a_prefix_of_one_letter_is_never_read_out_of_a_text():
    assert list(Vocabulary("日", ["x"]).encode("x日")) == [0, 8]


@given(st.lists(st.text("日月山水，。", min_size=1), min_size=1), st.integers(1, 5))
def test_characters_are_known_from_their_minimum_on(texts, minimum):
    joined = "".join(texts)
    expected = sorted(c for c in set(joined) - set(MARKS) if joined.count(c) >= minimum)
    if expected:
        assert list(Vocabulary.from_texts(texts, minimum).hanzi) == expected
    else:
        with pytest.raises(UsageError) as caught:
            Vocabulary.from_texts(texts, minimum)
        assert (caught.value.code, caught.value.params) == ("form.rare", {"minimum": minimum})


def test_the_prefix_is_bos_or_the_token_of_the_form():
    assert Vocabulary("日").prefix_id(WULV) == Vocabulary("日").id(BOS)
    forms = Vocabulary("日", [form_token(WULV)])
    assert forms.tokens[forms.prefix_id(WULV)] == "<五律>"
    for form, code in ((QILV, "form.not_trained"), (None, "form.needed")):
        with pytest.raises(UsageError) as caught:
            forms.prefix_id(form)
        assert (caught.value.code, caught.value.params["forms"]) == (code, ["五律"])
    both = Vocabulary("日", [BOS, form_token(WULV)])
    found = [both.tokens[both.prefix_id(form)] for form in (WULV, QILV, None)]
    assert found == ["<五律>", BOS, BOS]


@given(st.sampled_from([None, *FORMS]), st.sampled_from([None, "", *"東冬"]), st.text("日x月 ·龘"))
def test_a_prefix_names_form_rhyme_and_title_and_ends_where_the_text_begins(form, rhyme, title):
    vocabulary = Vocabulary("日月", prefix_tokens("東冬"))
    names = [vocabulary.tokens[number] for number in vocabulary.prefix(form, rhyme, title)]
    expected = [form_token(form) if form else BOS]
    expected += [f"<rhyme:{rhyme}>"] if rhyme else []
    written = title_characters(title)
    assert written == title.replace("x", "").replace(" ", "").replace("·", "")
    expected += [TITLE, *written.replace("龘", "?")] if written else []
    assert [name.replace(UNK, "?") for name in names] == [*expected, TEXT]
    assert vocabulary.takes_title


def test_a_condition_the_model_was_not_trained_with_is_refused():
    plain = Vocabulary("日", [BOS])
    assert plain.prefix(WULV).tolist() == [plain.id(BOS)]
    assert not plain.takes_title
    for condition, code in (({"rhyme": "東"}, "form.no_rhyme"), ({"title": "日"}, "form.no_title")):
        with pytest.raises(UsageError, check=lambda error, code=code: error.code == code):
            plain.prefix(WULV, **condition)


def test_prefix_tokens_have_the_order_of_the_model_file():
    sonnet = Form("十四行", "sonnet", lines=14, characters=5)
    four, end = ("<五絕>", "<七絕>", "<五律>", "<七律>"), ("<rhyme:東>", "<rhyme:冬>", TITLE, TEXT)
    assert prefix_tokens("東冬") == prefix_tokens("東冬", [WULV]) == (BOS, *four, *end)
    assert prefix_tokens("東冬", [sonnet, WULV]) == (BOS, *four, "<十四行>", *end)


@pytest.mark.parametrize(
    ("hanzi", "prefixes", "code"),
    [("日日", [BOS], "token_twice"), ("日", [BOS, BOS], "token_twice"),
     ("日", [UNK], "token_twice"), ("日a", [BOS], "token_not_hanzi")],
)  # fmt: skip
def test_a_vocabulary_with_a_token_twice_or_without_hanzi_is_refused(hanzi, prefixes, code):
    with pytest.raises(TangyinError, check=lambda e: e.code == f"form.{code}"):
        Vocabulary(hanzi, prefixes)
