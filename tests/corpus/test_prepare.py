import json
import os
import shutil
from collections import Counter

import pytest

from tangyin.corpus import NEAR, held_out
from tangyin.corpus.prepare import clean, prepare
from tangyin.corpus.split import split_digest
from tangyin.errors import TangyinError

POEM = "日月山川人，日月山川人。日月山川人，日月山川人。"
OTHER = "天地風雨花，天地風雨花。天地風雨花，天地風雨花。"
LONE = "春夏秋冬草，春夏秋冬草。春夏秋冬草，春夏秋冬草。"
DEV, TEST = (
    [poem for poem, part in held_out().items() if part == name] for name in ("dev", "test")
)


def record(id, text, **more):
    return {"id": id, "title": "題", "author": "人", "paragraphs": [text], **more}


def collection(path, tang, song=None, flagged=None):
    (path / "error").mkdir(parents=True)
    for name, records in (("tang.0", tang), ("song.0", song), ("error/tang.0", flagged)):
        if records is not None:
            folder, _, stem = name.rpartition("/")
            file = path / folder / f"poet.{stem}.json"
            file.write_text(json.dumps(records), encoding="utf-8")
    return path


@pytest.mark.parametrize("layout", ["npm", "git", "flat"])
def test_the_miniature_comes_out_as_its_records_say(small_package, tmp_path, layout):
    corpus = prepare(small_package.lay_out(tmp_path, layout))
    parts = dict(zip(corpus.id, corpus.part, strict=True))
    kept = ("train", "dev", "test", "near")
    assert parts == {r["id"]: r["outcome"] for r in small_package.records if r["outcome"] in kept}
    for dynasty in ("tang", "song"):
        outcomes = small_package.outcomes(dynasty)
        assert corpus.facts["records"][dynasty] == outcomes.total()
        assert corpus.facts["dropped"][dynasty] == {
            reason: count for reason, count in outcomes.items() if reason not in kept
        }
    texts = {r["id"]: "".join(r["paragraphs"]) for r in small_package.records}
    assert all(texts[id_] == text for id_, text in zip(corpus.id, corpus.text, strict=True))
    assert corpus.facts["integrity"] == "unchecked"
    assert corpus.facts["split_sha256"] == split_digest()
    assert set(corpus.facts["missing"]) == held_out().keys() - parts.keys()
    reasons = small_package.outcomes("tang").keys() | small_package.outcomes("song").keys()
    assert len(reasons) == 17  # every reason occurs


def test_the_folder_that_holds_the_package_serves_too(small_package, tmp_path):
    small_package.lay_out(tmp_path / "package")
    assert len(prepare(tmp_path)) == len(prepare(tmp_path / "package"))


def test_flagged_records_are_dropped_before_anything_else_is_asked(tmp_path):
    tang = [record("a", POEM), record("b", ""), record("c", OTHER)]
    corpus = prepare(collection(tmp_path, tang, flagged=[record("a", ""), record("b", "")]))
    assert corpus.id == ["c"]
    assert corpus.facts["dropped"]["tang"] == {"blacklisted": 2}


def refused(source, code, **params):
    with pytest.raises(TangyinError) as caught:
        prepare(source)
    assert caught.value.code in (code, f"corpus.{code}")
    assert params.items() <= caught.value.params.items()


def test_a_flagged_record_makes_no_duplicate_of_another(tmp_path):
    tang = [record("a", POEM), record("b", POEM), record("c", POEM)]
    corpus = prepare(collection(tmp_path, tang, flagged=[record("a", POEM)]))
    assert corpus.id == ["b"]
    assert corpus.facts["dropped"]["tang"] == {"blacklisted": 1, "duplicate": 1}


def test_the_first_of_equal_texts_stays_in_the_order_of_the_files_numbers(tmp_path):
    collection(tmp_path, [record("z", OTHER)])
    for number, id_ in ((10000, "late"), (2000, "early")):
        file = tmp_path / f"poet.tang.{number}.json"
        file.write_text(json.dumps([record(id_, POEM)]), encoding="utf-8")
    assert prepare(tmp_path).id == ["z", "early"]


@pytest.mark.parametrize("part", ["dev", "test"])
def test_a_text_is_held_out_when_any_of_its_ids_is_and_bears_that_id(tmp_path, part):
    named = {"dev": DEV, "test": TEST}[part][0]
    tang = [record("a", POEM), record(named, POEM, title="名"), record("b", POEM)]
    corpus = prepare(collection(tmp_path, [*tang, record("c", OTHER)]))
    assert (corpus.id, corpus.part, corpus.title) == ([named, "c"], [part, "train"], ["名", "題"])


def test_a_song_text_equal_to_a_tang_one_is_dropped(tmp_path):
    song = [record("s", POEM), record("t", OTHER), record("u", OTHER), record("v", POEM)]
    corpus = prepare(collection(tmp_path, [record("a", POEM)], song))
    assert corpus.id == ["a", "t"]
    assert corpus.dynasty == ["tang", "song"]
    assert corpus.facts["dropped"]["song"] == {"duplicate": 1, "duplicate_of_tang": 2}


