import doctest
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import tangyin.lstm
from tangyin.lstm import local_jacobians, step_jacobians

ROOT = Path(__file__).parents[2]
PAGES = {name: (ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("derivation", "layers")}
PAGE = "\n".join(PAGES.values())
SOURCES = Path(tangyin.lstm.__file__).parent
NAME = re.compile(r"`([a-z_/]+)\.py:([A-Za-z_.]+)`")
FENCE = re.compile(r"^( *)```python([^\n]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    return [(info, textwrap.dedent(code)) for _, info, code in FENCE.findall(page)]


QUOTED = [
    (re.search(r'title="([a-z_]+)\.py:([A-Za-z_.]+)"', info).groups(), code)
    for info, code in blocks(PAGE)
    if info
]
PROSE = re.sub(r"```.*?```|`[^`\n]*`", "", PAGE, flags=re.DOTALL)
DISPLAYED = re.compile(r"(?<=\n\n)\$\$\n(.*?)\n\$\$(?=\n\n)", re.DOTALL)


def resolve(module, name):
    thing = importlib.import_module("tangyin.lstm." + module.replace("/", "."))
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


@pytest.mark.parametrize(("module", "name"), sorted(set(NAME.findall(PAGE))))
def test_function_named_in_the_page_exists_in_that_file(module, name):
    thing = resolve(module, name)
    assert Path(inspect.getsourcefile(thing)) == SOURCES / f"{module}.py"


@pytest.mark.parametrize("module", [local_jacobians, step_jacobians])
def test_page_names_every_jacobian(module):
    here = module.__name__.rsplit(".", 1)[1]
    named = {name for file, name in NAME.findall(PAGE) if file == here}
    defined = {
        name
        for name, thing in vars(module).items()
        if inspect.isfunction(thing)
        and thing.__module__ == module.__name__
        and not name.startswith("_")
    }
    assert named == defined


@pytest.mark.parametrize(("place", "code"), QUOTED)
def test_quoted_lines_stand_in_the_function_as_quoted(place, code):
    source = inspect.getsource(resolve(*place))
    kept = [line.strip() for line in source.splitlines() if not line.strip().startswith("#")]
    wanted = [line.strip() for line in code.splitlines()]
    assert wanted
    assert any(
        kept[start : start + len(wanted)] == wanted for start in range(len(kept) - len(wanted) + 1)
    )


@pytest.mark.parametrize("name", PAGES)
def test_examples_print_what_the_page_says(name):
    examples = "\n".join(code for info, code in blocks(PAGES[name]) if not info)
    assert examples.count(">>>") > 20
    test = doctest.DocTestParser().get_doctest(examples, {}, f"{name}.md", None, 0)
    complaints = []
    runner = doctest.DocTestRunner()
    runner.run(test, out=complaints.append)
    assert not runner.failures, "".join(complaints)


def test_tests_named_in_the_page_exist():
    tests = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("tests/lstm/*.py")}
    code = "\n".join(tests.values())
    for name in re.findall(r"`(test_\w+)`", PAGE):
        assert f"def {name}(" in code, name
    for name in re.findall(r"`(test_\w+\.py)`", PAGE):
        assert name in tests, name


def test_mathematics_is_written_so_that_github_and_katex_both_set_it():
    displayed = DISPLAYED.findall(PROSE)
    rest = DISPLAYED.sub("", PROSE)
    assert "$$" not in rest, "a displayed formula needs blank lines around it and $$ on own lines"
    inline = [re.findall(r"\$([^$]*)\$", line) for line in rest.splitlines()]
    assert all(line.count("$") % 2 == 0 for line in rest.splitlines())
    formulas = displayed + [formula for line in inline for formula in line]
    assert len(formulas) > 200
    for formula in formulas:
        # Markdown takes these for emphasis, and takes the backslash from before punctuation.
        assert not re.search(r"[})\]|]_|\*|\\[,;:!{}_|]", formula), formula
        assert not re.search(r"\\(operatorname|bm|label|ref|tag|newcommand|mbox)\b", formula)
        assert formula == formula.strip(), formula
    assert all("\\\\" not in formula for line in inline for formula in line)
