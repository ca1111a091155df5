"""The command line speaks Chinese: help, click's own words, refusals."""

import gettext
import re
import runpy
from pathlib import Path

import click
import pytest

from tangyin.cli.chinese import in_chinese, texts
from tangyin.cli.main import COMMANDS, main, run

ROOT = Path(__file__).parents[2]
ENGLISH = re.compile(r"[A-Za-z]{3,}[ ,][A-Za-z]{3,} [a-z]{2,}")
"""Three words in a row, as no name of an option or a file has."""


def said(capsys, *words: str) -> str:
    with pytest.raises(SystemExit, check=lambda e: e.code == 2):
        run([*words])
    return capsys.readouterr().err


def commands() -> list[str]:
    found = [*COMMANDS]
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        found += [f"{name} {sub}" for sub in getattr(command, "commands", ())]
    return ["", *found]


@pytest.mark.parametrize("name", commands())
def test_the_help_of_a_command_is_chinese(monkeypatch, capsys, name) -> None:
    monkeypatch.setenv("TANGYIN_LANG", "zh")
    run([*name.split(), "--help"])
    help_ = capsys.readouterr().out
    assert texts()[name or "tangyin"]["help"].strip()[:4] in help_
    assert "用法:" in help_
    assert "顯示本說明後結束" in help_
    assert not ENGLISH.search(re.sub(r"^      .*|^用法.*|`[^`]*`", "", help_, flags=re.MULTILINE))


def test_help_is_as_wide_as_the_terminal_and_keeps_the_examples(monkeypatch) -> None:
    monkeypatch.setenv("TANGYIN_LANG", "zh")
    command = in_chinese(main.get_command(click.Context(main), "check"), "check")
    shown = command.get_help(click.Context(command, info_name="check", terminal_width=80))
    wide = [sum(1 + (ord(c) > 0x2E7F) for c in line) for line in shown.splitlines()]
    assert max(wide) <= 80
    assert "    echo 白日依山盡，黃河入海流。欲窮千里目，更上一層樓。 | tangyin check\n" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["wriet"], "tangyin: 沒有 'wriet' 這個命令；請看 `tangyin --help`\n"),
        (["write", "--sed", "3"], "沒有 '--sed' 這個選項 （是不是 '--seed'？）；請看"),
        (["write", "--count", "0"], "'--count' 的值不對：0 不在範圍 1<=x<=1000000 之內；請看"),
        (["write", "--rule", "x"], "'--rule' 的值不對：'x' 不在可選的值之中："),
        (["couplet"], "缺少參數 'UPPER'；請看 `tangyin couplet --help`"),
        (["write", "a", "b"], "多出了參數（b）；請看"),
    ],
)
def test_a_wrong_call_is_refused_in_chinese(monkeypatch, capsys, words, sentence) -> None:
    monkeypatch.setenv("TANGYIN_LANG", "zh")
    assert sentence in said(capsys, *words)


@pytest.mark.parametrize("name", ["zh_CN.UTF-8", "zh-Hans", "zh_SG"])
def test_a_reader_of_simplified_characters_gets_them(monkeypatch, capsys, name) -> None:
    monkeypatch.setenv("TANGYIN_LANG", name)
    assert said(capsys, "wriet") == "tangyin: 没有 'wriet' 这个命令；请看 `tangyin --help`\n"
    assert "月" in said(capsys, "write", "--rhyme", "月")
    run(["write", "--help"])
    assert "默认" in capsys.readouterr().out


def test_the_catalogues_of_click_are_those_that_the_script_builds(tmp_path) -> None:
    script = runpy.run_path(str(ROOT / "scripts/build_click_words.py"))
    script["main"].__globals__["LOCALE"] = tmp_path
    shipped = ROOT / "src/tangyin/data/locale"
    script["main"]()
    for name in ("zh", "zh_Hans"):
        catalogues = [gettext.translation("messages", at, [name]) for at in (tmp_path, shipped)]
        built, kept = (catalogue._catalog for catalogue in catalogues)  # type: ignore[attr-defined]
        assert {k: v for k, v in built.items() if k} == {k: v for k, v in kept.items() if k}
