"""A build hook of hatchling for wheels.

    TANGYIN_NATIVE=1 python -m build --wheel

With TANGYIN_NATIVE=1 the engine's kernel is compiled into the wheel, which is then one for any
Python 3 and the processor that the compiler makes code for (CC=aarch64-linux-gnu-gcc for ARM);
otherwise the wheel is pure, and the kernel is compiled where it runs.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelHook(BuildHookInterface[Any]):
    """Adds the kernel."""

    def _wanted(self) -> bool:
        return os.environ.get("TANGYIN_NATIVE") == "1" and self.target_name == "wheel"

    def dependencies(self) -> list[str]:
        """The packages needed to import `tangyin.model`, which compiles the kernel."""
        return list(self.metadata.core.dependencies) if self._wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernel and name the wheel's platform."""
        if not self._wanted() or version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "src")))
        from tangyin.model.arithmetic import FLAGS, SOURCE
        from tangyin.native import compile_library, compiler_of, packaged

        compiler = compiler_of(SOURCE)
        if compiler is None:
            self.app.abort("TANGYIN_NATIVE=1 needs a C compiler; install one, or unset it")
            return
        self._scratch = tempfile.TemporaryDirectory()
        library = Path(self._scratch.name, "kernel.so")
        compile_library(compiler, SOURCE, FLAGS, library)
        inside = packaged(SOURCE).relative_to(Path(self.root, "src"))
        build_data["force_include"][str(library)] = str(inside)
        system, _, own = sysconfig.get_platform().rpartition("-")
        processor = _processor_of(compiler) if system == "linux" else own
        platform = f"{system}_{processor}".replace("-", "_").replace(".", "_")
        build_data["pure_python"], build_data["tag"] = False, f"py3-none-{platform}"


def _processor_of(compiler: str) -> str:
    """The processor that a compiler targets, such as aarch64."""
    asked = subprocess.run([compiler, "-dumpmachine"], check=True, capture_output=True, text=True)
    return asked.stdout.split("-")[0]
