"""`tangyin corpus`: what it prints of the corpus, and what it says where there is none."""

import json

import pytest

from tangyin.corpus import COLUMNS, corpus_statistics, held_out, load_corpus


@pytest.mark.timeout(300)
@pytest.mark.corpus
def test_stats_are_those_of_the_corpus(cli):
    done = cli("corpus", "stats", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == corpus_statistics(load_corpus())
    assert list(json.loads(done.out)) == [
        "integrity", "split_sha256", "split_version", "records", "dropped", "poems", "hanzi",
        "authors",
    ]  # fmt: skip
    assert "38,721" in cli("corpus", "stats").out


@pytest.mark.corpus
def test_export_gives_json_lines_filtered_by_form_dynasty_and_part(cli, tmp_path):
    words = ("corpus", "export", "--dynasty", "tang", "--part", "dev")
    done = cli(*words, "--form", "wujue", "--form", "七律")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert len(rows) == 342 + 712
    assert {tuple(row) for row in rows} == {COLUMNS}
    assert {(row["dynasty"], row["form"], row["part"]) for row in rows} == {
        ("tang", "五絕", "dev"), ("tang", "七律", "dev"),
    }  # fmt: skip
    file = tmp_path / "out.jsonl"
    assert cli(*words, "--form", "五絕", "--form", "七律", "-o", str(file)).code == 0
    assert file.read_text("utf-8") == done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["export", "--form", "sonnet"], "'sonnet'"),
        (["export", "--dynasty", "ming"], "'ming' is not one of 'tang', 'song'"),
        (["export", "--part", "all"], "'all' is not one of 'train', 'dev', 'test', 'near'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(words, sentence, cli):
    cli("corpus", *words).refused(2, sentence)


@pytest.mark.parametrize(
    "words", [["corpus", "stats"], ["corpus", "stats", "--format", "json"], ["corpus", "export"],
              ["eval"]],
    ids=" ".join,
)  # fmt: skip
def test_without_a_corpus_the_fix_is_named(words, cli, home):
    cli(*words).refused(1, str(home), "run `tangyin corpus fetch` first")


@pytest.mark.parametrize("words", [["corpus", "fetch", "--later"], ["corpus", "stats", "--later"]])
def test_without_later_verse_the_ways_to_get_it_are_named(words, cli, home):
    cli(*words).refused(1, "git clone https://github.com/snowtraces/poetry-source", "--source")


def test_writing_and_scoring_need_no_corpus(cli, home):
    assert cli("write", "日", "--free").code == 0
    assert cli("score", stdin="白日依山盡，黃河入海流。欲窮千里目，更上一層樓。").code == 0
    assert cli("models").code == 0


def test_a_fetch_that_is_impossible_is_refused_in_one_sentence(cli, home, tmp_path, monkeypatch):
    missing = tmp_path / "missing"
    cli("corpus", "fetch", "--source", str(missing)).refused(1, str(missing))
    (tmp_path / "empty").mkdir()
    cli("corpus", "fetch", "--source", str(tmp_path / "empty")).refused(1, "empty")
    monkeypatch.setenv("PATH", str(home))  # without npm
    cli("corpus", "fetch").refused(1, "npm is not on the PATH", "--source DIR")


def test_a_fetched_corpus_is_used_and_its_missing_poems_are_counted(
    cli, home, tmp_path, small_package
):
    source = small_package.lay_out(tmp_path / "copy")
    done = cli("corpus", "fetch", "--source", str(source))
    assert (done.code, done.out) == (0, "")
    missing = len(held_out().keys() - {record["id"] for record in small_package.records})
    assert f"{missing:,} held-out poems" in done.err
    assert str(home / "corpus") in done.err
    stats = json.loads(cli("corpus", "stats", "--format", "json").out)
    assert sum(stats["records"].values()) == len(small_package.records)
