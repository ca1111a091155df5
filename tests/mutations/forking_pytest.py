"""Runs pytest again and again, each time in a fork of one interpreter.

The interpreter has imported what the tests need and what takes long, and nothing of tangyin, so
each fork imports the package afresh from the folder that it is told. Every line on standard input
is a JSON list: that folder, a file for the output, then pytest's arguments. For each of them a line
with pytest's exit code is written.
"""

import contextlib
import importlib
import json
import os
import sys
import traceback

import pytest

PRELOADED = ("hypothesis", "numpy.testing", "torch.testing")
# What PyTorch imports by itself at the first gradient and at the first step of an optimizer.
# Importing it here takes seconds off, and nothing depends on it.
PRELOADED_IF_THERE = ("torch._dynamo", "torch.distributed.tensor")


def run(folder: str, log: str, *arguments: str) -> int:
    """pytest's exit code, run in a process of its own."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.path.insert(0, folder)
        code = int(pytest.main(list(arguments)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    for module in PRELOADED:
        importlib.import_module(module)
    for module in PRELOADED_IF_THERE:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    assert not any(name.split(".")[0] == "tangyin" for name in sys.modules)
    for line in sys.stdin:
        print(run(*json.loads(line)), flush=True)
