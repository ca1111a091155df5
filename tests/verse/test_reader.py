import itertools
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tangyin.errors import UsageError
from tangyin.verse import (
    FORMS,
    LONGEST,
    MARKS,
    WUJUE,
    Form,
    Poem,
    find_poems,
    form_of_text,
    read_places,
    read_poem,
    read_verse,
    split_poems,
)

HANZI = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF, exclude_characters="囗")
JUE = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
QI = "朝辭白帝彩雲間，千里江陵一日還。兩岸猿聲啼不住，輕舟已過萬重山。"
LV = (
    "空山新雨後，天氣晚來秋。明月松間照，清泉石上流。"
    "竹喧歸浣女，蓮動下漁舟。隨意春芳歇，王孫自可留。"
)
PAILU = LV + JUE
LINES = ("白日依山盡", "黃河入海流", "欲窮千里目", "更上一層樓")


def bare(text):
    return "".join(c for c in text if c not in "，。")


def rows(text, marks="。"):
    """The text with a line break after each of the marks."""
    return "".join(c + "\n" * (c in marks) for c in text)


def refused(text, read=read_poem):
    with pytest.raises(UsageError) as caught:
        read(text)  # type: ignore[operator]
    return caught.value


@st.composite
def poems(draw):
    form: Form = draw(st.sampled_from(FORMS))
    line = st.text(HANZI, min_size=form.characters, max_size=form.characters)
    lines = draw(st.lists(line, min_size=form.lines, max_size=form.lines))
    return Poem(tuple(lines), draw(st.text(MARKS, min_size=form.lines, max_size=form.lines)))


@given(poems(), st.randoms(use_true_random=False))
def test_any_layout_of_a_poem_with_its_marks_is_the_same_poem(poem, chance):
    text = "".join(c + chance.choice(["", "", " ", "\n", "\u3000", "「", "[1]"]) for c in poem.text)
    assert read_poem(text) == (poem, False)
    assert read_verse(text) == poem
    assert form_of_text(poem.text) is poem.form


@given(poems(), st.data())
def test_any_mixture_of_marks_breaks_and_quotes_at_line_ends_gives_the_same_lines(poem, data):
    ends = data.draw(
        st.lists(
            st.tuples(st.booleans(), st.sampled_from(["", "\n", "\r\n", " ", "\n\n", "」", "①"])),
            min_size=len(poem.lines),
            max_size=len(poem.lines),
        )
    )
    text = "".join(
        line + mark * marked + end
        for line, mark, (marked, end) in zip(poem.lines, poem.marks, ends, strict=True)
    )
    read, added = read_poem(text)
    expected = [
        mark if marked else "，。"[number % 2]
        for number, (mark, (marked, _)) in enumerate(zip(poem.marks, ends, strict=True))
    ]
    assert (read.lines, read.marks) == (poem.lines, "".join(expected))
    assert added == (not all(marked for marked, _ in ends))
    assert read_verse(text) == read


@given(st.integers(1, 8), st.sampled_from([5, 7]), st.data())
def test_poems_of_any_length_are_read_by_marks_or_by_breaks(couplets, length, data):
    lines = tuple(
        data.draw(st.text(HANZI, min_size=length, max_size=length)) for _ in range(2 * couplets)
    )
    marks = "，。" * couplets
    marked = "".join(map("".join, zip(lines, marks, strict=True)))
    for text in (marked, rows(marked, "，。"), "\n".join(lines), marked.replace("。", "。。")):
        assert read_verse(text).lines == lines


@given(st.text() | st.text("日月山，。\n《》[1]: a"))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    for read in (read_poem, read_verse):
        try:
            read(text)
        except UsageError as error:
            sentences = [error.message(language) for language in ("en", "zh")]
            assert not any("\n" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        ("", "text.empty", {}),
        (" \n\ufeff", "text.empty", {}),
        ("。。", "text.only_marks", {}),
        (JUE + "x", "text.character", {"character": "x", "point": "U+0078", "line": 1}),
        (rows(JUE) + "😀，", "text.character", {"character": "😀", "point": "U+1F600", "line": 3}),
        (JUE[:12], "text.no_form", {"lines": 2, "characters": 5}),
        ("日" * 500, "text.no_form", {"lines": 100, "characters": 5}),
        (JUE[:-2] + "。", "text.unequal", {"line": 4, "length": 4, "common": 5}),
        ("床前明月，光疑是地上霜。" + JUE[:12], "text.unequal", {"line": 1, "lengths": [4, 5, 6]}),
        ("日月。" * 20, "text.line_length", {"length": 2, "lengths": [5, 7]}),
        ("國破", "text.unclear", {"count": 2}),
        ("囗" + JUE[1:], "text.character", {"character": "囗", "point": "U+56D7"}),
        ("日，" * 5001, "text.overlong", {"count": 10002, "most": LONGEST}),
        ("春眠不覺曉", "text.one_line", {}),
    ],
)
def test_a_text_that_is_not_a_poem_is_refused_with_its_fault(text, code, params):
    error = refused(text)
    assert error.code == code
    assert {name: error.params[name] for name in params} == params


