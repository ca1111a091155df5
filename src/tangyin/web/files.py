"""The files of the page as they are sent: few, and without comments.

In the repository the page is modules and style sheets without a build step. A visit over a slow
line would wait for each of them in turn, so they are joined here on the first request:
`page.js` holds all modules that it needs at once, a module that is imported later holds what only
it needs, and `page.css` all sheets that `index.html` names for the screen. `study.js` loads its
own.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from tangyin.errors import TangyinError

HERE = Path(__file__).parent
STATIC = HERE / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PAGE = "page.js"

COMMENTS = re.compile(
    r"^[ ]*/\*((?!\*/).)*\*/\n|^[ ]*//[^\n]*\n|/\*\* @[^\n]*? \*/ ?|^[ ]+", re.MULTILINE | re.DOTALL
)
"""Comments of their own lines, types of JSDoc, and indentation."""

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$|^import "\./(\w+)\.js";$', re.M)
EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
LATER = re.compile(r'import\("\./(\w+\.js)"\)')
SHEET = re.compile(r'<link rel="stylesheet" href="static/([\w.]+)">\n')


def joined(entry: str) -> str:
    """A module with those that it imports, each in a function of its own."""
    page = [] if entry == PAGE else _order(PAGE)
    own = [name for name in _order(entry) if name not in page]
    parts = [f"const {_variable(name)} = (() => {{\n{_inside(name)}}})();\n" for name in own[:-1]]
    body = _linked(_source(entry))
    if entry == PAGE:
        known = ", ".join(map(_variable, own[:-1]))
        return "".join([*parts, body, f"export {{ {known} }};\n"])
    # A module that needs nothing of the page may be loaded before the page has been run.
    needed = dict.fromkeys(one for name in own for one in _imports(name) if one in page)
    shared = (
        f'import {{ {", ".join(map(_variable, needed))} }} from "./{PAGE}";\n' if needed else ""
    )
    return "".join([shared, *parts, body])


def _imports(name: str) -> list[str]:
    return [f"{named or bare}.js" for _, named, bare in IMPORT.findall(_source(name))]


def _order(entry: str) -> list[str]:
    """The modules that one needs, each after those that it imports, itself last."""
    before = (name for imported in _imports(entry) for name in _order(imported))
    return [*dict.fromkeys(before), entry]


def _inside(name: str) -> str:
    """The body of a module as a function that returns what it exports."""
    source = _linked(_source(name))
    exports = ", ".join(found for _, found in EXPORT.findall(source))
    return EXPORT.sub(r"\1 \2", source) + f"return {{ {exports} }};\n"


def _linked(source: str) -> str:
    """A source that takes what it imports from the variables of other modules."""

    def linked(found: re.Match[str]) -> str:
        names = found[1] and found[1].replace(" as ", ": ")
        return f"const {{{names}}} = {_variable(found[2])};" if names else ""

    return IMPORT.sub(linked, source)


def _variable(name: str) -> str:
    return f"of_{name.removesuffix('.js')}"


@cache
def _source(name: str) -> str:
    return COMMENTS.sub("", (STATIC / name).read_text("utf-8"))


def page() -> str:
    """`index.html`, with one link for all sheets, in place of the first: that for paper is last."""
    text = (HERE / "index.html").read_text("utf-8")
    link = '<link rel="stylesheet" href="static/page.css">\n'
    before, _, after = SHEET.sub("\0", text, count=1).partition("\0")
    return before + link + SHEET.sub("", after)


@cache
def files() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Content and headers of each file that is sent, by its name."""
    index = (HERE / "index.html").read_text("utf-8")
    texts = {file.name: file.read_text("utf-8") for file in STATIC.iterdir()}
    texts |= {name: _source(name) for name in texts if name.endswith(".js")}
    for name in (PAGE, *LATER.findall("".join(texts.values()))):
        texts[name] = joined(name)
    texts["page.css"] = "".join(texts[name] for name in SHEET.findall(index))
    return {name: _sent(name, text.encode()) for name, text in texts.items()}


def _sent(name: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return content, {"ETag": etag, "Content-Type": TYPES[Path(name).suffix]}


async def static(name: str, request: Request) -> Response:
    """A file, or 304 for a client that has it."""
    if name not in files():
        raise TangyinError("server.not_found")
    content, headers = files()[name]
    if request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers)
