"""Run by Pyodide in Node while a site is built (`browser/pack.mjs`): what the page needs of Python.

It does what the page does, looks which modules that loaded, and compiles these alone. So the
standard library and NumPy come to a third of their size, and the browser compiles nothing.
"""

import py_compile
import sys
from pathlib import Path
from types import ModuleType

STAGE, OUT = Path("/stage/packages"), Path("/stage/out")
POEM = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
ROWS = {"form": "五律", "rows": ["國破山河在"]}
QUESTIONS = (
    ("write", {"seed": 1, "count": 2, "title": "春望", "particles": 4}),
    ("write", {"seed": 1, "regulated": False, "rule": "random-k"}),
    ("write", {"seed": 1, "form": "浣溪沙", "particles": 4}),
    ("write", {"form": "none"}),
    ("check", {"text": POEM}),
    ("check", {"text": POEM, "book": "中華新韻"}),
    ("check", {"text": "国破山河在，城春草木深。"}),
    ("check", {"text": "一曲新詞酒一杯，去年天氣舊亭臺。夕陽西下幾時回。"}),
    ("sheet", ROWS),
    ("candidates", {**ROWS, "line": 2, "place": 1, "length": 2}),
    ("lines", {**ROWS, "line": 2}),
    ("couplet", {"upper": "一徑竹陰雲滿地"}),
    ("fix", {"text": POEM.replace("心", "間"), "line": 4, "kind": "出韻"}),
    ("paste", {"text": "春望\n國破山河□，城春草木深。", "form": "五律", "widths": [5] * 8}),
    ("script", {"text": POEM, "script": "simplified"}),
    ("script", {"text": "国破山河在", "script": "traditional"}),
    ("trace", {"text": POEM, "unit": 1}),
)
"""Each way that the page asks."""


def tried(model: str) -> None:
    """Import and call all that the page calls."""
    import json
    import traceback

    from tangyin.web.alone import Alone

    alone = Alone()
    alone.load(model)
    for name, body in QUESTIONS:
        list(alone.ask(name, json.dumps(body), "en", lambda *_: None))
    try:
        raise ValueError
    except ValueError:
        traceback.format_exc()  # how Pyodide reports a failure


def compiled(module: ModuleType) -> None:
    """Put what a module is loaded from into `OUT`: byte code, or its library."""
    spec, path = getattr(module, "__spec__", None), Path(getattr(module, "__file__", None) or "")
    if spec is None or not hasattr(spec.loader, "get_data"):  # built in, or a folder
        return
    parent = spec.name.replace(".", "/")
    if spec.submodule_search_locations is not None:
        parent += "/__init__"
    if path.is_relative_to(STAGE):
        target = OUT / "packages" / parent
    elif ".zip" in str(path):
        target = OUT / "stdlib" / parent
    else:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".so":
        (target.parent / path.name).write_bytes(path.read_bytes())
        return
    scratch = OUT / "module.py"
    scratch.write_bytes(spec.loader.get_data(str(path)))
    py_compile.compile(
        str(scratch),
        f"{target}.pyc",
        dfile=f"{parent}.py",
        doraise=True,
        optimize=2,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def pack(model: str) -> None:
    """Fill `OUT/stdlib` and `OUT/packages`."""
    sys.path.insert(0, str(STAGE))
    sys.dont_write_bytecode = True
    tried(model)
    for module in list(sys.modules.values()):
        compiled(module)


if __name__ == "__main__":
    pack("/stage/model.safetensors")
