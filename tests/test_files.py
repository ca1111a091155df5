import os
import shutil
import signal
import stat
import subprocess
import sys
from typing import Any

import pytest

from tangyin.errors import TangyinError
from tangyin.files import lock, make_folder, whole_file, write_whole

WRITE_A_MEGABYTE = """
import resource, sys
from pathlib import Path
from tangyin.errors import TangyinError
from tangyin.files import write_whole
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    write_whole(Path(sys.argv[1]), b"new" * 350_000)
except TangyinError as error:
    sys.exit(f"refused: {error}")
"""


def run(script: str, *arguments: object, prefix: tuple[str, ...] = (), **options: Any) -> Any:
    command = [*prefix, sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


@pytest.mark.parametrize("content", [b"\x00\xff\n", "日\n月\n"])
def test_the_content_is_replaced_and_nothing_left_beside_it(tmp_path, content) -> None:
    path = tmp_path / "poem"
    for earlier in (None, b"old and much longer than what follows"):
        if earlier:
            path.write_bytes(earlier)
        write_whole(path, content)
        assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002, 0o027])
def test_the_mode_honours_the_umask(tmp_path, umask) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "poem", "日")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "poem").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize(
    "failure", [RuntimeError(), KeyboardInterrupt(), TangyinError("file.write")]
)
def test_a_failure_on_the_way_leaves_the_old_content(tmp_path, failure) -> None:
    path = tmp_path / "poem"
    path.write_text("old")

    def fail() -> None:
        with whole_file(path, "w") as file:
            file.write("new")
            raise failure

    with pytest.raises(type(failure)):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_full_disk_leaves_the_old_content_and_nothing_beside_it(tmp_path) -> None:
    path = tmp_path / "poem"
    path.write_text("old")
    result = run(WRITE_A_MEGABYTE, path, 65536)
    assert result.returncode == 1
    assert result.stderr.startswith(f"refused: cannot write {path}: ")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("options", "fault"), [("size=64k", "No space"), ("ro", "Read-only")])
def test_a_full_or_read_only_mount_is_reported_in_one_sentence(tmp_path, options, fault) -> None:
    mount = ("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(tmp_path))
    for private in (("unshare", "--mount"), ("unshare", "--map-root-user", "--mount")):
        tried = shutil.which("unshare") and subprocess.run([*private, *mount], timeout=60)
        if tried and tried.returncode == 0:
            break
    else:
        pytest.skip("needs the right to mount, or to be root in a namespace of its own")
    script = '"$@" || { code=$?; ls -A "$0"; exit $code; }'
    shell = ("sh", "-c", f"{' '.join(mount)} && {script}", str(tmp_path))
    result = run(WRITE_A_MEGABYTE, tmp_path / "poem", prefix=(*private, *shell))
    assert result.returncode == 1
    assert fault in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""  # nothing is left in the folder


def test_a_kill_on_the_way_leaves_the_old_content(tmp_path) -> None:
    path = tmp_path / "poem"
    path.write_text("old")
    script = """
import os, signal, sys
from pathlib import Path
from tangyin.files import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"new" * 100_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run(script, path).returncode == -signal.SIGKILL
    assert path.read_text() == "old"


@pytest.mark.parametrize("old", ["old", None])
def test_a_link_stays_a_link_and_its_target_is_written(tmp_path, old) -> None:
    target, link = tmp_path / "far" / "poem", tmp_path / "link"
    target.parent.mkdir()
    if old:
        target.write_text(old)
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert not target.is_symlink()


@pytest.mark.parametrize("name", [".", "missing/poem", "file/poem", "x" * 300])
def test_a_place_that_cannot_be_written_is_an_error(tmp_path, name) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(TangyinError, check=lambda e: e.code == "file.write"):
        write_whole(tmp_path / name, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_made_with_its_parents_or_it_is_an_error(tmp_path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    for name in ("file", "file/below", "x" * 300):
        with pytest.raises(TangyinError, check=lambda e: e.code == "file.folder"):
            make_folder(tmp_path / name)


def test_a_lock_holds_until_its_process_ends(tmp_path, spawn) -> None:
    script = """
import sys
from tangyin.files import lock
file = open(sys.argv[1], "ab")
print(lock(file), flush=True)
sys.stdin.read()
"""
    command, pipe = [sys.executable, "-c", script, str(tmp_path / "lock")], subprocess.PIPE
    holder = spawn(command, stdin=pipe, stdout=pipe, text=True)
    with (tmp_path / "lock").open("ab") as file:
        assert holder.stdout.readline() == "True\n"
        assert not lock(file)
        holder.kill()
        holder.communicate(timeout=10)
        assert lock(file)
