"""The command as a program: help, exit codes, streams, bytes in every locale."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tangyin.cli.main import COMMANDS
from tangyin.cli.streams import LONGEST, one_line

WUJUE = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"


@pytest.mark.parametrize(
    "words",
    [[], *([name] for name in COMMANDS), *(["corpus", n] for n in ("fetch", "stats", "export"))],
    ids=" ".join,
)
def test_every_command_explains_itself(words, cli):
    done = cli(*words, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: {' '.join(['tangyin', *words])} ")
    assert cli(*words, "-h") == done


def test_the_help_says_of_each_command_what_it_is(cli):
    shown = cli("--help").out
    for name, (_, summary) in COMMANDS.items():
        assert re.search(rf"  {name} +{summary}", shown)


def test_without_a_command_the_help_is_shown_on_standard_error(cli):
    for words in ([], ["corpus"]):
        done = cli(*words)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("Usage: tangyin")


def test_an_unknown_command_is_refused_in_one_sentence(cli):
    cli("wirte").refused(2, "No such command 'wirte'", "see `tangyin --help`")
    cli("--colour").refused(2, "No such option")
    cli("study", "nothing").refused(2, "'nothing'")


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "en_US.ISO-8859-1"},
        {"PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1", "LC_ALL": "POSIX"},
        {"NO_COLOR": "1", "TERM": "dumb"},
    ],
    ids=str,
)
def test_bytes_are_the_same_utf8_in_every_locale(environment, process, cli, tmp_path):
    poem = tmp_path / "詩.txt"
    poem.write_text(WUJUE, encoding="utf-8")
    out = tmp_path / "輸出.jsonl"
    done = process("score", str(poem), "-o", str(out), environment=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert out.read_bytes() == cli("score", stdin=WUJUE).out.encode()
    done = process("write", "龘", environment=environment)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith("tangyin: the model does not know the character 龘;")


def test_arguments_that_are_not_utf8_are_refused_in_one_sentence(process):
    done = process("write", b"\xff\xfe", environment={"PYTHONUTF8": "1"})
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"tangyin: the arguments are not UTF-8; type them in a UTF-8 terminal\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_reported(process):
    with Path("/dev/full").open("wb") as full:
        done = process("write", "日", "--free", stdout=full)
    assert done.returncode == 1
    assert done.stderr == (
        b"tangyin: the system refused: No space left on device; fix that and try again\n"
    )


def test_closed_streams_are_reported_where_they_are_needed(tmp_path):
    def shell(command):
        return subprocess.run(
            ["sh", "-c", f'"{sys.executable}" -m tangyin {command}'],
            capture_output=True,
            text=True,
            timeout=60,
        )

    done = shell("write 日 --free >&-")
    assert done.returncode == 1
    assert done.stderr == ("tangyin: standard output is closed; open it, or name a file with -o\n")
    done = shell("score <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tangyin: standard input is closed; give a text file\n"
    done = shell(f"write 日 --free -o {tmp_path}/out >&- 2>&- <&-")
    assert done.returncode == 0
    assert (tmp_path / "out").read_text("utf-8").startswith("日")


def test_an_output_that_cannot_be_written_is_reported(cli, tmp_path):
    words = ("write", "日", "--free", "--seed", "1", "-o")
    missing = tmp_path / "missing" / "out.txt"
    cli(*words, str(missing)).refused(1, f"cannot write {missing}: No such file or directory")
    cli(*words, str(tmp_path)).refused(2, f"{tmp_path} is a folder; name a file in it")
    cli(*words, "").refused(2, ". is a folder; name a file in it")
    assert list(tmp_path.iterdir()) == []


def test_output_to_a_pipe_or_a_device_does_not_replace_it(cli, tmp_path, spawn):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = spawn(["cat", pipe], stdout=subprocess.PIPE)
    assert cli("score", "-o", str(pipe), stdin=WUJUE).code == 0
    expected = cli("score", stdin=WUJUE).out
    assert reader.communicate(timeout=30)[0].decode() == expected
    assert pipe.is_fifo()
    assert cli("score", "-o", os.devnull, stdin=WUJUE).out == ""
    assert Path(os.devnull).is_char_device()
    assert cli("score", "-o", "-", stdin=WUJUE).out == expected


def test_a_sentence_that_quotes_anything_stays_on_one_short_line():
    assert one_line("a\nb\r\nc\u2028d") == "a b c d"
    assert one_line("red \x1b[31m\x00 \u202e") == r"red \x1b[31m\x00 \u202e"
    assert one_line("日\u3000月，🌙") == "日\u3000月，🌙"
    long = one_line("x" * 100_000)
    assert len(long) < LONGEST + 10
    assert " … " in long


@pytest.mark.parametrize(
    ("stopper", "code", "sentence"),
    [
        (KeyboardInterrupt, 130, "tangyin: stopped\n"),
        (MemoryError, 1, "tangyin: there is not enough memory for this; ask for less at a time\n"),
    ],
)
def test_ctrl_c_and_a_lack_of_memory_are_reported_in_one_sentence(
    stopper, code, sentence, cli, monkeypatch
):
    def stop(*_):
        raise stopper

    monkeypatch.setattr("tangyin.cli.score.load", stop)
    done = cli("score", stdin=WUJUE)
    # click ends the line on which a terminal shows ^C.
    assert (done.code, done.out, done.err.removeprefix("\n")) == (code, "", sentence)


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"TANGYIN_LANG": "zh", "LANG": "en_US.UTF-8"}, "無法寫入"),
        ({"TANGYIN_LANG": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_TW.UTF-8"}, "無法寫入"),
        ({"TANGYIN_LANG": "en", "LANG": "zh_CN.UTF-8"}, "cannot write"),
    ],
)
def test_a_failure_is_reported_in_the_language_of_the_reader(cli, monkeypatch, variables, shown):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert shown in cli("models", "-o", "/dev/null/models.txt").err
    note = "已由簡體字轉為繁體" if shown == "無法寫入" else "converted from simplified"
    assert note in cli("score", stdin="白日依山尽，黄河入海流。欲穷千里目，更上一层楼。").err
