"""Expected failures: every code has its sentences, and every sentence its code."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from tangyin.errors import LANGUAGES, TangyinError, UsageError, catalogue, message

SOURCE = Path(__file__).parents[1] / "src/tangyin"
RAISERS = {"TangyinError", "UsageError", "message"}


def fields(template: str) -> set[str]:
    """The parameters that a sentence shows."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def strings() -> Iterator[tuple[str, str]]:
    """Every string constant of the source that looks like a code, with its file."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, str(path.relative_to(SOURCE))


def literal_codes() -> Iterator[tuple[str, set[str] | None, str]]:
    """Code, parameters (None when some come by **), and file of each error that is made."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if not (node.func.id in RAISERS or node.func.id.endswith("Error")) or not node.args:
                continue
            code = node.args[0]
            if isinstance(code, ast.Constant) and code.value in catalogue():
                names = {keyword.arg for keyword in node.keywords}
                if isinstance(node.args[-1], ast.Dict):  # of `message`
                    names |= {getattr(key, "value", None) for key in node.args[-1].keys}
                given = None if None in names else {name for name in names if name}
                yield str(code.value), given, str(path.relative_to(SOURCE))


def test_every_sentence_has_both_languages_with_the_same_parameters() -> None:
    for code, sentences in catalogue().items():
        assert set(sentences) == set(LANGUAGES), code
        # A parameter may be shown in one language only when the other says it in words.
        assert fields(sentences["en"]) == fields(sentences["zh"]), code


def test_every_sentence_is_used() -> None:
    # The sentences of findings are named by their kinds: tests/prosody/test_check.py.
    codes = {code for code in catalogue() if not code.startswith("finding.")}
    assert sorted(codes - {value for value, _ in strings()}) == []


def test_no_error_is_made_of_a_sentence() -> None:
    sentences = [
        (str(path.relative_to(SOURCE)), node.lineno)
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("TangyinError", "UsageError")
        and node.args
        and (
            isinstance(node.args[0], ast.JoinedStr)
            or (isinstance(node.args[0], ast.Constant) and node.args[0].value not in catalogue())
        )
    ]
    assert sentences == []


def test_every_error_gives_what_its_sentence_shows() -> None:
    found = list(literal_codes())
    assert found
    for code, given, file in found:
        if given is not None and file != "errors.py":
            assert fields(catalogue()[code]["en"]) <= given, (code, file)


def test_a_sentence_counts_and_lists_in_its_language() -> None:
    from tangyin import errors

    sentences = {
        "test.one": {"en": "{n:line|lines}, {names}: {why}", "zh": "{n} 句，{names}：{why}"},
        "test.two": {"en": "{x!r} is wrong", "zh": "{x} 有誤"},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(errors, "catalogue", lambda: sentences)
        why = TangyinError("test.two", x="日")
        error = UsageError("test.one", n=1, names=["東", "冬"], why=why)
        assert str(error) == "1 line, 東, 冬: '日' is wrong"
        assert error.message("zh") == "1 句，東、冬：日 有誤"
        assert message("test.one", {"n": 1200, "names": (), "why": why}) == (
            "1,200 lines, : '日' is wrong"
        )
        assert error.to_json("zh") == {
            "code": "test.one",
            "params": {"n": 1, "names": ["東", "冬"], "why": why.to_json("zh")},
            "message": "1 句，東、冬：日 有誤",
        }


def test_a_usage_error_exits_with_2_and_any_other_failure_with_1() -> None:
    assert (UsageError.exit_code, TangyinError.exit_code) == (2, 1)


@pytest.mark.parametrize("code", ["form.none", "Choose one of the forms."])
def test_a_code_that_the_catalogue_lacks_has_no_message(code):
    with pytest.raises(KeyError):
        message(code, {})
