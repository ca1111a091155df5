"""Build `data/kernel.wasm`: `model/kernel.c` for the page that runs in a browser alone.

    pip install ziglang==0.17.1 && python scripts/build_kernel_wasm.py

It is a library that Emscripten's `dlopen` loads into the memory of Pyodide, so that arrays are
passed as they are. Its last section holds the digest of the source, which a test compares.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src/tangyin"
SOURCE, TARGET = PACKAGE / "model/kernel.c", PACKAGE / "data/kernel.wasm"
FUNCTIONS = (
    "choose", "chosen", "linear", "sigmoid", "tanh", "lstm", "weigh", "guide", "normalize",
    "nucleus", "largest",
)  # fmt: skip
COMPILE = [
    "cc", "-c", "-target", "wasm32-wasi", "-std=gnu11", "-O3", "-fPIC", "-ffp-contract=off",
    "-fno-math-errno", "-fno-trapping-math", "-fvisibility=default",
    # Of 2021 and before; Safari 16.4 is the last that learned them.
    "-mcpu=mvp+simd128+bulk_memory+nontrapping_fptoint+mutable_globals+sign_ext",
]  # fmt: skip
LINK = [
    "wasm-ld", "-shared", "--experimental-pic", "--no-entry", "--strip-all",
    "--unresolved-symbols=import-dynamic",  # malloc, free and log are Pyodide's
    *(f"--export=tangyin_{name}" for name in FUNCTIONS),
]  # fmt: skip


def digest_section(source: bytes) -> bytes:
    """A custom section of WebAssembly, `tangyin`, with the digest of the source."""
    content = b"\x07tangyin" + hashlib.sha256(source).digest()
    return bytes([0, len(content)]) + content


def zig(*arguments: str) -> None:
    """Run the compiler."""
    subprocess.run([sys.executable, "-m", "ziglang", *arguments], check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        part, whole = f"{scratch}/kernel.o", Path(scratch) / "kernel.wasm"
        zig(*COMPILE, "-o", part, str(SOURCE))
        zig(*LINK, "-o", str(whole), part)
        TARGET.write_bytes(whole.read_bytes() + digest_section(SOURCE.read_bytes()))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
