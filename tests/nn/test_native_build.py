"""Building the kernel: once, into the cache, and never needed."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tangyin import native
from tangyin.nn.native import FLAGS, SOURCE, kernel_for, native_kernel
from tangyin.nn.torch_kernel import TorchKernel
from tangyin.paths import corpus_home

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the compilers here are shell scripts")

# In place of a compiler: counts its calls in the file `calls`, and writes what its body says.
COMPILER = """#!/bin/sh
# {version}
echo called >> {folder}/calls
for word; do out=$word; done
{body}
"""


class Compiler:
    """A shell script that stands for g++."""

    def __init__(self, folder):
        self.folder, self.path = folder, folder / "compiler"
        self.be()

    def be(self, body="echo kernel > $out", version="1.0"):
        script = COMPILER.format(version=version, folder=self.folder, body=body)
        self.path.write_text(script)
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self):
        log = self.folder / "calls"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    monkeypatch.delenv("TANGYIN_NATIVE", raising=False)
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path / "home"))
    made = Compiler(tmp_path)
    monkeypatch.setenv("CXX", str(made.path))
    return made


def built(source=SOURCE, flags=FLAGS):
    return native.built_library(source, flags.split())


def cached():
    return sorted((corpus_home().parent / "native").iterdir())


def test_it_is_compiled_once_and_has_its_name_when_it_is_on_the_disk(
    compiler, tmp_path, monkeypatch
):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(list(cached())))
    library = built()
    assert library == tmp_path / "home/native" / library.name
    assert library not in synced[0]
    assert library.read_text() == "kernel\n"
    assert built() == library
    assert compiler.calls == 1
    assert cached() == [library]  # and no scratch beside it


def test_the_library_of_a_wheel_comes_first_and_needs_no_compiler(compiler, tmp_path, monkeypatch):
    source = tmp_path / "kernel.cpp"
    source.write_text("int broken")
    packaged = native.packaged(source)
    packaged.write_text("compiled elsewhere")
    assert built(source) == packaged
    assert compiler.calls == 0
    monkeypatch.setenv("TANGYIN_NATIVE", "0")
    assert built(source) is None


def test_another_source_flag_compiler_or_processor_is_another_file(compiler, tmp_path, monkeypatch):
    libraries = [built()]
    compiler.be(version="1.1")
    libraries.append(built())
    libraries.append(built(flags=FLAGS + " -DX"))
    source = tmp_path / "kernel.cpp"
    source.write_text(SOURCE.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    libraries.append(built(source))
    monkeypatch.setattr(native, "processor", lambda: "another")
    libraries.append(built())
    assert len(set(libraries)) == compiler.calls == 5
    assert cached() == sorted(libraries)


DAMAGE = {
    "cut short": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "of flipped bits": lambda content: bytes(byte ^ 1 for byte in content),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_library_that_is_not_what_was_compiled_is_compiled_again(damage, compiler):
    library = built()
    whole = library.read_bytes()
    library.write_bytes(DAMAGE[damage](whole))
    assert built() == library
    assert library.read_bytes() == whole
    assert compiler.calls == 2
    assert cached() == [library]


# What keeps a kernel from coming of it: environment variables, or what the compiler does.
WAYS = {
    "switched off": {"TANGYIN_NATIVE": "0"},
    "no compiler": {"CXX": "/nowhere/missing"},
    "unwritable cache": {"TANGYIN_HOME": "/dev/null/below-a-file"},
    "impossible path": {"TANGYIN_HOME": f"/tmp/{'x' * 300}"},
    "failing compiler": "echo broken > $out; echo error >&2; exit 1",
    "compiler that writes nothing": "true",
    "compiler without an end": "exec sleep 60",
    "no library": "echo no library > $out",
    "library without the functions": f"cp {torch._C.__file__} $out",
}


@pytest.fixture
def fresh_kernel():
    """Forgets which kernel there was, before the test and after it."""
    native_kernel.cache_clear()
    yield
    native_kernel.cache_clear()


@pytest.mark.parametrize("way", WAYS)
def test_without_a_kernel_torch_computes(way, compiler, fresh_kernel, monkeypatch):
    if isinstance(WAYS[way], dict):
        for name, value in WAYS[way].items():
            monkeypatch.setenv(name, value)
    else:
        monkeypatch.setattr(native, "SECONDS", 0.3 if "sleep" in WAYS[way] else 120)
        compiler.be(WAYS[way])
    assert native_kernel() is None
    assert isinstance(kernel_for(torch.float32, torch.device("cpu")), TorchKernel)


def test_only_float32_and_bfloat16_on_the_cpu_have_a_kernel(monkeypatch):
    kernel = object()
    monkeypatch.setattr("tangyin.nn.native.native_kernel", lambda: kernel)
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert kernel_for(torch.float32, cpu) is kernel_for(torch.bfloat16, cpu) is kernel
    for dtype, device in ((torch.float64, cpu), (torch.float16, cpu), (torch.float32, gpu)):
        assert isinstance(kernel_for(dtype, device), TorchKernel)


PROCESS = """
import sys
from pathlib import Path
from tangyin.native import built_library
print(built_library(Path(sys.argv[1]), sys.argv[2].split()), flush=True)
"""
# Writes half, waits until both compilers are that far, and writes the rest.
SLOW = """echo half > $out
touch {folder}/begun.$$
tries=0
while [ $(ls {folder} | grep -c begun) -lt 2 ] && [ $tries -lt 1200 ]; do
  sleep 0.05; tries=$((tries + 1))
done
echo rest >> $out"""


def test_two_processes_that_build_at_once_both_get_a_whole_library(compiler, tmp_path, spawn):
    compiler.be(SLOW.format(folder=tmp_path))
    command = [sys.executable, "-c", PROCESS, str(SOURCE), FLAGS]
    both = [spawn(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=60)[0].strip() for process in both]
    assert compiler.calls == 2
    assert answers[0] == answers[1] == str(built())
    assert Path(answers[0]).read_text() == "half\nrest\n"
    assert [str(path) for path in cached()] == answers[:1]
