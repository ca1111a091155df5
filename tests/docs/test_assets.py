"""Packages of npm come into the site pinned, checked and unpacked safely."""

import base64
import hashlib
import importlib
import io
import re
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tangyin.errors import TangyinError

ROOT = Path(__file__).parents[2]
NPM = """#!{python}
import pathlib, shutil, sys
assert sys.argv[1:3] == ["pack", "small@1.0.0"], sys.argv
{action}
"""
DELIVER = "shutil.copy({package!r}, sys.argv[sys.argv.index('--pack-destination') + 1])"


@pytest.fixture(scope="module")
def assets():
    """The hook."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        return importlib.import_module("docs_assets")


@pytest.fixture
def packed(tmp_path):
    """A package with a file that is wanted and some that try to be written elsewhere."""
    path = tmp_path / "small-1.0.0.tgz"
    names = "package/dist/a.js", "package/dist/../../../a.js", "/tmp/a.js", "package/b.js"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"good"))
        link = tarfile.TarInfo("package/dist/c.js")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    digest = hashlib.sha512(path.read_bytes()).digest()
    return path, "sha512-" + base64.b64encode(digest).decode()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """Put an npm on the PATH, alone there, that does what it is told."""
    folder.mkdir()
    script = folder / "npm"
    script.write_text(NPM.format(python=sys.executable, action=action), encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def small(assets: ModuleType, integrity: str) -> Any:
    return assets.Package("small@1.0.0", integrity, re.compile(r"package/dist/[ac]\.js"), "dist/")


def test_only_wanted_regular_files_are_unpacked_and_only_once(
    assets, packed, tmp_path, monkeypatch
) -> None:
    path, integrity = packed
    install(tmp_path / "bin", monkeypatch, DELIVER.format(package=str(path)))
    kept = tmp_path / "kept"
    folder = assets.fetched(small(assets, integrity), kept)
    files = [path.relative_to(kept).as_posix() for path in kept.rglob("*") if not path.is_dir()]
    assert files == ["small@1.0.0/a.js"]
    monkeypatch.setenv("PATH", "")
    assert assets.fetched(small(assets, integrity), kept) == folder


def test_another_file_than_the_pinned_one_is_refused_and_leaves_nothing(
    assets, packed, tmp_path, monkeypatch
) -> None:
    path, integrity = packed
    path.write_bytes(path.read_bytes() + b"\0")
    install(tmp_path / "bin", monkeypatch, DELIVER.format(package=str(path)))
    with pytest.raises(TangyinError, match=r"is not small@1\.0\.0 as it was published"):
        assets.fetched(small(assets, integrity), tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_npm_that_fails_or_is_missing_is_an_error(assets, tmp_path, monkeypatch) -> None:
    install(tmp_path / "bin", monkeypatch, "sys.exit('code ENOTFOUND')")
    with pytest.raises(TangyinError, match=r"npm could not fetch small@1\.0\.0 \(code ENOTFOUND\)"):
        assets.fetched(small(assets, "sha512-"), tmp_path / "kept")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TangyinError, match=r"npm is not on the PATH; install Node"):
        assets.fetched(small(assets, "sha512-"), tmp_path / "kept")


def test_the_site_carries_katex_with_its_fonts_and_licence(built) -> None:
    katex = built / "assets/katex"
    sheet = (katex / "katex.min.css").read_text(encoding="utf-8")
    fonts = set(re.findall(r"fonts/[\w-]+\.woff2", sheet))
    assert len(fonts) > 10
    assert [name for name in fonts if not (katex / name).is_file()] == []
    assert "MIT" in (katex / "LICENSE").read_text(encoding="utf-8")
