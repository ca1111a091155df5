import json

import pytest

from tangyin.corpus import read_own
from tangyin.corpus.near_duplicates import NearDuplicates
from tangyin.errors import TangyinError
from tangyin.verse import MARKS, form_of_text, to_simplified

POEM = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"


def jsonl(path, records):
    file = path / "own.jsonl"
    file.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return file


def refused(file, code):
    with pytest.raises(TangyinError) as caught:
        read_own(file)
    assert caught.value.code == code
    return caught.value.params


@pytest.fixture(scope="module")
def texts(small_package):
    """70 training poems in four forms, none like another."""
    chosen = (r for r in small_package.records if r["outcome"] == "train")
    found = ("".join(record["paragraphs"]) for record in chosen)
    return [text for text in found if form_of_text(text)][:70]


def test_jsonl_and_text_hold_the_same_poems(texts, tmp_path):
    text = tmp_path / "own.txt"
    text.write_text("\n".join(texts), encoding="utf-8")
    unmarked = dict.fromkeys(map(ord, MARKS))
    bare = [t.translate(unmarked) for t in texts]
    for records in (
        [{"text": t} for t in texts],
        [{"lines": [t[:12], t[12:]]} for t in texts],
        [{"paragraphs": [t], "title": "題", "author": "人", "more": 1} for t in texts],
        [{"text": "\n".join(t), "title": None} for t in texts],
    ):
        assert read_own(jsonl(tmp_path, records)).text == texts == read_own(text).text
    text.write_text("\ufeff" + "\r\n\r\n".join(bare), encoding="utf-8")
    assert [t.translate(unmarked) for t in read_own(text).text] == bare


def test_titles_authors_forms_ids_and_given_parts_are_kept(texts, tmp_path):
    titles = [f"題\u2028{n}\x85" for n in range(len(texts))]  # no line ends inside a string
    parts = ["train" if n % 3 else "dev" for n in range(len(texts))]
    rows = zip(texts, titles, parts, strict=True)
    own = read_own(
        jsonl(tmp_path, [{"text": t, "title": n, "author": "我", "part": p} for t, n, p in rows])
    )
    assert (own.title, own.part) == (titles, parts)
    assert (set(own.author), set(own.dynasty)) == ({"我"}, {"own"})
    assert own.id[:2] == ["own-1", "own-2"]
    assert set(own.form) == {"五律", "七絕", "七律", "五絕"}
    file = tmp_path / "own.txt"
    file.write_text("\n\n".join(f"題目\n作者：我\n{text}" for text in texts), "utf-8")
    own = read_own(file)
    assert (own.text, set(own.title), set(own.author)) == (texts, {"題目"}, {"我"})


def test_parts_hang_on_the_text_alone(texts, tmp_path):
    forth = read_own(jsonl(tmp_path, [{"text": t} for t in texts]))
    back = read_own(jsonl(tmp_path, [{"text": t} for t in [*reversed(texts)]]))
    parts = dict(zip(forth.text, forth.part, strict=True))
    changed = sum(parts[t] != p for t, p in zip(back.text, back.part, strict=True))
    assert changed <= 4  # a form that the draw leaves without a dev poem gives its last one
    assert 2 <= forth.part.count("dev") <= 20


def test_simplified_poems_are_converted(texts, tmp_path):
    own = read_own(jsonl(tmp_path, [{"text": to_simplified(t)} for t in texts]))
    same = sum(a == b for a, b in zip("".join(own.text), "".join(texts), strict=True))
    assert same > 0.97 * len("".join(texts))


def test_what_is_not_a_poem_or_repeats_one_is_left_out_and_listed(texts, tmp_path):
    poems = [texts[0], "日月。", texts[1], "hello", "日" * 500, texts[0]]
    own = read_own(jsonl(tmp_path, [{"text": t} for t in poems]))
    assert own.text == texts[:2]
    left_out = own.facts["left_out"]
    assert [error.params["number"] for error in left_out] == [2, 4, 5, 6]
    assert left_out[-1].params["error"].code == "corpus.repeated"


