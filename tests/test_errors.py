"""Expected failures: every code has its sentences, and every sentence its code."""

import ast
import errno
import os
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tangyin.errors import LANGUAGES, TangyinError, UsageError, catalogue, message, simplified

SOURCE = Path(__file__).parents[1] / "src/tangyin"


def fields(template: str) -> set[str]:
    """The parameters that a sentence shows."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every node of the source, with its file."""
    files = sorted(SOURCE.rglob("*.py"))
    return [
        (str(path.relative_to(SOURCE)), node)
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    ]


def errors() -> Iterator[tuple[str, str, ast.Call]]:
    """File, name and call of all that is made by a code."""
    for path, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            name = node.func.id
            if name == "message" or name.endswith("Error"):
                yield path, name, node


def test_every_sentence_has_both_languages_with_the_same_parameters() -> None:
    for code, sentences in catalogue().items():
        assert set(sentences) == set(LANGUAGES), code
        # A parameter may be shown in one language only when the other says it in words.
        assert fields(sentences["en"]) == fields(sentences["zh"]), code


def test_every_sentence_is_used() -> None:
    # The sentences of findings are named by their kinds: tests/metre/test_check.py. Those of the
    # operating system are found by its own.
    apart = ("finding.", "system.")
    codes = {code for code in catalogue() if not code.startswith(apart)}
    used = {node.value for _, node in nodes() if isinstance(node, ast.Constant)}
    assert sorted(codes - used) == []


def test_no_error_is_made_of_a_sentence() -> None:
    for path, name, call in errors():
        if name in ("TangyinError", "UsageError"):
            code = call.args[0]
            assert not isinstance(code, ast.JoinedStr), (path, call.lineno)
            if isinstance(code, ast.Constant):
                assert code.value in catalogue(), (path, call.lineno)


def test_every_error_gives_what_its_sentence_shows() -> None:
    seen = 0
    for path, _, call in errors():
        code = call.args[0]
        if not isinstance(code, ast.Constant) or code.value not in catalogue():
            continue
        given = {keyword.arg for keyword in call.keywords}
        if isinstance(call.args[-1], ast.Dict):  # of `message`
            given |= {getattr(key, "value", None) for key in call.args[-1].keys}
        if None not in given and path != "errors.py":  # none come by **
            seen += 1
            assert fields(catalogue()[str(code.value)]["en"]) <= given, (code.value, path)
    assert seen > 100


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


def test_the_reasons_of_the_operating_system_are_given_in_chinese() -> None:
    known = {said["en"] for code, said in catalogue().items() if code.startswith("system.")}
    assert known <= {os.strerror(number) for number in errno.errorcode}
    error = TangyinError("text.unreadable", path="a", reason=os.strerror(errno.ENOENT))
    assert "沒有這個檔案" in error.message("zh")
    assert "No such file" in error.message("en")


def test_simplified_words_are_those_of_the_mainland_and_what_is_filled_in_stays() -> None:
    error = TangyinError("file.write", path="檔案", reason=os.strerror(errno.EACCES))
    said = error.message("zh-Hans")
    assert said == "无法写入 檔案：没有权限；请腾出空间，或换一个可写的文件夹。"


def test_the_count_of_the_corpus_is_grouped_by_thousands_in_both_languages() -> None:
    for language in LANGUAGES:
        assert "295,582" in message("corpus.ready", {"count": 295582, "path": ""}, language)


def test_no_simplified_sentence_keeps_a_word_of_taiwan() -> None:
    said = "".join(simplified(sentences["zh"]) for sentences in catalogue().values())
    assert not [word for word in ("用户端", "协定", "档。", "档（", "档案", "字元") if word in said]