@pytest.mark.parametrize(
    ("heading", "title", "author"),
    [
        ("登鸛雀樓\n", "登鸛雀樓", ""),
        ("登鸛雀樓\n王之渙\n", "登鸛雀樓", "王之渙"),
        ("  題鸛雀樓二首 \n\n 王之渙\n\n", "題鸛雀樓二首", "王之渙"),
        ("《登鸛雀樓》王之渙\n", "登鸛雀樓", "王之渙"),
        ("王之渙\n《登鸛雀樓》[1]\n", "登鸛雀樓", "王之渙"),
        ("題目：登鸛雀樓\n作者：王之渙\n", "登鸛雀樓", "王之渙"),
        ("《登鸛雀樓，其一》\n", "登鸛雀樓，其一", ""),
        ("《題破山寺後》\n", "題破山寺後", ""),
        ("登鸛雀樓（其一）\n", "登鸛雀樓（其一）", ""),
        ("On the Stork Tower\n", "On the Stork Tower", ""),
        ("王之渙《登鸛雀樓》\n", "登鸛雀樓", "王之渙"),
        ("《登鸛雀樓》王之渙：", "登鸛雀樓", "王之渙"),
        ("《登鸛雀樓》 王之渙\u3000", "登鸛雀樓", "王之渙"),
        ("《登鸛雀樓》（其一）\n王之渙\n", "登鸛雀樓 （其一）", "王之渙"),
        ("夜讀《離騷》\n王之渙\n", "夜讀《離騷》", "王之渙"),
        ("1. 登鸛雀樓\n", "登鸛雀樓", ""),
        ("二、登鸛雀樓\n〔唐〕王之渙\n", "登鸛雀樓", "〔唐〕王之渙"),
        ("3\n登鸛雀樓\n其一\n王之渙\n", "登鸛雀樓 其一", "王之渙"),
        ("其一：", "", ""),
        ("12) ", "", ""),
    ],
)
def test_a_heading_is_title_and_author(heading, title, author):
    for verse in (JUE, rows(JUE), rows(JUE, "，。"), "\n".join(LINES)):
        ((_, text),) = split_poems(heading + verse)
        poem, _ = read_poem(text)
        assert (poem.text, poem.title, poem.author) == (JUE, title, author)


@pytest.mark.parametrize(
    "text",
    [
        "白(bái)日依山盡，黃河（注：水名）入海流。\n欲窮千里目，更上一層樓。〔絕句〕",
        f"bái rì yī shān jìn\n{JUE[:6]}\nHuáng hé rù hǎi liú\n{JUE[6:12]}\n{JUE[12:]}",
        "白 日 依 山 盡，\u3000黃 河 入 海 流。 欲 窮 千 里 目， 更 上 一 層 樓。",
        "白日①依山盡，黃河入海流。\n欲窮千里目，更上一層樓。\n①白日：太陽，落下去了。",
    ],
)
def test_notes_pinyin_and_blanks_are_left_out(text):
    assert read_verse(text).text == JUE


PUSAMAN = (
    "平林漠漠煙如織，寒山一帶傷心碧。暝色入高樓，有人樓上愁。"
    "|玉階空佇立，宿鳥歸飛急。何處是歸程？長亭更短亭。"
)
ZHEGUTIAN = (
    "彩袖殷勤捧玉鍾，當年拚卻醉顏紅。舞低楊柳樓心月，歌盡桃花扇底風。"
    "|從別後，憶相逢，幾回魂夢與君同。今宵剩把銀釭照，猶恐相逢是夢中。"
)
YULOUCHUN = (
    "別後不知君遠近，觸目淒涼多少悶。漸行漸遠漸無書，水闊魚沈何處問。"
    "|夜深風竹敲秋韻，萬葉千聲皆是恨。故攲單枕夢中尋，夢又不成燈又燼。"
)


