"""What the API answers: the command line's JSON, through the same façade."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

import tangyin
from tangyin.api import rule_named
from tangyin.cli.main import run
from tangyin.prosody import check_text
from tangyin.web import create_app, documents
from tangyin.web.limits import BODY, COUNT, POEMS, TEXT

SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
SPOILT = SPRING.replace("心", "間")


@pytest.fixture(scope="module")
def writer() -> tangyin.Writer:
    return tangyin.load("report")


def answer(client: httpx.Client, path: str, **body: Any) -> Any:
    response = client.post(f"/api/{path}", json=body)
    assert response.status_code == 200, response.text
    # The OpenAPI description tells the truth.
    TypeAdapter(documents._ANSWERS[path]).validate_python(response.json(), strict=True)
    return response.json()


def refused(client: httpx.Client, path: str, *parts: str, status: int = 422, **body: Any) -> None:
    response = client.post(f"/api/{path}", json=body)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    for part in parts:
        assert part in response.json()["error"]


@pytest.mark.parametrize(
    "options",
    [
        {"start": "日", "seed": 8},
        {"start": "明月", "rhyme": "陽", "count": 2, "seed": 7},
        {"start": "日", "seed": 8, "regulated": False},
        {"acrostic": "春夏秋冬", "regulated": False, "count": 20, "seed": 3, "form": "wulv"},
        {"start": "日", "regulated": False, "count": 3, "seed": 1, "script": "simplified"},
        {"include": ["明月"], "avoid": "愁", "strict": True, "seed": 2, "particles": 12},
    ],
    ids=str,
)
def test_poems_are_those_of_the_facade(client, writer, options) -> None:
    wanted = [verse.to_json() for verse in writer.write_many(**options)]
    assert answer(client, "write", **options) == json.loads(json.dumps(wanted))


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("argmax", {}), ("random-k", {"k": 3}), ("temperature", {"temperature": 1.2}),
     ("top-p", {"p": 0.7, "temperature": 0.9})],
)  # fmt: skip
def test_each_rule_takes_its_numbers(client, writer, name, numbers) -> None:
    body = {"start": "山", "seed": 4, "regulated": False, "count": 2, "rule": name, **numbers}
    rule = rule_named(name, **numbers)
    wanted = writer.write_many("山", seed=4, regulated=False, count=2, rule=rule)
    assert [p["text"] for p in answer(client, "write", **body)] == [v.text for v in wanted]


@pytest.mark.parametrize("regulated", [True, False])
def test_a_model_that_takes_a_title_writes_on_it(client, regulated) -> None:
    strong = tangyin.load("strong")
    options = {"title": "送友人", "form": "七絕", "count": 2, "seed": 5, "regulated": regulated}
    wanted = [verse.to_json() for verse in strong.write_many(**options)]
    assert answer(client, "write", model="strong", **options) == json.loads(json.dumps(wanted))
    (other,) = answer(
        client, "revise", model="strong", text=wanted[0]["text"], line=2, title="送友人", count=1,
        regulated=regulated,
    )  # fmt: skip
    assert other["title"] == "送友人"


def events(text: str) -> list[tuple[str, Any]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data[6:])) for name, data in blocks]


@pytest.mark.parametrize("regulated", [True, False])
def test_events_bring_the_lines_and_then_the_poem(client, regulated) -> None:
    body = {"start": "日", "seed": 5, "count": 2, "regulated": regulated}
    poems = answer(client, "write", **body)
    response = client.post("/api/write", json=body, headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    told = events(response.text)
    for number, poem in enumerate(poems):
        nine = told[9 * number : 9 * number + 9]
        assert [name for name, _ in nine] == ["line"] * 8 + ["poem"]
        assert "".join(value["text"] for _, value in nine[:8]) == poem["text"]
        assert {value["number"] for _, value in nine[:8]} == {number}
        assert nine[8][1] == poem
    assert told[18:] == [("end", {"poems": 2})]


def test_a_refusal_of_events_has_its_status(client) -> None:
    headers = {"Accept": "text/event-stream"}
    response = client.post("/api/write", json={"start": "x"}, headers=headers)
    assert response.status_code == 422
    assert "'x'" in response.json()["error"]


def test_clients_at_once_each_get_their_own_poem(address, writer) -> None:
    bodies: list[dict[str, Any]] = [
        {
            "start": "日紅山夜湖海月"[n % 7 : n % 7 + n % 3],
            "seed": n,
            "count": 1 + n % 4,
            "regulated": n % 8 == 0,
            "rule": ("top-p", "random-k")[n % 2],
            "script": ("traditional", "simplified")[n // 2 % 2],
        }
        for n in range(48)
    ]

    def ask(body: dict[str, Any]) -> list[dict[str, Any]]:
        return httpx.post(f"{address}/api/write", json=body, timeout=60).json()  # type: ignore[no-any-return]

    with ThreadPoolExecutor(32) as clients:
        answers = list(clients.map(ask, bodies))
    for body, poems in zip(bodies, answers, strict=True):
        options = {**body, "rule": rule_named(body["rule"])}
        assert poems == [verse.to_json() for verse in writer.write_many(**options)]


def test_revision_is_the_facades(client, writer) -> None:
    poem = writer.write("日", seed=3).text
    wanted = [verse.to_json() for verse in writer.revise(poem, 3, count=4, seed=9)]
    assert answer(client, "revise", text=poem, line=3, count=4, seed=9) == wanted
    wanted = writer.revise(poem, 3, character=2, regulated=False)
    found = answer(client, "revise", text=poem, line=3, character=2, regulated=False)
    assert [other["text"] for other in found] == [other.text for other in wanted]


def test_check_and_score_are_the_command_lines(client, tmp_path: Path) -> None:
    poems = f"{SPRING}\n\n{SPOILT}"
    (tmp_path / "poems.txt").write_text(poems, encoding="utf-8")
    for command, path in (
        (["check", "--format", "json"], "check"),
        (["score", "--model", "report"], "score"),
    ):
        out = tmp_path / path
        run([*command, str(tmp_path / "poems.txt"), "-o", str(out)])
        text = out.read_text("utf-8")
        wanted = json.loads(text) if path == "check" else [*map(json.loads, text.splitlines())]
        assert answer(client, path, text=poems) == wanted


def test_the_models_are_the_command_lines_and_the_default_is_marked(client, tmp_path) -> None:
    run(["models", "--format", "json", "-o", str(tmp_path / "models")])
    wanted = json.loads((tmp_path / "models").read_text("utf-8"))
    found = client.get("/api/models").json()
    TypeAdapter(documents._ANSWERS["models"]).validate_python(found, strict=True)
    assert [model["default"] for model in found] == [True] + [False] * (len(found) - 1)
    by_name = {model["name"]: model for model in found}
    for row in wanted:
        if row["origin"] == "shipped":
            assert {**by_name[row["name"]], **row} == by_name[row["name"]]


def test_a_fault_is_mended(client) -> None:
    ways = answer(client, "mend", text=SPOILT, line=4, kind="出韻")
    assert SPRING in [way["text"] for way in ways]
    for way in ways:
        assert way["changed"] == [[4, 5]]
        assert way["regulated"]
        assert check_text(way["text"]).regulated


def test_where_no_character_mends_it_the_line_is_written_anew(client) -> None:
    wrong = SPRING.replace("城春草木深", "獨坐清江水")
    ways = answer(client, "mend", text=wrong, line=2, kind="出韻", count=3)
    assert ways
    for way in ways:
        assert {line for line, _ in way["changed"]} == {2}
        assert way["regulated"]


def test_where_several_lines_are_wrong_they_are_written_anew_together(client) -> None:
    wrong = SPRING.replace("城春草木深", "獨坐清江水").replace("家書抵萬金", "獨往寒山月")
    ways = answer(client, "mend", text=wrong, line=2, kind="出韻", count=2)
    assert ways
    assert all(way["regulated"] for way in ways)


def test_a_place_tells_readings_and_what_was_expected(client) -> None:
    found = answer(client, "place", text=SPRING, form="五律", line=2, character=5, count=7)
    assert found["character"] == "深"
    assert found["readings"][0]["tone"] == "平"
    assert found["readings"][0]["rhyme"] == "侵"
    assert len(found["candidates"]) == 7
    unfinished = answer(client, "place", text="國破山河在城春", form="五律", line=2, character=2)
    assert unfinished["character"] == "春"


def test_a_trace_has_a_row_for_each_character(client) -> None:
    found = answer(client, "trace", text="國破山河在，", quantity="f")
    assert found["text"] == "國破山河在，"
    assert len(found["values"]) == 7
    assert {len(row) for row in found["values"]} == {128}
    assert all(0 <= value <= 1 for row in found["values"] for value in row)
    assert len(found["nll"]) == 6


def test_a_text_is_converted_between_scripts(client) -> None:
    assert answer(client, "script", text="國破", script="simplified") == {"text": "国破"}
    assert answer(client, "script", text="国破", script="traditional") == {"text": "國破"}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("write", {"start": "x"}, "'x'"),
        ("write", {"start": "x", "regulated": False}, "'x'"),
        ("write", {"model": "nobody"}, "there is no model called nobody"),
        ("write", {"model": "../../etc/passwd"}, "there is no model called"),
        ("write", {"model": "/etc/passwd", "regulated": False}, "there is no model called"),
        ("write", {"count": COUNT + 1}, "count: input should be less than"),
        ("write", {"count": 1.5}, "count: "),
        ("write", {"seed": -1}, "seed: "),
        ("write", {"seed": 2**64}, "seed: "),
        ("write", {"particles": 4096}, "particles: "),
        ("write", {"temperature": 1e9}, "temperature: "),
        ("write", {"k": 5}, "the rule top-p has no number k"),
        ("write", {"sart": "日"}, "sart: extra inputs"),
        ("write", {"start": "日" * 41}, "has 41 characters"),
        ("write", {"start": "日" * (TEXT + 1)}, "start: "),
        ("write", {"title": "送友人"}, "not trained on titles"),
        ("write", {"title": "送友人", "regulated": False}, "not trained on titles"),
        ("write", {"rhyme": "z"}, "no level rhyme"),
        ("write", {"rhyme": "東", "regulated": False}, "rhyme belongs to regulated verse"),
        ("write", {"form": "七律"}, "knows 五律 only"),
        ("write", {"form": "七律", "regulated": False}, "knows 五律 only"),
        ("write", {"include": ["明月"] * 21}, "include: "),
        ("write", {"script": "latin"}, "script: "),
        ("revise", {"text": SPRING, "line": 9}, "there is no line 9"),
        ("revise", {"text": SPOILT, "line": 1}, "line 4 ends on 間"),
        ("revise", {"text": "日"}, "line: field required"),
        ("check", {"text": ""}, "there is no poem to check"),
        ("check", {"text": SPRING + "\n\n明月"}, "poem 2: "),
        ("check", {"text": "\n\n".join(["明月下秦嶺，雲遙日落黃。"] * (POEMS + 1))}, "at most 20"),
        ("score", {"text": "白日依山盡，黃河入海流。"}, "poem 1: "),
        ("score", {"text": "<script>alert(1)</script>"}, "'<'"),
        ("mend", {"text": SPRING, "line": 4, "kind": "出韻"}, "there is no fault 出韻 in line 4"),
        ("place", {"text": SPRING, "form": "五律", "line": 2, "character": 6}, "no character 6"),
        ("place", {"text": "國破", "form": "五律", "line": 2, "character": 1}, "no character 1"),
        ("place", {"text": "國破", "form": "詩", "line": 1, "character": 1}, "no form '詩'"),
        ("trace", {"text": ""}, "nothing to read"),
        ("trace", {"text": "國破", "layer": 2}, "there is no layer 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_a_sentence(client, path, body, says) -> None:
    refused(client, path, says, **body)


def test_a_body_that_is_no_json_is_told(client) -> None:
    deep = b'{"start": ' + b"[" * 8000 + b"]" * 8000 + b"}"
    long = b'{"seed": ' + b"9" * 5000 + b"}"
    for content in (b"{", b'{"start": "\xe6"}', b"[" * 9000, deep, long):
        response = client.post(
            "/api/write", content=content, headers={"Content-Type": "application/json"}
        )
        assert response.status_code in (400, 422)
        assert "no JSON in UTF-8" in response.json()["error"]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_a_body_that_is_no_object_is_told_how_to_send_one(client, kind) -> None:
    # A page of another site can send text, but no JSON, without the browser asking first.
    contents = [b"null", b"[]", b""] if kind == "application/json" else [b'{"seed": 1}']
    for content in contents:
        headers = {"Content-Type": kind} if kind else {}
        response = client.post("/api/write", content=content, headers=headers)
        assert response.status_code == 422
        assert "send one as Content-Type: application/json" in response.json()["error"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize("name", ["temperature", "p", "seed", "count"])
def test_what_is_no_number_is_refused(client, name, number) -> None:
    response = client.post(
        "/api/write",
        content=f'{{"{name}": {number}}}',
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 422
    assert response.json()["error"].startswith(f"{name}: ")


def test_the_models_are_told_however_much_is_being_written(in_loop) -> None:
    async def ask() -> None:
        transport = httpx.ASGITransport(create_app("report", waiting=0))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            refusal = await client.post("/api/check", json={"text": SPRING})
            assert refusal.status_code == 429
            assert (await client.get("/api/models")).json()[0]["name"] == "report"

    in_loop(ask())


def test_a_lone_surrogate_does_not_break_the_answer(client) -> None:
    response = client.post(
        "/api/check",
        content=rb'{"text": "\ud800\ud800\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 422
    assert response.json()["error"]


def test_a_large_body_is_refused(client) -> None:
    response = client.post("/api/check", json={"text": "日" * BODY})
    assert response.status_code == 413
    assert "16,384 bytes" in response.json()["error"]
    assert response.headers["connection"] == "close"


def test_health_is_told(client) -> None:
    found = client.get("/healthz").json()
    assert found.pop("jobs") >= 0
    assert found == {"status": "ok", "version": tangyin.__version__, "model": "report"}


def test_the_examples_of_the_description_work(client) -> None:
    described = client.get("/openapi.json").json()
    schemas = described["components"]["schemas"]
    tried = 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method != "post":
                continue
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            for example in schemas[schema["$ref"].split("/")[-1]]["examples"]:
                answer(client, path.removeprefix("/api/"), **example)
                tried += 1
            assert operation["responses"]["422"]["content"]["application/json"]["schema"]
    assert tried >= 9


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/static/nothing.js", "/docs", "/api/models/", "/static"]
)
def test_what_is_not_there_is_told(client, path) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "there is nothing here" in response.json()["error"]


def test_a_wrong_method_is_told_with_the_right_one(client) -> None:
    for method in ("GET", "PUT", "OPTIONS", "DELETE"):
        response = client.request(method, "/api/write")
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert response.json()["error"]
