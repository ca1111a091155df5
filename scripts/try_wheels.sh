#!/usr/bin/env bash
# Installs each wheel of dist/ for this processor in an environment of its own, and uses it where no
# compiler is in reach.
#
#     [PYTHON=python3.13] scripts/try_wheels.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TANGYIN_LANG=en TANGYIN_HOME="$scratch/home" CC=/nowhere/cc
unset PYTHONPATH TANGYIN_NATIVE

for wheel in dist/*-any.whl dist/*"$(uname -m)".whl; do
  [ -f "$wheel" ] || continue
  echo "trying $wheel with $("${PYTHON:-python3}" --version)"
  rm -rf "$scratch/venv"
  "${PYTHON:-python3}" -m venv "$scratch/venv"
  "$scratch/venv/bin/python" -m pip install --quiet "$wheel"
  (
    cd "$scratch"
    PATH="$scratch/venv/bin"
    tangyin write 日 --seed 8
    tangyin write 月 --seed 1 --format jsonl -o poem.jsonl
    tangyin score poem.jsonl
    python - "$wheel" <<'END'
import sys
from importlib.metadata import files
from importlib.util import find_spec

from tangyin.model.arithmetic import arithmetic

print("arithmetic:", arithmetic().name)
assert (arithmetic().name == "numpy") == sys.argv[1].endswith("-any.whl")
assert find_spec("torch") is None, "the wheel without extras brought torch"
inside = {str(path) for path in files("tangyin")}
for name in ("web/static/page.js", "web/report.html", "training/recipes/report.toml"):
    assert f"tangyin/{name}" in inside, name
END
  )
done