@pytest.mark.parametrize("between", ["\n", "\n\n"])
@pytest.mark.parametrize(
    ("heading", "stanzas"),
    [("", PUSAMAN), ("菩薩蠻\n", PUSAMAN), ("", ZHEGUTIAN), ("玉樓春\n", YULOUCHUN)],
)
def test_stanzas_of_equal_lines_belong_to_the_tune_that_they_fit(heading, stanzas, between):
    text = heading + stanzas.replace("|", between)
    assert [found for _, found in split_poems(f"{text}\n\n{JUE}")] == [
        heading + stanzas.replace("|", "\n"),
        JUE,
    ]


def test_poems_of_one_stanza_are_not_joined_to_the_longer_variant_of_their_tune():
    rumeng = "昨夜雨疏風驟，濃睡不消殘酒。試問捲簾人，卻道海棠依舊。知否，知否？應是綠肥紅瘦。"
    assert [text for _, text in split_poems(f"{rumeng}\n\n{rumeng}")] == [rumeng] * 2
    # 江城子 is mostly of two stanzas, each of which is a variant too.
    stanza = (
        "老夫聊發少年狂，左牽黃，右擎蒼。錦帽貂裘，千騎卷平岡。為報傾城隨太守，親射虎，看孫郎。"
    )
    assert len(list(split_poems(f"{stanza}\n\n{stanza}"))) == 1


def test_a_faulty_poem_is_not_taken_for_the_second_stanza_of_the_one_above():
    faulty = "明月幾時有，把酒問青天。不知天上宮闕，今夕是何年。"
    assert [text for _, text in split_poems(f"{JUE}\n\n{faulty}")] == [JUE, faulty]


def test_a_text_too_long_for_a_poem_is_refused_before_it_is_normalized():
    assert refused("日\u0300" * 1_000_000).code == "text.overlong"


@example(["1111A:", "111。1"], [JUE], "\n")
@given(
    st.lists(
        st.text(st.sampled_from("日月山五絕題一1．.、，。 「」《》()[]:：Aāé□\u2028\ufeff")),
        max_size=3,
    ),
    st.lists(st.sampled_from([JUE, QI, LV, bare(JUE), f"2. {LV}", f"《鹿柴》{QI}"]), min_size=1),
    st.sampled_from(["\n", "\n\n", "\r\n"]),
)
def test_no_row_hides_the_poems_around_it(rows_, poems_, end):
    texts = [*poems_[:1], *rows_, *poems_[1:]]
    found = [one.read(read_verse) for one in find_poems(end.join(texts).splitlines())]
    read = [bare(poem.text) for poem in found if isinstance(poem, Poem)]
    expected = [read_verse(text).text for text in poems_]
    assert [text for text in read if text in map(bare, expected)] == list(map(bare, expected))


def test_a_file_is_split_as_it_is_read():
    """However many rows there are, no more are read than the next poem needs."""
    rows_read = 0

    def endless():
        nonlocal rows_read
        for row in itertools.cycle([JUE, "日月，", "", "鹿柴", LV, *rows(QI).split()]):
            rows_read += 1
            yield row

    found = list(itertools.islice(split_poems(endless()), 1_000))
    assert rows_read <= 1_000 * 7 / 4 + 7
    assert len({text for _, text in found}) == 4
    ((_, whole),) = split_poems("日日日日日，" for _ in range(20_000))
    assert len(whole) < 2 * LONGEST


def test_characters_of_every_block_are_read_and_kept():
    rare = "𫏐𬬻〇𠀀㐀"
    poem, _ = read_poem(JUE.replace("白日依山盡", rare))
    assert poem.lines[0] == rare
    assert read_places("囗山□", WUJUE) == {1: "山"}


def test_given_title_and_author_replace_those_of_the_text():
    poem, _ = read_poem(f"登鸛雀樓\n王之渙\n{JUE}", "鹿柴", "王維")
    assert (poem.title, poem.author, poem.form) == ("鹿柴", "王維", WUJUE)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        # without the first row as a title, the lines would not pair
        (f"題破山寺後\n{JUE}", 4),
        # by count these would be six lines of seven
        ("春望\n" + "\n".join(bare(LV)[at : at + 5] for at in range(0, 40, 5)), 8),
        # without marks, rows as long as a line are lines
        ("題破山寺後\n" + "\n".join(LINES), 5),
        # the first line may lack its mark
        (JUE.replace("，", "\n", 1), 4),
    ],
)
def test_a_first_row_is_a_title_if_only_so_the_lines_pair(text, lines):
    assert len(read_verse(text).lines) == lines


