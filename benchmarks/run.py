"""Run every benchmark, one after the other (`make bench`)."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = (
    ("shell.py",),
    ("write.py",),
    ("check.py",),
    ("train_step.py", "--size", "report", "--memory"),
    ("train_step.py", "--size", "large"),
    ("train_growth.py",),
)

if __name__ == "__main__":
    folder = Path(__file__).parent
    for script, *options in SCRIPTS:
        print("==", script, *options, flush=True)
        command = [sys.executable, str(folder / script), *options, *sys.argv[1:]]
        subprocess.run(command, check=True)
