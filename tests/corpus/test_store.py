import json
import shutil
from functools import partial
from unittest.mock import Mock

import pytest

from tangyin.corpus import corpus_statistics, fetch_corpus, load_corpus, prepared_path
from tangyin.corpus.corpus import FORMAT
from tangyin.corpus.download import content_digest, unpack
from tangyin.errors import TangyinError
from tangyin.verse import FORMS, HANZI, KINDS


@pytest.fixture
def prepared(small_package, tmp_path, home):
    """The miniature, prepared in a home of its own, and its file."""
    source = small_package.lay_out(tmp_path / "source")
    return fetch_corpus(source), prepared_path()


@pytest.fixture
def pinned(small_package, tmp_path, home, monkeypatch):
    """The miniature unpacked in a home of its own as if it were the pinned package; no npm."""
    integrity = small_package.pack(tmp_path / "small.tgz")
    for module in ("download", "store"):
        monkeypatch.setattr(f"tangyin.corpus.{module}.INTEGRITY", integrity)
    monkeypatch.setenv("PATH", "")
    folder = home / "corpus" / "chinese-poetry-2.0.1-2"
    unpack(tmp_path / "small.tgz", folder)
    monkeypatch.setattr("tangyin.corpus.store.CONTENT", content_digest(folder))
    return folder


def refused(codes, call):
    with pytest.raises(TangyinError) as caught:
        call()
    assert caught.value.code in codes.split()


def same(one, other):
    return one == other and len(one) > 0


def test_what_is_prepared_is_loaded_again_in_its_home(prepared, home, monkeypatch):
    corpus, path = prepared
    assert path == home / "corpus" / f"prepared-{FORMAT}.json"
    assert same(load_corpus(), corpus)
    assert load_corpus() is load_corpus()  # read once
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    monkeypatch.setenv("TANGYIN_HOME", str(home / "elsewhere"))
    refused("corpus.none", load_corpus)


def test_preparing_anew_is_seen_at_once(prepared, small_package, tmp_path):
    before = len(load_corpus())
    source = small_package.lay_out(tmp_path / "other")
    (source / "dist/quantangshi/poet.song.0.json").unlink()
    assert len(fetch_corpus(source)) == len(load_corpus()) < before


def test_a_prepared_file_cut_short_or_altered_or_of_another_version_is_refused(prepared):
    _, path = prepared
    content = path.read_bytes()
    for keep in (0.0, 0.001, 0.3, 0.999):
        path.write_bytes(content[: int(keep * len(content))])
        refused("corpus.damaged", load_corpus)
    header = content.index(b"\n")
    facts = content.index(b'"integrity"')
    for place in (0, 20, header - 2, header + 1, facts + 14, len(content) // 2, len(content) - 3):
        altered = bytearray(content)
        altered[place] ^= 1
        path.write_bytes(altered)
        refused("corpus.damaged corpus.version", load_corpus)
    newer = {**json.loads(content[:header]), "format": FORMAT + 1}
    path.write_bytes(json.dumps(newer).encode() + content[header:])
    refused("corpus.version", load_corpus)
    path.unlink()
    path.mkdir()
    refused("corpus.unreadable", load_corpus)


def test_what_is_fetched_and_prepared_is_used_without_npm(pinned):
    corpus = fetch_corpus()
    prepared_path().write_bytes(prepared_path().read_bytes()[:-9])
    assert same(fetch_corpus(), corpus)  # made anew from the package
    shutil.rmtree(pinned)
    assert same(fetch_corpus(), corpus)  # the prepared file is enough
    assert same(load_corpus(), corpus)


def test_another_copy_does_not_replace_the_pinned_package(pinned, small_package, tmp_path):
    source = small_package.lay_out(tmp_path / "source")
    (source / "dist/quantangshi/poet.song.0.json").unlink()
    assert fetch_corpus(source).facts["integrity"] == "unchecked"
    assert fetch_corpus().facts["integrity"].startswith("sha512-")


@pytest.mark.parametrize("change", ["altered", "cut", "gone"])
def test_an_unpacked_package_that_was_altered_is_refused(pinned, change):
    file = pinned / "dist/quantangshi/poet.tang.2000.json"
    content = file.read_bytes()
    file.unlink()
    if change != "gone":
        altered = content.replace("山".encode(), "水".encode(), 1)
        file.write_bytes(altered if change == "altered" else content[:99])
    for source in (None, pinned):
        refused("corpus.modified", partial(fetch_corpus, source))
    assert not prepared_path().exists()


def test_a_failed_preparation_leaves_the_earlier_corpus(prepared, small_package, tmp_path):
    source = small_package.lay_out(tmp_path / "broken")
    (source / "dist/quantangshi/poet.song.10000.json").write_text("[")
    refused("corpus.not_json", partial(fetch_corpus, source))
    assert same(load_corpus(), prepared[0])


def test_poems_are_selected_by_form_dynasty_and_part(prepared):
    corpus, _ = prepared
    chosen = corpus.select(forms=["五律"], dynasties=["tang"], parts=["dev", "test"])
    rows = zip(corpus.text, corpus.form, corpus.dynasty, corpus.part, strict=True)
    assert chosen.text == [
        text for text, *row in rows if row[:2] == ["五律", "tang"] and row[2] in ("dev", "test")
    ]
    assert 0 < len(chosen) < len(corpus)
    assert same(corpus.select(), corpus)
    assert len(corpus.select(parts=[])) == 0


def test_a_fetch_hands_its_progress_on(pinned, monkeypatch):
    download = Mock(return_value=pinned)
    monkeypatch.setattr("tangyin.corpus.store.download", download)
    fetch_corpus(progress=print)
    download.assert_called_once_with(pinned.parent, print)


def test_statistics_add_up(prepared):
    corpus, _ = prepared
    counted = corpus_statistics(corpus)
    for dynasty, parts in counted["poems"].items():
        chosen = corpus.select(dynasties=[dynasty])
        for part, forms in parts.items():
            poems = chosen if part == "all" else chosen.select(parts=[part])
            counts = {form.name: poems.form.count(form.name) for form in (*FORMS, *KINDS)}
            assert forms == {"all": len(poems), **counts}
        assert counted["hanzi"][dynasty] == sum(len(HANZI.findall(text)) for text in chosen.text)
        assert counted["authors"][dynasty] == len(set(chosen.author))
    for key in ("integrity", "split_sha256", "records", "dropped"):
        assert counted[key] == corpus.facts[key]
    assert "missing" not in counted
    json.dumps(counted)
