"""How fast the checker is: 15,000 poems of 全唐詩, four forms mixed, on one core.

    python benchmarks/check.py

Prints JSON: the machine, the seconds of the command `tangyin check --format json` on a file (start
of the interpreter, reading and writing included) and of `check_poem` alone. The bound is 30 s.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import machine
from tangyin.corpus import load_corpus
from tangyin.metre import check_poem
from tangyin.verse import FORMS

POEMS = 15_000
COMMAND = "from tangyin.cli.main import run; run()"

if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    corpus = load_corpus().select(dynasties=["tang"], forms=FORMS)
    texts, lines = corpus.text[:POEMS], corpus.lines()[:POEMS]
    with tempfile.TemporaryDirectory() as folder:
        poems, report = Path(folder) / "poems.txt", Path(folder) / "report.json"
        poems.write_text("\n".join(texts), encoding="utf-8")
        began = time.perf_counter()
        arguments = ["check", str(poems), "--format", "json", "-o", str(report)]
        subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments], check=True, stderr=subprocess.DEVNULL
        )
        command = time.perf_counter() - began
        checked = json.loads(report.read_text(encoding="utf-8"))
    assert len(checked) == len(texts)
    began = time.perf_counter()
    for poem in lines:
        check_poem(poem)
    function = time.perf_counter() - began
    print(
        json.dumps(
            {
                "machine": machine(),
                "poems": len(texts),
                "command_seconds": round(command, 2),
                "function_seconds": round(function, 2),
                "regulated": sum(poem["regulated"] for poem in checked),
            },
            ensure_ascii=False,
            indent=2,
        )
    )