def test_near_duplicates_of_held_out_poems_train_in_neither_dynasty(tmp_path):
    near = POEM.replace("川", "水")  # one place off in every line
    far = near.replace("月", "星")
    tang = [record("a", near), record(DEV[0], POEM), record("b", far)]
    corpus = prepare(collection(tmp_path, tang, [record("s", near.replace("人", "川"))]))
    assert dict(zip(corpus.id, corpus.part, strict=True)) == {
        "a": NEAR, DEV[0]: "dev", "b": "train", "s": "train",
    }  # fmt: skip
    song = [record("s", POEM.replace("日月山川人，日月山川人。" * 2, f"{POEM[:12]}{OTHER[:12]}"))]
    corpus = prepare(collection(tmp_path / "more", tang, song))
    assert corpus.part[corpus.id.index("s")] == NEAR


def test_a_held_out_poem_near_another_stays_held_out(tmp_path):
    tang = [record(DEV[0], POEM), record(TEST[0], POEM.replace("川", "水"))]
    assert prepare(collection(tmp_path, tang)).part == ["dev", "test"]


def test_missing_titles_and_authors_become_empty(tmp_path):
    tang = [{"id": "a", "paragraphs": [POEM], "title": None}]
    corpus = prepare(collection(tmp_path, tang))
    assert (corpus.title, corpus.author) == ([""], [""])


def test_a_folder_that_is_no_collection_or_without_a_poem_in_the_forms_is_refused(tmp_path):
    (tmp_path / "poem.txt").write_text(POEM, encoding="utf-8")
    for source in (tmp_path, tmp_path / "none", tmp_path / "poem.txt"):
        refused(source, "not_the_collection")
    refused(collection(tmp_path, [record("a", "日月。")]), "no_poems")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_json"),
        (b'[{"id": "a", "para', "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"{}", "no_records"),
        (b"[1, 2]", "no_records"),
        (b'[{"paragraphs": []}]', "no_id"),
        (b'[{"id": ["a"], "paragraphs": []}]', "no_id"),
        (b'[{"id": "a"}]', "no_paragraphs"),
        (b'[{"id": "a", "paragraphs": "text"}]', "no_paragraphs"),
        (b'[{"id": "a", "paragraphs": [7]}]', "no_text"),
        (b'[{"id": "a", "paragraphs": [], "title": 7}]', "no_text"),
    ],
)
@pytest.mark.parametrize("file", ["poet.tang.2000.json", "poet.song.0.json"])
def test_a_damaged_file_is_named_with_its_fault(small_package, tmp_path, file, content, code):
    folder = small_package.lay_out(tmp_path, "flat")
    (folder / file).write_bytes(content)
    refused(folder, code, path=str(folder / file))


@pytest.mark.parametrize("file", ["poet.tang.2000.json", "error/poet.song.0.json"])
def test_a_pipe_a_device_and_a_file_without_end_are_refused_at_once(small_package, tmp_path, file):
    path = small_package.lay_out(tmp_path, "flat") / file
    path.unlink()
    os.mkfifo(path)  # nobody writes to it
    refused(tmp_path, "file.irregular", path=str(path))
    path.unlink()
    path.symlink_to("/dev/zero")
    refused(tmp_path, "file.irregular", path=str(path))
    path.unlink()
    with path.open("wb") as sparse:
        sparse.truncate(10**12)
    refused(tmp_path, "file.large", size=10**12)


def test_a_damaged_blacklist_is_refused_and_a_missing_one_is_empty(small_package, tmp_path):
    folder = small_package.lay_out(tmp_path, "flat")
    file = folder / "error" / "poet.tang.0.json"
    file.write_bytes(b"[")
    refused(folder, "not_json", path=str(file))
    shutil.rmtree(folder / "error")
    assert "blacklisted" not in prepare(folder).facts["dropped"]["tang"]


def test_other_files_beside_the_poems_are_left_alone(small_package, tmp_path):
    folder = small_package.lay_out(tmp_path, "flat")
    before = Counter(prepare(folder).id)
    for name in ("poet.tang.0 (copy)", "poet.tang.x", "poet.tang.0.json.orig", "authors", "poet"):
        (folder / f"{name}.json").write_text("not JSON")
    (folder / "poet.tang.0.json.orig").write_text("not JSON")
    assert Counter(prepare(folder).id) == before


@pytest.mark.parametrize(
    ("lines", "width", "kind"),
    [
        (2, 7, "七言"), (6, 5, "五言"), (400, 5, "五言"), (12, 7, "七言"), (8, 5, "五律"),
        (402, 5, None), (5, 5, None), (4, 4, None), (6, 6, None),
    ],
)  # fmt: skip
def test_verse_of_equal_lines_in_even_number_is_a_form_or_longer_verse(lines, width, kind):
    text = "".join("日" * width + "，。"[line % 2] for line in range(lines))
    found, reason = clean(text)
    assert (found and found.name) == kind
    assert reason == ("" if kind else "other_shape")


def test_longer_verse_that_holds_a_held_out_poem_does_not_train(tmp_path):
    corpus = prepare(collection(tmp_path, [record(DEV[0], POEM), record("a", POEM + OTHER[:12])]))
    assert dict(zip(corpus.id, corpus.part, strict=True)) == {DEV[0]: "dev", "a": NEAR}
