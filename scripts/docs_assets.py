"""Files of the documentation site that do not lie in docs/: KaTeX, a worker for search, the seal.

A hook of MkDocs (mkdocs.yml). Packages of npm are fetched once, by `npm pack`, into build/npm/,
which git ignores; their integrity values are pinned here and checked before anything is unpacked.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, PluginError
from mkdocs.structure.files import File, Files

from tangyin.corpus.download import check_integrity, unpack_wanted
from tangyin.errors import TangyinError
from tangyin.files import make_folder

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build/npm"
SEAL = ROOT / "src/tangyin/web/static/seal.svg"


@dataclass(frozen=True)
class Package:
    """A package of npm.

    Attributes:
        name: with its version, as npm takes it.
        integrity: the registry's value, "sha512-" and base64.
        wanted: matches the whole path of what is taken; what it matches cannot leave a folder.
        root: the folder in the package whose files the site has directly.
    """

    name: str
    integrity: str
    wanted: re.Pattern[str]
    root: str


PACKAGES = {
    # The style sheet names three files for each font; every browser of today takes the first.
    "katex": Package(
        "katex@0.19.1",
        "sha512-jG8uKntjSEcm2EpQOh0XturpPuuC9r3Sq5HLHdsFdWZT27E672SF19QEi+of0/YeOy15lDgRhKvr5614uRrEfA==",
        re.compile(
            r"package/(LICENSE|dist/katex\.min\.(css|js)|dist/contrib/auto-render\.min\.js"
            r"|dist/fonts/KaTeX_[\w-]{1,40}\.woff2)",
            re.ASCII,
        ),
        "dist/",
    ),
    # A browser starts no worker from a file; Material's search on file:// needs this one.
    "iframe-worker": Package(
        "iframe-worker@1.0.4",
        "sha512-roeaaI+Lg1LJNfgpCjoRe/+WzEjy9+Z08LoEvu85MCPbBjwm+qXz8Ag5U05lHa6V1CysZyGzE0SOkAtSUA5q7Q==",
        re.compile(r"package/(LICENSE|shim/index\.js)"),
        "shim/",
    ),
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files to the site, below assets/."""
    files.append(File.generated(config, "assets/seal.svg", abs_src_path=str(SEAL)))
    for name, package in PACKAGES.items():
        try:
            folder = fetched(package)
        except TangyinError as error:
            raise Abort(f"tangyin: {error}") from error
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            place = f"assets/{name}/{path.relative_to(folder).as_posix()}"
            files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def fetched(package: Package, kept: Path = KEPT) -> Path:
    """The folder with the wanted files of a package, which is fetched if it is missing.

    Raises:
        TangyinError: npm is missing or fails, or the file is not the pinned one.
    """
    target = kept / package.name
    if target.is_dir():
        return target
    npm = shutil.which("npm")
    if npm is None:
        raise PluginError(
            f"the documentation needs {package.name}, which comes through npm, and npm is not on "
            "the PATH; install Node.js"
        )
    make_folder(kept)
    with tempfile.TemporaryDirectory(dir=kept, prefix=".fetch-") as name:
        scratch = Path(name)
        file = _npm_pack(npm, package, scratch)
        try:
            check_integrity(file, package.integrity)
        except TangyinError as error:
            raise PluginError(
                f"npm's download is not {package.name} as it was published; run make docs again"
            ) from error
        unpack_wanted(file, scratch / "unpacked", package.wanted, package.root)
        try:
            (scratch / "unpacked").rename(target)
        except OSError:
            if not target.is_dir():  # else another build was quicker, by the same checks
                raise
    return target


def _npm_pack(npm: str, package: Package, scratch: Path) -> Path:
    """Fetch the package file into `scratch` with the npm client."""
    command = [
        npm, "pack", package.name, "--loglevel", "error", "--pack-destination", str(scratch),
        "--fetch-retries", "2", "--fetch-retry-maxtimeout", "10000", "--update-notifier", "false",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=scratch, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    packages = sorted(scratch.glob("*.tgz"))
    if done.returncode != 0 or not packages:
        said = " ".join(done.stderr.split())[:200]
        raise PluginError(
            f"npm could not fetch {package.name} ({said or f'exit code {done.returncode}'}); "
            "check the network and run make docs again"
        )
    return packages[0]
