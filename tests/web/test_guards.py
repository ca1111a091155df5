"""Protection against hostile and slow clients."""

import json
import socket
import time
from contextlib import suppress

import pytest

from tangyin.web.answers import POLICY, REPORT_POLICY
from tangyin.web.app import create_app
from tangyin.web.guards import PatientProtocol

from .conftest import within


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/api/models", "/nothing", "/healthz"])
def test_every_answer_has_the_security_headers(client, path) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers or "uvicorn" in headers["server"]
    assert headers["cache-control"] == ("no-store" if path.startswith("/api") else "no-cache")


def test_the_policy_allows_no_inline_script_and_no_other_host() -> None:
    assert "default-src 'none'" in POLICY
    assert "script-src 'self'" in POLICY
    for loose in ("unsafe", "http", "*", "data:"):
        assert loose not in POLICY


def test_the_report_may_style_itself_and_run_nothing(client, monkeypatch, tmp_path) -> None:
    answer = client.get("/report")
    assert answer.status_code == 200
    assert "<h1" in answer.text
    assert answer.headers["content-security-policy"] == REPORT_POLICY
    assert "default-src 'none'" in REPORT_POLICY
    assert "script-src" not in REPORT_POLICY
    monkeypatch.setattr("tangyin.web.app.REPORT_PAGES", (tmp_path / "report.html",))
    answer = client.get("/report")
    assert answer.status_code == 404
    assert answer.json()["code"] == "server.no_report"


