"""Packages of npm come into the site pinned, checked and unpacked safely."""

import base64
import hashlib
import re
import sys
import tarfile
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError

import docs_assets

NPM = """#!{python}
import pathlib, shutil, sys
assert sys.argv[1:3] == ["pack", "small@1.0.0"], sys.argv
{action}
"""
DELIVER = "shutil.copy({package!r}, sys.argv[sys.argv.index('--pack-destination') + 1])"


@pytest.fixture
def packed(tmp_path):
    """A package with a file that is wanted and one that is not."""
    path = tmp_path / "small-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("package/dist/a.js", "package/b.js"):
            archive.addfile(tarfile.TarInfo(name))
    digest = hashlib.sha512(path.read_bytes()).digest()
    return path, "sha512-" + base64.b64encode(digest).decode()


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    """Fetches the package into a folder by an npm, alone on the PATH, that takes an action."""
    script = tmp_path / "bin/npm"
    script.parent.mkdir()

    def run(integrity: str, action: str | None = None) -> Path:
        monkeypatch.setenv("PATH", str(script.parent) if action else "")
        script.write_text(NPM.format(python=sys.executable, action=action), encoding="utf-8")
        script.chmod(0o755)
        wanted = re.compile(r"package/dist/a\.js")
        package = docs_assets.Package("small@1.0.0", integrity, wanted, "dist/")
        return docs_assets.fetched(package, tmp_path / "kept")

    return run


def test_only_wanted_files_are_unpacked_and_only_once(fetch, packed, tmp_path) -> None:
    path, integrity = packed
    folder = fetch(integrity, DELIVER.format(package=str(path)))
    kept = tmp_path / "kept"
    files = [path.relative_to(kept).as_posix() for path in kept.rglob("*") if not path.is_dir()]
    assert files == ["small@1.0.0/a.js"]
    assert fetch(integrity) == folder


def test_another_file_than_the_pinned_one_leaves_nothing(fetch, packed, tmp_path) -> None:
    path, integrity = packed
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(PluginError, match=r"is not small@1\.0\.0 as it was published"):
        fetch(integrity, DELIVER.format(package=str(path)))
    assert list((tmp_path / "kept").iterdir()) == []


def test_npm_that_fails_or_is_missing_is_an_error(fetch) -> None:
    with pytest.raises(PluginError, match=r"npm could not fetch small@1\.0\.0 \(code ENOTFOUND\)"):
        fetch("sha512-", "sys.exit('code ENOTFOUND')")
    with pytest.raises(PluginError, match=r"npm is not on the PATH; install Node"):
        fetch("sha512-")


def test_the_site_carries_katex_with_its_fonts_and_licence(built) -> None:
    katex = built / "assets/katex"
    sheet = (katex / "katex.min.css").read_text(encoding="utf-8")
    fonts = set(re.findall(r"fonts/[\w-]+\.woff2", sheet))
    assert len(fonts) > 10
    assert [name for name in fonts if not (katex / name).is_file()] == []
    assert "MIT" in (katex / "LICENSE").read_text(encoding="utf-8")
