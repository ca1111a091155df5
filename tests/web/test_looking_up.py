"""The references over HTTP."""

import json
from dataclasses import asdict
from functools import partial

import pytest

from tangyin import reference
from tangyin.corpus import fetch_corpus
from tangyin.web.app import create_app

from .conftest import within


@pytest.fixture
def look_up(small_package, tmp_path, home):
    """Asks an application of its own, on a small corpus unless `fetched` is false."""

    async def ask(path, *, fetched=True, headers=None, **given):
        if fetched:
            fetch_corpus(small_package.lay_out(tmp_path / "source"))
        async with within(create_app("report")) as client:
            return await client.get(f"/api/{path}", params=given, headers=headers)

    return ask


def as_json(answer):
    return json.loads(json.dumps(asdict(answer)))


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("rhyme", partial(reference.rhymes, "東", 7)),
        ("character", partial(reference.characters, "東", 7)),
        ("find", partial(reference.find, "東", 7)),
        ("parallel", partial(reference.parallel, "東", 7)),
    ],
)
async def test_the_answer_is_that_of_the_package(look_up, path, call) -> None:
    response = await look_up(path, word="東", count=7)
    assert (response.status_code, response.json()) == (200, as_json(call()))
    simplified = (await look_up(path, word="东", count=7, script="simplified")).json()
    asked = {"asked": "东"}
    assert simplified == reference.in_script(as_json(call()), "simplified") | asked


async def test_a_poem_is_opened_from_a_line_that_was_found(look_up) -> None:
    found = (await look_up("find", word="山", count=2, first=3)).json()
    for line in found["lines"]:
        poem = (await look_up("poem", id=line["id"])).json()
        assert line["text"] in poem["text"]
        assert (poem["title"], poem["author"]) == (line["title"], line["author"])


@pytest.mark.parametrize(
    ("path", "given", "code"),
    [
        ("find", {"word": "x"}, "text.foreign"),
        ("find", {"word": ""}, "reference.empty"),
        ("parallel", {"word": "日" * 8}, "reference.too_long"),
        ("rhyme", {"word": "明月"}, "reference.too_long"),
        ("poem", {"id": "../../etc/passwd"}, "reference.no_poem"),
        ("find", {}, "server.invalid_field"),
        ("find", {"word": "日" * 300}, "server.invalid_field"),
        ("find", {"word": "日", "count": 0}, "server.invalid_field"),
        ("find", {"word": "日", "cuont": 1}, "server.invalid_field"),
        ("find", {"word": "日", "script": "latin"}, "server.invalid_field"),
    ],
    ids=str,
)
async def test_what_is_impossible_is_refused(look_up, path, given, code) -> None:
    response = await look_up(path, **given)
    assert (response.status_code, response.json()["code"]) == (422, code)


async def test_without_the_corpus_it_is_said_what_to_run(look_up, home) -> None:
    for path in ("rhyme", "character"):
        assert (await look_up(path, fetched=False, word="東")).status_code == 200
    for path, given in (
        ("find", {"word": "東"}),
        ("parallel", {"word": "東"}),
        ("poem", {"id": "a"}),
    ):
        response = await look_up(path, fetched=False, **given)
        assert (response.status_code, response.json()["code"]) == (422, "corpus.none")
        assert "tangyin corpus fetch" in response.json()["message"]
        assert str(home) not in response.text
