"""The later verse: what is read, converted and dropped, and that nothing held out is trained on."""

import json
import lzma
from collections import Counter

import pytest

from tangyin.corpus import DEV, LATER, TEST, Corpus, later_path, load_corpus, load_later
from tangyin.corpus.later import Tunes, prepare_later
from tangyin.corpus.later_source import raw_later
from tangyin.corpus.near_duplicates import NearDuplicates
from tangyin.errors import TangyinError
from tangyin.verse import fold_variants, split_lines, to_simplified

HELD = (
    "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
    "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。"
)
OTHERS = (
    "松下问童子，言师采药去。只在此山中，云深不知处。",
    "空山不见人，但闻人语响。返景入深林，复照青苔上。",
)
TUNE = (
    "风乍起，吹皱一池春水。闲引鸳鸯香径里，手挼红杏蕊。"
    "斗鸭阑干独倚，碧玉搔头斜坠。终日望君君不至，举头闻鹊喜。"
)
TRAINED = "千山鳥飛絕，萬徑人蹤滅。孤舟蓑笠翁，獨釣寒江雪。"


@pytest.fixture(scope="module")
def corpus():
    """One dev poem, one training poem and one 詞, without those of tangshi-gpt."""
    made = Corpus(facts={"integrity": "none"})
    rows = (
        ("五律", DEV, "", HELD),
        ("五絕", "train", "", TRAINED),
        ("詞", "train", "謁金門", TUNE),
    )
    for number, (form, part, title, text) in enumerate(rows):
        made.append(
            id=str(number), dynasty="tang", form=form, part=part, title=title, author="", text=text
        )
    return made


@pytest.fixture(autouse=True)
def no_other_test(monkeypatch):
    monkeypatch.setattr("tangyin.corpus.later.tangshi_gpt_test", lambda _: [])


def table(path, *rows):
    """Rows of form, title and text as a table of Ming poems."""
    lines = ("\t".join(("明", form, "某", title, text)) + "\n" for form, title, text in rows)
    path.write_bytes(lzma.compress("".join(lines).encode()))
    return path


def test_a_kept_poem_is_in_traditional_characters(tmp_path, corpus):
    path = table(tmp_path / "later.tsv.xz", ("五絕", "寻隐者不遇", OTHERS[0]))
    later = prepare_later(path, corpus)
    assert later.text == ["松下問童子，言師採藥去。只在此山中，雲深不知處。"]
    assert (later.title, later.dynasty, later.form) == (["尋隱者不遇"], ["ming"], ["五絕"])
    assert later.part == ["train"]


def test_what_is_held_out_is_dropped_whatever_its_script_and_every_drop_is_counted(
    tmp_path, corpus
):
    lines = to_simplified(HELD).replace("。", "，").split("，")
    one_changed = "天".join(to_simplified(HELD).split("白", 1))
    two_lines = "，".join(["碧草连天远", lines[4], "孤城落日低", lines[6] + "。"])
    in_long = ["碧草连天远，孤城落日低。"] * 4 + [f"{lines[4]}，{lines[6]}。"]
    one_line = f"{lines[4]}，孤城落日低。碧草连天远，无人独自归。青山横北郭，白水绕东城。"
    path = table(
        tmp_path / "later.tsv.xz",
        ("五律", "", one_changed),
        ("五絕", "", two_lines),
        ("equal5", "", "".join(in_long)),
        ("equal5", "", one_line),
        ("五絕", "", to_simplified(TRAINED)),
        ("五絕", "", OTHERS[0]),
        ("五絕", "", OTHERS[0].replace("，", "。")),
        ("五絕", "集句", OTHERS[1]),
        ("五絕", "", OTHERS[1].replace("空", "□")),
        ("詞", "无此调名", "春去也，几时归。"),
    )
    later = prepare_later(path, corpus)
    assert len(later) == 2
    assert later.facts["dropped"]["ming"] == {
        "near_duplicate": 2,
        "shared_lines": 1,
        "duplicate": 2,
        "cento": 1,
        "missing_character": 1,
        "unknown_tune": 1,
    }
    assert later.facts["records"] == {"ming": 10}


def test_a_tune_is_found_in_a_title_and_spelt_as_the_corpus_spells_it(corpus):
    tunes = Tunes(corpus)
    names = {"谒金门·春": "謁金門", "浣溪沙": "浣溪沙", "次韵谒金门": "謁金門", "江南": "", "": ""}
    assert {title: tunes.of(title) for title in names} == names


def test_a_ci_has_its_tune_as_title_and_the_marks_of_the_corpus(tmp_path, corpus):
    text = TUNE.replace("风乍起，吹皱一池春水", "春去也，不记、落花流水")
    later = prepare_later(table(tmp_path / "l.tsv.xz", ("詞", "谒金门 其一", text)), corpus)
    assert (later.form, later.title) == (["詞"], ["謁金門"])
    assert later.text[0].startswith("春去也，不記，落花流水。")


def test_a_checkout_and_the_table_give_the_same_poems(tmp_path):
    folder = tmp_path / "checkout/source/诗/清"
    folder.mkdir(parents=True)
    record = {"id": "a", "title": "题", "authorName": "某", "content": ["一二三四五，", "六七。"]}
    for name in ("poetry.清.0000.json", "poetry.清.0000.base.json"):
        (folder / name).write_text(json.dumps([record]), encoding="utf-8")
    file = tmp_path / "later.tsv"
    file.write_text("清\tother\t某\t题\t一二三四五，六七。\n宋\tx\tx\tx\tx\n", encoding="utf-8")
    assert list(raw_later(tmp_path / "checkout")) == list(raw_later(file))


@pytest.mark.parametrize("content", [None, b"", b"a\tb\n", b"\xff\xfe"])
def test_what_is_not_the_source_is_refused(tmp_path, corpus, content):
    path = tmp_path / "later.tsv.xz" if content == b"" else tmp_path / "later.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TangyinError) as refused:
        prepare_later(path, corpus)
    assert refused.value.code == "corpus.not_later"
    with pytest.raises(TangyinError):
        prepare_later(tmp_path, corpus)


@pytest.fixture(scope="module")
def prepared():
    """The prepared later verse of this machine."""
    if not later_path().exists():
        pytest.skip("no later verse: tangyin corpus fetch --later --source FILE")
    return load_later()


@pytest.mark.corpus
def test_no_prepared_later_poem_is_near_a_held_out_one_or_has_two_of_its_lines(prepared):
    def folded(text):
        return to_simplified(fold_variants(text))

    held = load_corpus().select(parts=[DEV, TEST]).text
    near = NearDuplicates(map(folded, held))
    of_line = {}
    for number, text in enumerate(held):
        for line in split_lines(folded(text))[0]:
            of_line.setdefault(line, set()).add(number)
    for text in prepared.text:
        shared = Counter()
        for line in set(split_lines(folded(text))[0]):
            shared.update(of_line.get(line, ()))
        assert max(shared.values(), default=0) < 2
    assert not any(map(near.matches, map(folded, prepared.text[::20])))


@pytest.mark.corpus
def test_every_later_record_is_kept_or_dropped_by_a_reason(prepared):
    kept, facts = Counter(prepared.dynasty), prepared.facts
    assert set(kept) == set(LATER)
    for dynasty, count in facts["records"].items():
        assert count == kept[dynasty] + sum(facts["dropped"][dynasty].values())
    assert len(set(prepared.text)) == len(prepared)
    assert len(set(prepared.id)) == len(prepared)