@pytest.mark.parametrize("text", ["國破山河\n" + "\n".join(LINES[1:]), f"登鸛雀樓\n{JUE[:-3]}。"])
def test_a_damaged_poem_is_not_read_without_its_first_row(text):
    assert refused(text, read_verse).code in ("text.unclear", "text.unequal")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "poems"),
    [
        ("", 0),
        ("\n \n\n", 0),
        (JUE, 1),
        (f"{JUE}\n{LV}\n{QI}\n", 3),
        (f"{JUE}\n\n\n{LV}", 2),
        (f"{rows(JUE)}\n{rows(LV)}\n", 2),
        (f"{bare(JUE)}\n{bare(LV)}\n{bare(QI)}", 3),
        (f"{bare(JUE)}\n\n{bare(LV)}", 2),
        (rows(JUE, "，"), 1),
        (f"\ufeff{JUE}\n{JUE[:-1]}", 2),
        (f"{rows(LV)}\n \n{JUE}\n{QI}", 3),
        (f"{PAILU}\n{PAILU}\n{LV}", 3),
        (f"{JUE}\n{JUE[:-3]}。\n{LV}", 3),
        ("鹿柴\n" + JUE, 1),
        (f"鹿柴\n{JUE}\n終南\n{LV}", 2),
        (f"《鹿柴》{JUE}\n《終南》{LV}", 2),
        (f"鹿柴\n\n{JUE}\n\n終南\n\n{LV}", 2),
        # a row of four lines and more that ends inside a line is wrapped, and not a poem
        (f"{LV[:27]}\n{LV[27:]}", 1),
        # below a poem without a title, a row is one only if a blank line or a sign says so
        (f"{JUE}\n鹿柴\n{JUE}", 3),
        (f"{JUE}\n\n鹿柴\n\n{JUE}", 2),
        (f"{JUE}\n\n{LV}\n\n鹿柴\n\n{JUE}", 4),
        (f"{JUE}\n\n鹿柴\n{JUE}", 2),
        (f"{JUE}\n《鹿柴》\n{JUE}", 2),
        (f"{JUE}\n其二\n{JUE}", 2),
        (f"{JUE}\n2. 鹿柴\n{JUE}", 2),
        (f"1. {JUE}\n2. 鹿柴\n3. {JUE}", 3),
        (f"{JUE}\n題目：鹿柴\n作者：王維\n{JUE}", 2),
        # titled poems in rows, one of them lacking a line
        (f"鹿柴\n{rows(JUE)}終南\n{rows(LV)}", 2),
        (f"鹿柴\n{JUE[:12]}\n{JUE[12:18]}\n終南\n{rows(LV)}", 2),
        # one row that is no poem among whole ones
        (f"{JUE}\n日月，\n{LV}\n{QI}\n床前", 5),
        # single lines of verse with blank lines between them, and what follows
        ("\n\n".join(LINES) + f"\n\n\n{JUE}", 2),
        (rows(LV, "，。").replace("\n", "\n\n"), 1),
        # footnotes belong to the poem that has their numbers
        (f"{JUE.replace('依', '[1]依')}\n[1]依：靠近。\n\n[1] 依，近也。\n\n{LV}", 2),
        # a couplet is a poem for the checker, and the last block has no poem below it
        ("白日依山盡\n黃河入海流\n\n" + JUE + "\n\n日月", 3),
    ],
)
def test_poems_are_one_a_line_or_between_blank_lines(text, poems, end):
    assert len(list(split_poems(text.replace("\n", end)))) == poems


def test_a_bad_poem_among_good_ones_is_refused_at_its_line():
    text = f"{rows(JUE)}\n鹿柴\n\n{JUE[:-3]}。\n\n{LV}"
    places = list(find_poems(text.splitlines()))
    first, error, last = (place.read(read_verse) for place in places)
    assert (first.lines[0], last.lines[0]) == ("白日依山盡", "空山新雨後")
    assert (places[1].line, error.code) == (4, "text.unequal")


@pytest.mark.corpus
@pytest.mark.parametrize("layout", ["a line", "blank lines", "couplets"])
def test_a_file_of_poems_is_split_into_them(corpus, layout):
    texts = random.Random(3).sample(corpus.text, 300)
    content = {
        "a line": "\n".join(texts),
        "blank lines": "\n\n".join(texts),
        "couplets": "\n".join(rows(text) for text in texts),
    }[layout]
    assert [read_poem(text)[0].text for _, text in split_poems(content)] == texts


@pytest.mark.corpus
def test_every_poem_of_the_corpus_reads_back_as_itself(corpus):
    for text, form in zip(corpus.text[::97], corpus.form[::97], strict=True):
        poem, added = read_poem(text)
        assert (poem.text, poem.form.name, added) == (text, form, False)
