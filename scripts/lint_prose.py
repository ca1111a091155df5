"""Find phrases of `prose.toml` in pages, messages, help texts, docstrings and comments.

    python scripts/lint_prose.py [FILE...]

Without files it reads the whole repository but the tests. It skips code: in Markdown what is set as
code, in Python all but comments and strings. It also finds functions of more than `LONGEST` lines,
which ruff has no rule for. The exit code is 1 if there are findings.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
READ = re.compile(
    r"(README|CONTRIBUTING|docs/.*)\.md|(src|configs)/.*\.(toml|j2|html|js|c|cpp)"
    r"|(src|scripts|benchmarks)/.*\.py"
)
CODE = re.compile(r"^```.*?^```$|^ {4}.*?$|`[^`]*`|\$[^$\n]+\$", re.MULTILINE | re.DOTALL)
PHRASES = {
    re.compile(phrase.replace(" ", r"(?:[\s#*]|//)+")): better
    for phrase, better in tomllib.loads((ROOT / "scripts/prose.toml").read_text("utf-8")).items()
}
LONGEST = 60
WORDS = {"COMMENT", "STRING", "FSTRING_MIDDLE"}


def prose(path: Path) -> str:
    """The text of a file without its code, each word in its line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
    if path.suffix != ".py":
        return text
    lines = [""] * text.count("\n") + [""]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if tokenize.tok_name[token.type] in WORDS:
            for number, line in enumerate(token.string.split("\n"), token.start[0] - 1):
                lines[number] += f"{line} "
    return "\n".join(lines)


def findings(path: Path) -> list[str]:
    """The listed phrases in a file, with line numbers and what to write instead."""
    text = prose(path)
    found = [(m, better) for phrase, better in PHRASES.items() for m in phrase.finditer(text)]
    return [
        f"{path}:{text.count(chr(10), 0, m.start()) + 1}: {' '.join(m[0].split())!r}: {better}"
        for m, better in sorted(found, key=lambda one: one[0].start())
    ]


def long_functions(path: Path) -> list[str]:
    """The functions of a Python file that are too long, with their lines."""
    if path.suffix != ".py":
        return []
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        f"{path}:{node.lineno}: {node.name} has {length} lines; at most {LONGEST}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, functions)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST
    ]


if __name__ == "__main__":
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    every = [ROOT / name for name in tracked.stdout.split() if READ.fullmatch(name)]
    read = [Path(name) for name in sys.argv[1:]] or every
    found = [line for path in read for line in findings(path) + long_functions(path)]
    sys.exit("\n".join(found) or 0)
