"""What the API answers: the command line's JSON, through the same façade."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

import tangyin
from tangyin.cli.main import run
from tangyin.errors import TangyinError
from tangyin.metre import check_text
from tangyin.model.file import save_model
from tangyin.model.inspection import expectation
from tangyin.paths import models_home
from tangyin.verse import WULV, to_simplified
from tangyin.verse.tune import tunes
from tangyin.web.app import create_app
from tangyin.web.bodies import SPRING
from tangyin.web.desk import without_paths
from tangyin.web.limits import COUNT, POEMS, TEXT

from .conftest import within

SPOILT = SPRING.replace("心", "間")
JSON = {"Content-Type": "application/json"}
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def writer():
    return tangyin.load("report")


@pytest.fixture(scope="module")
def answer(client):
    """Asks the API; the values of its answer."""

    def ask(path: str, **body: Any) -> Any:
        response = client.post(f"/api/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def as_json(found: Any) -> Any:
    """A result of the façade, or several, as JSON."""
    several = [asdict(one) for one in found] if isinstance(found, list) else asdict(found)
    return json.loads(json.dumps(several))


@pytest.mark.parametrize(
    "options",
    [
        {"start": "日", "seed": 8},
        {"start": "明月", "rhyme": "陽", "count": 2, "seed": 7},
        {"start": "日", "seed": 8, "regulated": False},
        {"acrostic": "春夏秋冬", "regulated": False, "count": 20, "seed": 3, "form": "wulv"},
        {"start": "日", "regulated": False, "count": 3, "seed": 1, "script": "simplified"},
        {"include": ["明月"], "avoid": "愁", "strict": True, "seed": 2, "particles": 12},
        {"start": "山", "seed": 4, "regulated": False, "count": 2, "rule": "argmax"},
        {"start": "山", "seed": 4, "regulated": False, "rule": "random-k", "k": 3},
        {"seed": 4, "regulated": False, "rule": "temperature", "temperature": 1.2},
        {"seed": 4, "regulated": False, "rule": "top-p", "p": 0.7, "temperature": 0.9},
    ],
    ids=str,
)
def test_poems_are_those_of_the_facade(answer, writer, options) -> None:
    assert answer("write", **options) == as_json([*writer.write_many(**options)])


@pytest.mark.parametrize("regulated", [True, False])
def test_a_model_that_takes_a_title_writes_on_it(answer, regulated) -> None:
    options = {"title": "送友人", "form": "七絕", "count": 2, "seed": 5, "regulated": regulated}
    wanted = as_json([*tangyin.load("strong").write_many(**options)])
    assert answer("write", model="strong", **options) == wanted


@pytest.mark.parametrize("regulated", [True, False])
def test_events_bring_the_first_poem_as_it_is_decided_and_then_the_poems(
    client, answer, regulated
) -> None:
    body = {"start": "日", "seed": 5, "count": 2, "regulated": regulated}
    response = client.post("/api/write", json=body, headers=EVENTS)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    blocks = [block.split("\n") for block in response.text.strip().split("\n\n")]
    events = [(name.removeprefix("event: "), json.loads(data[6:])) for name, data in blocks]
    drafts = [value for name, value in events if name == "draft"]
    assert [name for name, _ in events] == ["draft"] * 48 + ["poem", "poem", "end"]
    assert [len(draft["text"]) for draft in drafts] == [*range(1, 49)]
    poems = answer("write", **body)
    assert [value for _, value in events[48:]] == [*poems, {"poems": 2}]
    for draft in drafts:
        assert poems[0]["text"].startswith(draft["text"][: draft["settled"]])
        assert regulated or draft["settled"] == len(draft["text"])
    assert drafts[-1]["text"] == poems[0]["text"]
    within = [(a, b) for n, (a, b) in enumerate(pairwise(drafts[:-1]), 1) if n % 6]
    assert all(b["text"].startswith(a["text"]) for a, b in within)


def test_clients_at_once_each_get_their_own_poem(address, writer) -> None:
    bodies: list[dict[str, Any]] = [
        {
            "start": "日紅山夜湖海月"[n % 7 : n % 7 + n % 3],
            "seed": n,
            "count": 1 + n % 4,
            "regulated": n % 8 == 0,
            "rule": ("top-p", "random-k", "argmax")[n % 3],
            "script": ("traditional", "simplified")[n // 2 % 2],
        }
        for n in range(24)
    ]

    def ask(body: dict[str, Any]) -> Any:
        return httpx.post(f"{address}/api/write", json=body, timeout=60).json()

    with ThreadPoolExecutor(32) as clients:
        answers = list(clients.map(ask, bodies))
    for body, found in zip(bodies, answers, strict=True):
        assert found == as_json([*writer.write_many(**body)])


def test_check_and_score_are_the_command_lines(answer, tmp_path) -> None:
    text = f"{SPRING}\n\n{SPOILT}"
    (tmp_path / "poems.txt").write_text(text, encoding="utf-8")
    for command, *options in (("check", "--format", "json"), ("score", "--model", "report")):
        run([command, *options, str(tmp_path / "poems.txt"), "-o", str(tmp_path / "out")])
        printed = (tmp_path / "out").read_text("utf-8")
        lines = printed if command == "check" else f"[{','.join(printed.splitlines())}]"
        # The API adds fields to a check that the command does not print.
        found = [dict(one) for one in answer(command, text=text)]
        more = [
            one.pop(name)
            for one in found
            for name in ("title", "author", "line", "ways")
            if name in one
        ]
        assert len(more) == (8 if command == "check" else 0)
        assert found == json.loads(lines)


@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_one_bad_poem_hides_no_other(client, language) -> None:
    """The others have their results, and it has its error in its place."""
    text = f"《春望》杜甫\n{SPRING}\n\n明月，\n\n{SPOILT}"
    for path in ("check", "score"):
        response = client.post(
            f"/api/{path}", json={"text": text}, headers={"Accept-Language": language}
        )
        assert response.status_code == 200
        first, bad, last = response.json()
        assert (bad["number"], bad["line"], bad["text"]) == (2, 4, "明月，")
        error = bad["error"]
        assert error["code"].startswith("text.")
        assert ("。" in error["message"][-1]) == (language != "en")
        (alone,) = client.post(f"/api/{path}", json={"text": SPOILT}).json()
        assert last == alone | ({"number": 3, "line": 6} if path == "check" else {})
        assert "error" not in first
    checked = client.post("/api/check", json={"text": text}).json()
    assert (checked[0]["title"], checked[0]["author"]) == ("春望", "杜甫")


def test_a_ci_a_couplet_and_a_poem_are_checked_side_by_side_and_the_poem_scored(answer) -> None:
    couplet = "白日依山盡，黃河入海流。"
    text = f"如夢令\n知否，知否？應是綠肥紅瘦。\n\n{couplet}\n\n{SPRING}"
    song, *others = answer("check", text=text)
    assert (song["form"], song["tune"], song["title"]) == ("詞", "如夢令", "如夢令")
    assert {fault["kind"] for fault in song["faults"]} == {"脫字"}
    assert [(one["number"], one["form"]) for one in others] == [(2, "對聯"), (3, "五律")]
    refused, scored = answer("score", text=f"{couplet}\n\n{SPRING}")
    assert refused["error"]["code"] == "text.no_form"
    assert scored == answer("score", text=SPRING)[0]


def test_the_models_are_the_command_lines_and_the_default_is_marked(client, tmp_path) -> None:
    run(["models", "--format", "json", "-o", str(tmp_path / "models")])
    wanted = json.loads((tmp_path / "models").read_text("utf-8"))
    found = client.get("/api/models").json()
    assert [model["default"] for model in found] == [True] + [False] * (len(found) - 1)
    by_name = {model["name"]: model for model in found}
    for row in wanted:
        if row["origin"] == "shipped":
            assert {**by_name[row["name"]], **row} == by_name[row["name"]]


def test_a_book_gives_the_verdict_and_the_readings(answer) -> None:
    modern = "海上生明月，天涯共此帆。歸心隨去雁，萬里到鄉關。"
    (usual,), (report,) = (answer("check", text=modern, book=book) for book in ("", "xinyun"))
    assert [usual["regulated"], report["regulated"]] == [False, True]
    assert (report["book"], report["rhyme"]) == ("中華新韻", "八寒")
    assert usual["books"] == report["books"]


def test_a_character_of_two_readings_comes_with_all_of_them(answer) -> None:
    (report,) = answer("check", text=SPRING)
    assert {chosen["character"] for chosen in report["readings"]} == set(report["ways"])
    ways = {(way["tone"], way["rhyme"]): way["share"] for way in report["ways"]["勝"]}
    assert set(ways) == {("平", "蒸"), ("去", "徑")}
    assert sum(ways.values()) == pytest.approx(1, abs=0.001)


def test_a_fix_is_in_the_script_of_the_poem(answer) -> None:
    typed = to_simplified(SPOILT)
    for fix in answer("fix", text=typed, line=4, kind="出韻"):
        lines = check_text(typed).lines
        for number, (old, new) in enumerate(zip(lines, fix["lines"], strict=True), 1):
            for place, (a, b) in enumerate(zip(old, new, strict=True), 1):
                assert a == b or [number, place] in fix["changed"]
        assert fix["text"] == to_simplified(fix["text"])


def test_a_trace_has_a_row_for_each_character_and_watches_a_unit_closely(answer, writer) -> None:
    text = "國破山河在，城春"
    found = answer("trace", text=text, unit=3, quantity="f")
    assert (found["text"], len(found["nll"])) == (text, len(text))
    assert [len(row) for row in found["values"]] == [128] * (len(text) + 1)
    assert all(0 <= value <= 1 for row in found["values"] for value in row)
    assert found["cell"]["f"] == [row[2] for row in found["values"]]
    assert set(found["cell"]) == set("ifgoch")
    c, i, f, g = (found["cell"][name] for name in "cifg")
    for step in range(1, len(c)):
        assert c[step] == pytest.approx(f[step] * c[step - 1] + i[step] * g[step], abs=0.01)
    assert len(found["expected"]) == len(text) + 1
    prefix = writer.engine.vocabulary.prefix(WULV)
    likeliest = expectation(writer.engine, prefix, text[:7], "春", 1).candidates[0]
    best = found["expected"][7][0]
    assert best["character"] == likeliest[0]
    assert best["probability"] == pytest.approx(likeliest[1], abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"心": "間"}, {4}),
        # No single character fixes these: the line is rewritten, or all faulty lines are.
        ({"城春草木深": "獨坐清江水"}, {2}),
        ({"城春草木深": "獨坐清江水", "家書抵萬金": "獨往寒山月"}, {2, 3, 6, 7}),
    ],
    ids=["character", "line", "lines"],
)
def test_a_fault_is_fixed_in_as_few_lines_as_possible(answer, changes, lines) -> None:
    text = SPRING
    for old, new in changes.items():
        text = text.replace(old, new)
    fixes = answer("fix", text=text, line=min(lines), kind="出韻", count=5)
    assert fixes
    assert ("心" not in changes) or SPRING in [fix["text"] for fix in fixes]
    for fix in fixes:
        assert fix["changed"]
        assert {line for line, _ in fix["changed"]} <= lines
        assert ("心" not in changes) or fix["changed"] == [[4, 5]]
        assert fix["regulated"]
        assert check_text(fix["text"]).regulated


def test_help_at_a_place_and_a_line_and_the_check_of_a_sheet_are_the_facades(
    answer, writer
) -> None:
    rows = ["國破山河在", "城春草木□", "", "恨別鳥驚心"]
    place: dict[str, Any] = {"rows": rows, "line": 2, "place": 5, "asked": "長", "count": 7}
    found = answer("candidates", form="五律", **place)
    assert found == as_json(writer.candidates(**place))
    assert len(found["candidates"]) == 7
    line: dict[str, Any] = {"rows": rows, "line": 3, "count": 2, "seed": 5}
    assert answer("lines", form="五律", **line) == as_json(writer.lines(**line))
    upper = {"upper": "明月松間照", "count": 2, "seed": 5}
    assert answer("couplet", **upper) == as_json(writer.answer(**upper))
    given = {"form": "五律", "rows": rows, "pattern": "仄起首句不入韻"}
    assert answer("sheet", **given) == as_json(tangyin.api.check_sheet(**given))


def test_a_text_is_converted_between_scripts(answer) -> None:
    assert answer("script", text="國破", script="simplified") == {"text": "国破"}
    assert answer("script", text="国破", script="traditional") == {"text": "國破"}


REFUSED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("write", {"start": "x"}, "text.foreign", {"character": "x"}),
    ("write", {"model": "nobody"}, "server.no_model", {"name": "nobody"}),
    ("write", {"model": "../../etc/passwd"}, "server.no_model", {}),
    ("write", {"model": "/etc/passwd", "regulated": False}, "server.no_model", {}),
    ("write", {"start": "日" * 41}, "text.too_long", {"count": 41}),
    ("write", {"rhyme": "z"}, "request.unknown_rhyme", {}),
    ("write", {"form": "七律", "regulated": False}, "form.not_trained", {"form": "七律"}),
    ("lines", {"rows": [], "form": "五律", "line": 9}, "request.no_line", {"line": 9}),
    ("check", {"text": ""}, "text.none", {}),
    ("check", {"text": "\n\n".join(["明月下秦嶺，雲遙日落黃。"] * (POEMS + 1))},
     "server.too_many_poems", {"most": POEMS}),
    ("score", {"text": ""}, "text.none", {}),
    ("fix", {"text": SPRING, "line": 4, "kind": "出韻"},
     "server.no_fault", {"kind": "出韻", "line": 4}),
    ("candidates", {"rows": [], "form": "五律", "line": 2, "place": 6},
     "request.no_character", {"character": 6}),
    ("candidates", {"rows": [], "form": "五律", "line": 2, "place": 5, "length": 2},
     "request.no_character", {"character": 6}),
    ("sheet", {"rows": [], "form": "五律", "pattern": "x"}, "request.unknown_pattern", {}),
    ("trace", {"text": ""}, "text.empty", {}),
    ("trace", {"text": "國破", "unit": 9999}, "server.no_unit", {"model": "report"}),
    ("trace", {"text": "國破", "layer": 2}, "server.no_layer", {"layer": 2, "layers": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "code", "params"), REFUSED, ids=str)
@pytest.mark.parametrize("language", ["zh-TW,zh;q=0.9", "en"])
def test_what_is_impossible_is_refused_by_a_code(
    client, path, body, code, params, language
) -> None:
    # An error before the first event is not an event.
    headers = {"Accept-Language": language, **(EVENTS if language == "en" else {})}
    response = client.post(f"/api/{path}", json=body, headers=headers)
    assert response.status_code == 422
    error = response.json()
    assert error["code"] == code
    assert params.items() <= error["params"].items()
    assert ("。" in error["message"][-1]) == (language != "en")


@pytest.mark.parametrize(
    ("path", "body", "field", "reason"),
    [
        ("write", {"count": COUNT + 1}, "count", "less_than_equal"),
        ("write", {"seed": 2**64}, "seed", "less_than_equal"),
        ("write", {"particles": 4096}, "particles", "less_than_equal"),
        ("write", {"p": 0}, "p", "greater_than"),
        ("write", {"sart": "日"}, "sart", "extra_forbidden"),
        ("write", {"start": "日" * (TEXT + 1)}, "start", "string_too_long"),
        ("write", {"avoid": "日" * 201}, "avoid", "string_too_long"),
        ("write", {"include": ["明月"] * 21}, "include", "too_long"),
        ("write", {"script": "latin"}, "script", "literal_error"),
        ("lines", {"rows": [], "form": "五律"}, "line", "missing"),
        ("check", {"text": "\ud800\ud800"}, "text", "string_unicode"),
    ],
)
def test_a_field_out_of_bounds_is_named(client, path, body, field, reason) -> None:
    response = client.post(f"/api/{path}", content=json.dumps(body), headers=JSON)
    assert response.status_code == 422
    assert response.json()["code"] == "server.invalid_field"
    assert response.json()["params"] == {"field": field, "reason": reason}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize("name", ["temperature", "p", "seed", "count"])
def test_what_is_not_a_number_is_refused(client, name, number) -> None:
    response = client.post("/api/write", content=f'{{"{name}": {number}}}', headers=JSON)
    assert response.status_code == 422
    assert response.json()["params"]["field"] == name


@pytest.mark.parametrize(
    ("code", "contents", "headers"),
    [
        ("server.no_json", [b"{", b'{"start": "\xe6"}', b"[" * 9000,
                            b'{"seed": ' + b"9" * 5000 + b"}"], JSON),
        ("server.no_object", [b"null", b"[]", b""], JSON),
        # A page of another site can send text, but not JSON, without the browser asking first.
        *(("server.wrong_type", [b'{"seed": 1}'], {"Content-Type": name} if name else {})
          for name in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", "")),
        ("server.no_object", [b"null"], {"Content-Type": "Application/JSON; charset=utf-8"}),
    ],
)  # fmt: skip
def test_a_body_that_is_not_a_json_object_is_refused(client, code, contents, headers) -> None:
    for content in contents:
        response = client.post("/api/write", content=content, headers=headers)
        statuses = {"server.no_json": 400, "server.wrong_type": 415}
        assert response.status_code == statuses.get(code, 422)
        assert response.json()["code"] == code


def test_a_body_nested_too_deeply_is_refused(client) -> None:
    content = b'{"start": ' + b"[" * 8000 + b"]" * 8000 + b"}"
    response = client.post("/api/write", content=content, headers=JSON)
    # Python 3.11 does not read it; later ones do, and find no text in it.
    expected = {400: "server.no_json", 422: "server.invalid_field"}
    assert response.json()["code"] == expected[response.status_code]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        *(("GET", path, 404, "server.not_found")
          for path in ("/nothing", "/api/nothing", "/static/nothing.js", "/docs", "/api/models/",
                       "/static")),
        *((method, "/api/write", 405, "server.wrong_method")
          for method in ("GET", "PUT", "OPTIONS", "DELETE")),
    ],
)  # fmt: skip
def test_a_wrong_address_or_method_is_refused(client, method, path, status, code) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers.get("allow") == ("POST" if status == 405 else None)


async def test_the_models_are_listed_however_much_is_being_written() -> None:
    async with within(create_app("report", waiting=0)) as client:
        refusal = await client.post("/api/check", json={"text": SPRING})
        assert refusal.status_code == 429
        assert refusal.headers["retry-after"] == str(refusal.json()["params"]["seconds"])
        assert (await client.get("/api/models")).json()[0]["name"] == "report"


async def test_own_models_are_listed_in_json_and_refused_without_their_paths(
    random_model, home
) -> None:
    models_home().mkdir(parents=True)
    good = random_model("日月", (WULV,))
    good.figures["dev"] = {"all": {"per_token": float("nan")}}
    save_model(good, models_home() / "good.safetensors")
    bad = random_model("日月", (WULV,))
    bad.tensors["output.bias"] = bad.tensors["output.bias"][:-1]
    save_model(bad, models_home() / "bad.safetensors")
    async with within(create_app("report")) as client:
        listed = {row["name"]: row for row in (await client.get("/api/models")).json()}
        assert listed["good"]["figures"] == {"dev": {"all": {"per_token": None}}}
        assert "bad" not in listed
        refusal = await client.post("/api/score", json={"text": SPRING, "model": "bad"})
    assert refusal.json()["code"] == "model.misfit"
    assert refusal.json()["params"]["path"] == "bad.safetensors"
    assert str(home) not in refusal.text


def test_of_a_path_in_an_error_a_client_sees_the_name() -> None:
    inner = TangyinError("model.no_file", path="/home/a/b.safetensors")
    error = TangyinError("file.write", path=Path("/home/a/x"), reason="no '/home/a/x'", error=inner)
    seen = without_paths(error)
    assert seen.params["error"].params == {"path": "b.safetensors"}
    assert "/home" not in seen.message() + str(seen.to_json())


def test_health_is_reported(client) -> None:
    found = client.get("/healthz").json()
    assert found.pop("jobs") >= 0
    assert found == {"status": "ok", "version": tangyin.__version__, "model": "report"}


def test_the_examples_of_the_description_work_and_answers_are_described(client, answer) -> None:
    description = client.get("/openapi.json").json()
    schemas = description["components"]["schemas"]
    tried = []
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            answers = {
                status: answered["content"]["application/json"]["schema"]
                for status, answered in operation["responses"].items()
            }
            shape = answers.pop("200")
            shape = shape.get("items", shape)
            assert all("$ref" in one for one in shape.get("anyOf", [shape]))
            assert {shape["$ref"].split("/")[-1] for shape in answers.values()} == {"Refusal"}
            if method != "post":
                continue
            content = operation["requestBody"]["content"]["application/json"]
            schema = schemas[content["schema"]["$ref"].split("/")[-1]]
            fields = schema["properties"].items()
            examples = {name: field["examples"][0] for name, field in fields if "examples" in field}
            for example in schema.get("examples", [examples]):
                answer(path.removeprefix("/api/"), **example)
                tried.append(path)
    assert len(tried) >= 9


def test_a_sheet_may_have_the_lines_of_the_longest_tune_and_of_the_longest_verse(client) -> None:
    tune = max((v for each in tunes() for v in each.variants), key=lambda v: len(v.lines))
    for form, lines in ((f"{tune.name}·{tune.number}", len(tune.lines)), ("七古", 200)):
        answer = client.post("/api/sheet", json={"form": form, "rows": ["□"] * lines})
        assert answer.status_code == 200
