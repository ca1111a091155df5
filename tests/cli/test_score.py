"""`tangyin score`: JSON lines for poems, one sentence for everything else."""

import json
import os
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tangyin.errors import message
from tangyin.web.bodies import SPRING as WULV

WUJUE = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
QIJUE = "朝辭白帝彩雲間，千里江陵一日還。兩岸猿聲啼不住，輕舟已過萬重山。"
QILV = (
    "昔人已乘黃鶴去，此地空餘黃鶴樓。黃鶴一去不復返，白雲千載空悠悠。"
    "晴川歷歷漢陽樹，芳草萋萋鸚鵡洲。日暮鄉關何處是，煙波江上使人愁。"
)


def scores(done):
    assert done.code == 0
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_poem_in_any_of_the_four_forms_has_a_line_of_the_designs_shape(cli):
    done = cli("score", stdin="\n".join([WUJUE, WULV, QIJUE, QILV]))
    assert done.err == ""
    found = scores(done)
    assert [(s["form"], s["targets"], s["hanzi"]) for s in found] == [
        ("五絕", 25, 20), ("五律", 49, 40), ("七絕", 33, 28), ("七律", 65, 56),
    ]  # fmt: skip
    for score, text in zip(found, [WUJUE, WULV, QIJUE, QILV], strict=True):
        assert list(score) == ["text", "form", "targets", "hanzi", "unknown", "nll", "nll_closed"]
        assert score["text"] == text
        assert type(score["unknown"]) is int
        assert type(score["nll"]) is type(score["nll_closed"]) is float
        assert 0 < score["nll_closed"] <= score["nll"]


def test_what_was_done_to_a_poem_is_on_standard_error(cli):
    done = cli("score", stdin="登鹳雀楼\n白日依山尽黄河入海流欲穷千里目更上一层楼")
    assert done.err.splitlines() == [
        message("text.heading", {"number": 1, "heading": ["登鹳雀楼"]}),
        message("text.converted", {"number": 1}),
        message("text.marks_added", {"number": 1}),
    ]
    score, expected = (*scores(done), *scores(cli("score", stdin=WUJUE)))
    assert score == {**expected, "title": "登鹳雀楼"}


@pytest.mark.parametrize(
    ("stdin", "number"),
    [
        ("白日依山盡".encode("gb18030"), 1),
        (b"\x1b[31m", 1),
        (f"{WUJUE}\n\n{WULV}\n\n床前".encode(), 3),
        (("日" * 1_000_000).encode(), 1),
        (("日" * 5 + "，" + "\n").encode() * 50_000, 1),
        (b"\n" * 9 + b'{"text": "' + "日".encode() * 2_000_000 + b'"}\n{}', 1),
    ],
    ids=["gb18030", "escape", "third", "long", "many lines", "long line of JSON"],
)
def test_what_is_not_a_poem_is_refused_in_its_place(stdin, number, cli):
    began = time.perf_counter()
    done = cli("score", stdin=stdin)
    records = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert next(record.get("number") for record in records if "error" in record) == number
    assert all("error" in record for record in records[number - 1 :])
    assert max(map(len, done.err.splitlines())) < 1200
    assert time.perf_counter() - began < 10


def test_poems_around_a_bad_one_have_the_scores_they_have_alone(cli):
    poems = [WUJUE, WULV, QIJUE, QILV] * 5
    alone = cli("score", stdin="\n".join(poems)).out.splitlines()
    done = cli("score", stdin="\n".join([*poems[:9], "日月", *poems[9:]]))
    lines = done.out.splitlines()
    assert done.code == 1
    assert lines[:9] + lines[10:] == alone
    assert json.loads(lines[9])["error"]["code"] == "text.unclear"


@pytest.mark.parametrize("command", ["check --format jsonl", "score --model report"])
def test_a_result_comes_before_the_next_poem_is_there(command, spawn):
    words = [sys.executable, "-m", "tangyin", *command.split()]
    process = spawn(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for poem in (json.dumps({"text": WUJUE}), json.dumps({"text": QIJUE}), '{"text": "日'):
        process.stdin.write(f"{poem}\n".encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())
    process.stdin.close()
    assert process.wait(60) == 1


def test_a_named_pipe_is_read_as_a_shell_gives_it(tmp_path, cli, spawn):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = spawn(["sh", "-c", f"echo {WUJUE} > {pipe}"])
    assert cli("score", str(pipe)).out == cli("score", stdin=WUJUE).out
    assert writer.wait(10) == 0


def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(cli, tmp_path):
    missing = tmp_path / "missing.txt"
    for path, reason in ((missing, "No such file or directory"), (tmp_path, "Is a directory")):
        sentence = message("text.unreadable", {"path": path, "reason": reason})
        cli("score", str(path)).refused(2, sentence)
    cli("score", "x" * 5000).refused(2, "File name too long")


verse_like = st.lists(st.text(st.sampled_from("日月山海，。,.「 龘a□\n\u3400\u9fff"), max_size=30))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stdin=st.binary(max_size=80) | st.text(max_size=80) | verse_like.map("\n".join))
def test_any_input_gives_scores_or_a_sentence(stdin, cli):
    if isinstance(stdin, str):
        stdin = stdin.encode("utf-8", "surrogatepass")
    done = cli("score", stdin=stdin)
    records = [json.loads(line) for line in done.out.splitlines()]
    refused = sum("error" in record for record in records)
    assert done.code == (1 if refused else 0 if records else 2)
    said = [line for line in done.err.splitlines() if line.startswith("tangyin: ")]
    assert len(said) == (refused + (len(records) > 1) if refused else not records)
