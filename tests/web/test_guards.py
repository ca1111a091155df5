"""Protection against hostile and slow clients."""

import socket
import time

import httpx
import pytest

from tangyin.web.app import create_app
from tangyin.web.guards import POLICY, REPORT_POLICY


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


def raw(address: str, request: bytes, seconds: float = 10) -> bytes:
    """The server's answer to bytes, until it closes the connection."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


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
        *((name, 200) for name in ("localhost:8000", "127.0.0.1", "[::1]:80", "LOCALHOST")),
    ],
)
def test_only_the_loopback_names_are_answered(client, host, status) -> None:
    response = client.get("/healthz", headers={"Host": host})
    assert response.status_code == status
    assert response.json().get("code") == ("server.unknown_host" if status == 421 else None)
    assert response.headers["content-security-policy"] == POLICY


async def test_a_server_for_others_answers_any_name() -> None:
    transport = httpx.ASGITransport(create_app("report", local=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://some.example") as client:
        assert (await client.get("/healthz")).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(address, monkeypatch) -> None:
    monkeypatch.setattr("tangyin.web.guards.BODY_SECONDS", 0.3)
    head = "POST /api/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{"
    start = time.monotonic()
    answer = raw(address, head.encode())
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"server.body_too_slow" in answer
    assert POLICY.encode() in answer
    assert time.monotonic() - start < 8


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127"])
@pytest.mark.parametrize("second", [False, True])
def test_a_head_that_does_not_come_is_not_waited_for(address, monkeypatch, begun, second) -> None:
    monkeypatch.setattr("tangyin.web.guards.HEAD_SECONDS", 0.3)
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        if second:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            begun = begun or b"G"  # an idle connection is kept for another request
        connection.sendall(begun)
        while connection.recv(65536):
            pass  # the rest of the first answer


def test_an_endless_body_is_cut_off(address) -> None:
    head = b"POST /api/check HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(address, head + b"4000\r\n" + b"a" * 0x4000 + b"\r\n1\r\na\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
