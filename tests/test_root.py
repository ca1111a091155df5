"""A tracked file at the root that nothing refers to is found."""

import subprocess

import pytest

import lint_root


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("See kept.txt.", ["o.txt"]),
        ("Neither foo.txt nor o.txt.gz is o.txt: [kept](./kept.txt).", []),
        ("The others are foo.txt and unkept.txt.", ["kept.txt", "o.txt"]),
    ],
)
def test_a_file_at_the_root_needs_another_that_names_it(page, found, tmp_path) -> None:
    (tmp_path / "docs").mkdir()
    texts = {"docs/page.md": f"{page} README.md", "README.md": "docs", "package.json": "{}"}
    texts |= {"CHANGELOG.md": "CHANGELOG.md, o.txt and kept.txt", "kept.txt": "kept.txt"}
    for name, text in (texts | {"o.txt": ""}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, timeout=60)
    (tmp_path / "untracked.txt").touch()
    assert lint_root.strays(tmp_path) == sorted([*found, "CHANGELOG.md"])
