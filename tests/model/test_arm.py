"""The kernel's paths for ARM give the bits of the portable one, under an emulator of the processor.

Debian: `apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user`.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tangyin.model.arithmetic import FLAGS, SOURCE

PROGRAM = Path(__file__).with_name("kernel_digest.c")
COMPILER = shutil.which("aarch64-linux-gnu-gcc")
EMULATOR = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")


def compiled(compiler: str, folder: Path) -> str:
    program = str(folder / Path(compiler).name)
    command = [
        compiler,
        *FLAGS,
        "-static",
        f"-I{SOURCE.parent}",
        str(PROGRAM),
        "-o",
        program,
        "-lm",
    ]
    subprocess.run(command, check=True, timeout=100)
    return program


def digests(*command: str) -> dict[str, str]:
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return dict(line.split() for line in ran.stdout.splitlines())


@pytest.mark.skipif(not (COMPILER and EMULATOR), reason="no cross compiler or emulator for ARM")
@pytest.mark.parametrize(
    ("processor", "paths"),
    [("cortex-a53", ["neon", "portable"]), ("max", ["sdot", "neon", "portable"])],
)
def test_the_paths_for_arm_have_the_bits_of_the_portable_one(tmp_path, processor, paths):
    host = shutil.which("cc")
    if host is None:
        pytest.skip("no compiler for this machine")
    expected = digests(compiled(host, tmp_path), "portable")["portable"]
    program = compiled(COMPILER, tmp_path)
    assert digests(EMULATOR, "-cpu", processor, program, *paths) == dict.fromkeys(paths, expected)
