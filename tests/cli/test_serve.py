import os
import resource
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tangyin.cli.serve import _room


def started(spawn, *words: str) -> "tuple[subprocess.Popen[str], str]":
    """The server, and its address as it prints it, when it answers."""
    server = spawn(
        [sys.executable, "-X", "importtime", "-m", "tangyin", "serve", "--port", "0", *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr
    imported = ""
    for line in server.stderr:
        if line.startswith("唐音"):
            break
        imported += line
    address = line.split()[1]
    assert "torch" not in imported
    assert "matplotlib" not in imported
    with urllib.request.urlopen(f"{address}healthz", timeout=30) as answer:
        assert answer.status == 200
    return server, address


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_without_torch_until_it_is_stopped(how, spawn) -> None:
    server, address = started(spawn)
    try:
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=30) as page:
            assert "唐音" in page.read().decode()
    finally:
        server.send_signal(how)
        _, rest = server.communicate(timeout=30)
    assert "Traceback" not in rest
    assert server.returncode == (0 if how == signal.SIGINT else -signal.SIGTERM)


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="the server is one process elsewhere")
def test_a_process_that_is_killed_is_replaced_and_none_is_left_behind(spawn, wait_until) -> None:
    server, address = started(spawn, "--model", "report", "--workers", "2")
    for _ in range(2):
        first, second = children(server.pid)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: first not in children(server.pid) and len(children(server.pid)) == 2)  # noqa: B023
        assert second in children(server.pid)
        for _ in range(8):
            with urllib.request.urlopen(f"{address}healthz", timeout=30) as answer:
                assert answer.status == 200
    server.kill()
    _, rest = server.communicate(timeout=30)  # until the last process has closed its end
    assert rest.count("signal 9") == 2
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=30)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit files in other ways")
@pytest.mark.parametrize(
    ("soft", "hard", "raised", "connections"),
    [
        (1024, 20_000, 2248, 2048),  # raised softly, as far as it is needed
        (1024, -1, 2248, 2048),
        (4096, 4096, 4096, 2048),
        (256, 1000, 1000, 800),  # with fewer files, fewer connections
    ],
)
def test_there_are_as_many_connections_as_files_can_be_open(
    monkeypatch, soft, hard, raised, connections
) -> None:
    limits = [soft, hard]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.__setitem__(slice(None), new))
    assert _room(2048) == connections
    assert limits == [raised, hard]


def test_a_server_that_cannot_start_is_an_error(cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        cli("serve", "--port", port).refused(1, f"port {port}", "--port")
    done = cli("serve", "--host", "192.0.2.1")
    done.refused(1, "192.0.2.1", "--host")
    assert done.err.count("192.0.2.1") == 1
    cli("serve", "--port", "0", "--model", "nobody").refused(2, "nobody")


@pytest.mark.parametrize("origin", ["*", "poems.example", "https://poems.example/", "null"])
def test_an_origin_is_scheme_and_host_alone(cli, origin) -> None:
    cli("serve", "--allow-origin", origin).refused(2, repr(origin))


def test_without_the_extra_the_error_says_how_to_install_it(tmp_path) -> None:
    # A module of that name in front of the installed one.
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(name='uvicorn')")
    done = subprocess.run(
        [sys.executable, "-m", "tangyin", "serve"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "tangyin: the page needs uvicorn, which is not installed; "
        "install it with: pip install 'tangyin[web]'\n"
    )
