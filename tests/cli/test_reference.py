import json
from dataclasses import asdict

import pytest

from tangyin import reference
from tangyin.corpus import fetch_corpus
from tangyin.errors import catalogue

COMMANDS = {
    "rhyme": reference.rhymes,
    "character": reference.characters,
    "find": reference.find,
    "parallel": reference.parallel,
}


@pytest.fixture
def fetched(small_package, tmp_path, home):
    """A small corpus, without an index."""
    return fetch_corpus(small_package.lay_out(tmp_path / "source"))


def as_json(answer):
    return json.loads(json.dumps(asdict(answer)))


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_the_answer_of_the_package_in_either_script(cli, fetched, command):
    answer = as_json(COMMANDS[command]("東", 4))
    done = cli(command, "東", "--count", "4", "--format", "json")
    assert (done.code, json.loads(done.out)) == (0, answer)
    done = cli(command, "东", "--count", "4", "--format", "json", "--script", "simplified")
    simplified = reference.in_script(answer, "simplified") | {"asked": "东"}
    assert json.loads(done.out) == simplified


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("rhyme", ["東韻 上平聲一", "鄰韻 冬", "風  6,234"]),
        ("character", ["平", "東韻 上平聲一", "东 simplified", " a  "]),
        ("find", ["次 times", "《", "五律"]),
        ("parallel", ["○", "多 often"]),
    ],
)
def test_text_shows_the_answer_and_its_source(cli, fetched, command, parts):
    done = cli(command, "東")
    assert done.code == 0
    for part in [*parts, "來源 source: "]:
        assert part in done.out
    simplified = cli(command, "東", "--script", "simplified")
    assert "来源 source: " in simplified.out
    assert not {"東", "韻"} & set(simplified.out)


def test_a_poem_is_printed_by_the_id_of_a_line(cli, fetched):
    line = reference.find("山", 1).lines[0]
    done = cli("find", "--id", line.id)
    assert done.out.splitlines()[0].startswith(line.title)
    assert line.text in done.out
    assert json.loads(cli("find", "--id", line.id, "--format", "json").out)["id"] == line.id


def test_the_index_is_made_by_fetch_or_when_it_is_missing(cli, small_package, tmp_path, home):
    said = catalogue()["reference.indexing"]["en"]
    source = small_package.lay_out(tmp_path / "source")
    assert said in cli("corpus", "fetch", "--source", str(source)).err
    assert reference.is_current()
    assert said not in cli("find", "山").err
    next((home / "corpus").glob("index-*")).unlink()
    done = cli("find", "山")
    assert done.code == 0
    assert said in done.err
    assert reference.is_current()


@pytest.mark.parametrize("command", COMMANDS)
def test_bad_input_is_one_sentence(cli, home, command):
    cli(command, "x").refused(2, "'x'")
    cli(command, "").refused(2)
    cli(command, "日" * 8).refused(2)
    cli(command, "日", "--count", "0").refused(2, "--count")


def test_a_word_or_an_id_is_given(cli, home):
    cli("find").refused(2, "--id")
    cli("find", "日", "--id", "a").refused(2, "--id")


def test_without_the_corpus_it_is_said_what_to_run(cli, home):
    for words in (("find", "明月"), ("parallel", "青山"), ("find", "--id", "a")):
        cli(*words).refused(1, "tangyin corpus fetch")
    for command in ("rhyme", "character"):
        done = cli(command, "看")
        assert (done.code, done.err) == (0, "")
        assert "翰韻" in done.out