def connected(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def rest(connection: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def raw(address: str, request: bytes) -> bytes:
    """The server's answer to bytes, until it closes the connection."""
    with connected(address) as connection:
        connection.sendall(request)
        return rest(connection)


def refusal(answer: bytes) -> tuple[int, str, dict[str, str]]:
    """Status, code and headers of an answer that is the documented JSON with our headers."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert headers["content-security-policy"] == POLICY.lower()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == "application/json"
    found = json.loads(body)
    assert found.keys() == {"code", "params", "message"}
    return int(status.split()[1]), found["code"], headers


GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        *((bad, 400, "no_http") for bad in (
            b"\0 nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", GET + b"Host: evil\r\n\r\n",
            POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
            POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            POST + b"Transfer-Encoding: gzip\r\n\r\n",
        )),
        # What others would take for a second request is not read.
        (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + GET
         + b"\r\n", 400, "two_lengths"),
        (POST + b"Expect: 100-continue\r\nContent-Length: 99999\r\n\r\n", 413, "body_too_large"),
        (POST.replace(b"json", b"xml") + b"Content-Length: 9\r\n\r\n", 415, "wrong_type"),
        (POST.replace(b"localhost", b"evil") + b"Connection: close\r\n\r\n", 421, "unknown_host"),
        (GET.replace(b"healthz", b"no") + b"Connection: close\r\n\r\n", 404, "not_found"),
        (GET.replace(b"GET", b"PUT") + b"Connection: close\r\n\r\n", 405, "wrong_method"),
        (POST + b"Connection: close\r\nContent-Length: 1\r\n\r\n{", 400, "no_json"),
        (POST + b"Sec-Fetch-Site: cross-site\r\nContent-Length: 2\r\n\r\n{}", 403, "foreign_page"),
    ],
)  # fmt: skip
def test_every_refusal_is_json_with_the_security_headers(address, request_, status, code) -> None:
    found, name, headers = refusal(raw(address, request_))
    assert (found, name) == (status, f"server.{code}")
    assert headers["connection"] == "close"


async def test_an_unexpected_error_is_refused_so_too() -> None:
    app = create_app("report")
    app.add_api_route("/api/broken", lambda: 1 // 0)
    async with within(app, fails=False) as client:
        answer = await client.get("/api/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "server.failed")
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        *(({"Origin": origin}, False) for origin in (
            "http://evil.example", "null", "http://localhost:1", "http://{}.evil.example",
            "http://evil.example/{}",
        )),
        *(({"Sec-Fetch-Site": site}, False) for site in ("cross-site", "same-site")),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Origin": "http://{}", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://{}"}, True),  # a server with encryption in front of this one
        ({"Sec-Fetch-Site": "none"}, True),
        ({}, True),
    ],
)  # fmt: skip
def test_only_pages_of_this_server_start_work(client, address, headers, own) -> None:
    host = address.removeprefix("http://")
    sent = {name: value.format(host) for name, value in headers.items()}
    answer = client.post("/api/script", json={"text": "国", "script": "traditional"}, headers=sent)
    assert answer.status_code == (200 if own else 403)
    assert answer.json().get("code") == (None if own else "server.foreign_page")


def test_the_connection_that_waited_longest_makes_room_for_the_next(address, monkeypatch) -> None:
    monkeypatch.setattr(PatientProtocol, "most", 8)
    slow = [connected(address) for _ in range(20)]
    for one in slow[-4:]:
        one.sendall(b"GET / HTTP")
    assert raw(address, GET + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    for one in slow[:12]:
        with suppress(ConnectionResetError):
            assert one.recv(1) == b""
    slow[-1].sendall(b"/1.1\r\nHost: localhost\r\n\r\n")
    assert slow[-1].recv(12) == b"HTTP/1.1 200"
    for one in slow:
        one.close()


def test_without_room_a_connection_is_refused(address, monkeypatch) -> None:
    monkeypatch.setattr(PatientProtocol, "most", 0)
    monkeypatch.setattr(PatientProtocol, "_waits", False)
    with connected(address) as one:
        status, code, headers = refusal(one.recv(65536))
    assert (status, code, headers["retry-after"]) == (503, "server.full", "1")


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/../index.html"),
        *("/static/....//app.py", "/static/..\\app.py", "/static//etc/passwd"),
        *("/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fpyproject.toml", "/static/page.js%00"),
    ],
)
def test_no_file_outside_the_static_folder_can_be_read(address, path) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = raw(address, request.encode())
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
    assert b"create_app" not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *((name, 421) for name in ("evil.example", "127.0.0.1.evil.example", "", "[::2]:80")),
        *((name, 421) for name in ("localhost:80@evil.example", "localhost@evil.example:80")),
        *((name, 200) for name in ("localhost:8000", "127.0.0.1", "[::1]:80", "LOCALHOST")),
    ],
)
def test_only_the_loopback_names_are_answered(client, host, status) -> None:
    response = client.get("/healthz", headers={"Host": host})
    assert response.status_code == status
    assert response.json().get("code") == ("server.unknown_host" if status == 421 else None)
    assert response.headers["content-security-policy"] == POLICY


async def test_a_server_for_others_answers_any_name() -> None:
    async with within(create_app("report", local=False), "http://some.example") as client:
        assert (await client.get("/healthz")).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(address, monkeypatch) -> None:
    monkeypatch.setattr("tangyin.web.guards.BODY_SECONDS", 0.3)
    start = time.monotonic()
    answer = raw(address, POST + b"Content-Length: 50\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"server.body_too_slow" in answer
    assert POLICY.encode() in answer
    assert time.monotonic() - start < 8


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127"])
@pytest.mark.parametrize("second", [False, True])
def test_a_head_that_does_not_come_is_not_waited_for(address, monkeypatch, begun, second) -> None:
    monkeypatch.setattr("tangyin.web.guards.HEAD_SECONDS", 0.3)
    with connected(address) as connection:
        if second:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            begun = begun or b"G"  # an idle connection is kept for another request
        connection.sendall(begun)
        answer = rest(connection)
    if begun:  # after the rest of the first answer
        assert refusal(answer[answer.index(b"HTTP/1.1 408") :])[:2] == (408, "server.head_too_slow")


def test_an_endless_body_is_cut_off(address) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = raw(address, head + b"4000\r\n" + b"a" * 0x4000 + b"\r\n1\r\na\r\n")
    assert answer.startswith(b"HTTP/1.1 413")


SITE = "https://poems.example"


@pytest.fixture
def ask_from():
    """Asks an application that lets pages of `SITE` use the API, as a page of an origin does."""

    async def ask(origin, method="POST", path="/api/script", **headers):
        body = {"json": {"text": "風", "script": "simplified"}} if method == "POST" else {}
        async with within(create_app("report", origins=[SITE])) as client:
            headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", **headers}
            return await client.request(method, path, headers=headers, **body)

    return ask


async def test_a_page_of_an_allowed_site_uses_the_api(ask_from) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    allowed = await ask_from(SITE, "OPTIONS", **asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == SITE
    assert "content-type" in allowed.headers["access-control-allow-headers"].lower()
    answer = await ask_from(SITE)
    assert (answer.status_code, answer.json()) == (200, {"text": "风"})
    for found in (answer, await ask_from(SITE, "GET", "/api/forms")):
        assert found.headers["access-control-allow-origin"] == SITE
        assert "access-control-allow-credentials" not in found.headers
        assert found.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    "origin", ["https://other.example", f"{SITE}:8080", "http://poems.example", "null"]
)
async def test_a_page_of_another_site_does_not(ask_from, origin) -> None:
    answer = await ask_from(origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "server.foreign_page")
    refused = await ask_from(origin, "OPTIONS", **{"Access-Control-Request-Method": "POST"})
    for found in (answer, refused, await ask_from(origin, "GET", "/api/forms")):
        assert "access-control-allow-origin" not in found.headers


def test_without_the_option_no_site_may(client) -> None:
    headers = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "POST"):
        answer = client.request(method, "/api/script", headers=headers, json={"text": "風"})
        assert answer.status_code in (403, 405)
        assert "access-control-allow-origin" not in answer.headers