def test_no_training_poem_is_near_a_dev_poem(texts, tmp_path):
    edited = [text[:4] + "日" + text[5:] for text in texts]
    own = read_own(jsonl(tmp_path, [{"text": t} for t in [*texts, *edited]]))
    held = NearDuplicates(own.select(parts=["dev"]).text)
    assert "near" in own.part
    assert not any(map(held.matches, own.select(parts=["train"]).text))
    assert all(map(held.matches, own.select(parts=["near"]).text))


@pytest.mark.parametrize("parts", [(None, None), ("train", "train"), ("dev", "dev")])
def test_two_poems_are_enough_whatever_they_say(texts, tmp_path, parts):
    records = [{"text": t, "part": p} for t, p in zip(texts, parts, strict=False)]
    assert sorted(read_own(jsonl(tmp_path, records)).part) == ["dev", "train"]


def test_every_form_with_two_poems_has_one_in_dev(small_package, tmp_path):
    chosen = ["".join(r["paragraphs"]) for r in small_package.records if r["outcome"] == "train"]
    for start in range(0, 60, 6):
        texts = chosen[start : start + 3] + chosen[-3 - start // 6 :][:3]
        own = read_own(jsonl(tmp_path, [{"text": t} for t in texts]))
        for form in set(own.form):
            if own.form.count(form) > 1:
                assert {"dev", "train"} <= set(own.select(forms=[form]).part)


def test_fewer_than_two_poems_and_two_that_are_nearly_one_are_refused(texts, tmp_path):
    for count in (0, 1):
        records = [{"text": t} for t in [*texts[:count], "日月。"]]
        assert refused(jsonl(tmp_path, records), "corpus.too_few_usable")["count"] == count
    records = [{"text": texts[0]}, {"text": "日" + texts[0][1:]}]
    refused(jsonl(tmp_path, records), "corpus.all_near")


NO_RECORDS = (
    "{", "[]", "7", "null", '"text"', "{}", '{"text": 7}', '{"text": ""}', '{"lines": [1]}',
    '{"paragraphs": 3}', '{"text": "日", "title": 5}', "[" * 100_000, '{"lines": {"a": 1}}x',
)  # fmt: skip
NO_PARTS = [{"text": POEM, "part": part} for part in ("test", "near", 7, ["dev"], True)]


@pytest.mark.parametrize(
    ("line", "code"),
    [*((line, "text.not_a_record") for line in NO_RECORDS),
     *((json.dumps(record), "corpus.part") for record in NO_PARTS)],
)  # fmt: skip
def test_a_line_that_is_no_record_or_of_no_part_is_left_out_and_named(texts, tmp_path, line, code):
    file = jsonl(tmp_path, [{"text": text} for text in texts[:2]])
    file.write_text(file.read_text("utf-8") + "\n" + line + "\n", "utf-8")
    own = read_own(file)
    (error,) = own.facts["left_out"]
    assert own.text == texts[:2]
    assert (error.params["number"], error.params["line"]) == (3, 4)
    assert error.params["error"].code == code


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "latin").write_bytes("été".encode("latin-1"))
    for name, code in (("latin", "not_utf8"), ("none", "unreadable"), ("", "unreadable")):
        refused(tmp_path / name, f"text.{code}")


@pytest.mark.corpus
def test_a_file_exported_from_the_corpus_is_read_back(corpus, tmp_path):
    chosen = corpus.select(parts=["dev"], forms=["五律", "七絕"])
    columns = zip(chosen.text, chosen.title, chosen.author, chosen.form, strict=True)
    records = [
        {"text": t, "title": n, "author": a, "form": f, "dynasty": "tang"} for t, n, a, f in columns
    ]
    own = read_own(jsonl(tmp_path, records))
    assert own.facts["left_out"] == []
    assert (own.text, own.title, own.form) == (chosen.text, chosen.title, chosen.form)
