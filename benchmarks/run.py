"""Run every benchmark, one after the other (`make bench`)."""

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    folder = Path(__file__).parent
    for script in ("shell.py", "write.py", "check.py", "train_step.py"):
        print(f"== {script}", flush=True)
        subprocess.run([sys.executable, folder / script, *sys.argv[1:]], check=True)
