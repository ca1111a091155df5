"""Expected failures: an error is a code with parameters, and its message comes from a catalogue.

`data/messages.toml` holds one sentence per code and language. Code never builds a sentence, and
never looks into one: it compares `code` and reads `params`.
"""

import string
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "zh")

MAINLAND = {
    "预设": "默认",
    "结束码": "退出码",
    "套件": "包",
    "文字档": "文本文件",
    "帐号": "账号",
    "复原": "撤销",
    "连线": "连接",
    "行程": "进程",
    "连接端口": "端口",
    "用户端": "客户端",
    "协定": "协议",
}
"""Words of mainland China that OpenCC does not put for those of Taiwan."""


class TangyinError(Exception):
    """An expected failure.

    Attributes:
        code: names the fault in the catalogue, such as "form.unknown".
        params: what the sentence is filled with.
        exit_code: of the command line.
    """

    exit_code = 1

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def message(self, language: str = "en") -> str:
        """One sentence that names the fault and the fix, in "en", "zh" or "zh-Hans"."""
        return message(self.code, self.params, language)

    def to_json(self, language: str = "en") -> dict[str, Any]:
        """`{"code", "params", "message"}`; parameters that are errors become such objects too."""
        params = {name: _plain(value, language) for name, value in self.params.items()}
        return {"code": self.code, "params": params, "message": self.message(language)}

    def __str__(self) -> str:
        return self.message()


class UsageError(TangyinError):
    """The caller asked for something impossible: a bad option, start, count or recipe."""

    exit_code = 2


def message(code: str, params: Mapping[str, Any], language: str = "en") -> str:
    """The sentence of a code, filled in.

    The templates are those of `str.format`, with three additions. `{count:line|lines}` writes a
    number and the noun that agrees with it. A sequence is joined with "、" or ", ". A parameter
    that is a `TangyinError` is rendered in the same language: "en", "zh" or "zh-Hans", which is
    "zh" in simplified characters and the words that go with them.

    Raises:
        KeyError: the catalogue has no such code, or a field has no value.
    """
    sentence = catalogue()[code]["en" if language == "en" else "zh"]
    template = simplified(sentence) if language == "zh-Hans" else sentence
    return _Formatter(language).vformat(template, (), dict(params))


@cache
def simplified(words: str) -> str:
    """Words of the interface as they are written in mainland China: 檔案 is 文件."""
    from opencc import OpenCC  # takes 30 ms, which only these readers need

    found = str(OpenCC("tw2sp").convert(words))
    for taiwan, mainland in MAINLAND.items():
        found = found.replace(taiwan, mainland)
    return found


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Sentences by code and language."""
    text = files("tangyin.data").joinpath("messages.toml").read_text(encoding="utf-8")
    return {
        f"{area}.{name}": sentences
        for area, group in tomllib.loads(text).items()
        for name, sentences in group.items()
    }


class _Formatter(string.Formatter):
    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, TangyinError):
            return value.message(self._language)
        if "|" in format_spec:
            one, many = format_spec.split("|")
            return f"{value:,} {one if value == 1 else many}"
        if isinstance(value, str) and self._language != "en":
            value = _reasons(self._language).get(value, value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return (", " if self._language == "en" else "、").join(map(str, value))
        return str(super().format_field(value, format_spec))


def _reasons(language: str) -> dict[str, str]:
    """What the operating system says, in Chinese."""
    found = {code: group for code, group in catalogue().items() if code.startswith("system.")}
    return {said["en"]: message(code, {}, language) for code, said in found.items()}


def _plain(value: Any, language: str) -> Any:
    """A parameter as JSON has it."""
    if isinstance(value, TangyinError):
        return value.to_json(language)
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, Sequence):
        return [_plain(item, language) for item in value]
    return str(value)
