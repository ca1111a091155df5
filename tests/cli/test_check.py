import json
import signal
import subprocess
import sys

import pytest

from tangyin.errors import message
from tangyin.metre import check_text
from tangyin.web.bodies import SPRING

FAULTY = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"
NEIGHBOUR = (
    "淮水東南闊，無風渡亦難。孤煙生乍直，遠樹望多圓。"
    "春浪櫂聲急，夕陽帆影殘。清流宜映月，今夜重吟看。"
)
FIELDS = {
    "form", "regulated", "pattern", "line_types", "nearest", "tones", "rhyme", "first_line",
    "licences", "faults", "warnings", "couplets", "readings", "lines", "read_as", "number", "book",
    "books", "pauses",
}  # fmt: skip


def test_json_is_an_array_with_the_fields_of_the_contract(cli):
    first, second = json.loads(cli("check", "--format", "json", stdin=f"{SPRING}\n\n{FAULTY}").out)
    assert set(first) == FIELDS
    assert (first["regulated"], first["line_types"], first["rhyme"]) == (True, "aBbAaBbA", "侵")
    assert not second["regulated"]
    assert {"line", "kind", "places", "zh", "en", "culprit"} == set(second["faults"][0])
    assert (first["number"], second["number"]) == (1, 2)


def test_text_marks_tones_and_says_faults_in_both_languages(cli):
    out = cli("check", stdin=FAULTY).out
    assert "●●○○" not in out
    assert "○○○●○" in out
    for fault in check_text(FAULTY).faults:
        assert f"病 fault: {fault.zh} {fault.en}" in out
    assert "\x1b" not in out


SONG = "昨夜雨疏風驟，濃睡不消殘茶。試問捲簾人，卻道海棠依舊。知否，知否？應是綠肥紅瘦。"


def test_a_ci_is_checked_against_its_tune_and_one_may_be_named(cli):
    out = cli("check", stdin=SONG).out
    assert out.startswith("詞 · 如夢令 1/6 · 第十二部仄 · 不合律 not regulated\n")
    assert "  濃睡不消殘茶  ○●●○○○  中仄中平中仄韻\n" in out
    (report,) = json.loads(cli("check", "--format", "json", stdin=SONG).out)
    assert (report["form"], report["tune"], report["variant"]) == ("詞", "如夢令", 1)
    assert [(one["line"], one["kind"]) for one in report["faults"]] == [(2, "出律"), (2, "出韻")]
    named = json.loads(cli("check", "--format", "json", "--tune", "菩薩蠻", stdin=SONG).out)
    assert named[0]["tune"] == "菩薩蠻"
    done = cli("check", "--tune", "如梦", stdin=SONG)
    assert (done.code, done.out) == (2, "")
    assert "如夢令" in done.err


MODERN = "雨後新苗綠，村前舞彩蝶。兒童爭問我，幾日到佳節。"


def test_a_poem_is_judged_by_the_book_that_is_asked_for(cli):
    assert cli("check", "--fail", stdin=MODERN).code == 1
    done = cli("check", "--fail", "--book", "新韵", stdin=MODERN)
    assert done.code == 0
    assert "三皆韻" in done.out
    lines = [line for line in done.out.splitlines() if "中華新韻" in line]
    assert [line.split(": ")[1] for line in lines] == ["中華新韻 中華通韻"]
    assert cli("check", "--book", "廣韻", stdin=MODERN).code == 2


def test_colours_are_for_a_terminal_that_accepts_them(cli, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in cli("check", stdin=FAULTY, terminal=True).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli("check", stdin=FAULTY, terminal=True).out


def test_fail_makes_a_faulty_poem_exit_with_one(cli):
    assert cli("check", "--fail", stdin=SPRING).code == 0
    done = cli("check", "--fail", stdin=FAULTY)
    assert (done.code, done.out) == (1, cli("check", stdin=FAULTY).out)


def test_what_was_done_to_a_poem_is_on_standard_error(cli):
    poem = "春望\n杜甫\n国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。"
    done = cli("check", "--format", "json", stdin=poem)
    (report,) = json.loads(done.out)
    assert (report["lines"][0], report["read_as"][0]) == ("国破山河在", "國破山河在")
    assert done.err.splitlines() == [
        message("text.heading", {"number": 1, "heading": ["春望", "杜甫"]}),
        message("text.simplified", {"number": 1, "first": "國破山河在"}),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "none"), (b" \n\n", "none"), (b"\xff\xfe", "not_utf8"), (b"\0" * 9, "binary")],
)
def test_an_input_without_a_poem_is_refused_in_one_sentence(cli, content, code):
    cli("check", stdin=content).refused(2, message(f"text.{code}", {"name": "standard input"}))


@pytest.mark.parametrize("place", [0, 1, 7, 12])
@pytest.mark.parametrize(
    "bad", ["日月", "床前明月光，", "春眠不覺曉", "日月，星辰山，風雨，雷電。", "a"]
)
def test_one_bad_poem_among_good_ones_is_reported_in_its_place(cli, bad, place):
    lines = [SPRING, FAULTY] * 6
    lines.insert(place, bad)
    done = cli("check", "--format", "jsonl", stdin="\n".join(lines))
    records = [json.loads(line) for line in done.out.splitlines()]
    if place == 0 and bad in ("日月", "春眠不覺曉", "a"):  # above the first poem it is a title
        assert (records[0]["title"], len(records), done.code) == (bad, 12, 0)
        return
    assert [record["number"] for record in records] == list(range(1, 14))
    assert [record["number"] for record in records if "error" in record] == [place + 1]
    assert records[place]["line"] == place + 1
    assert done.code == 1
    first, summary = done.err.splitlines()
    params = {"number": place + 1, "line": place + 1, "error": records[place]["error"]["message"]}
    assert first == f"tangyin: {message('text.poem', params)}"
    assert summary == f"tangyin: {message('text.refused', {'refused': 1, 'count': 13})}"
    assert json.loads(cli("check", "--format", "json", stdin="\n".join(lines)).out) == records


def test_text_has_what_is_bad_in_its_place(cli):
    done = cli("check", stdin=f"{SPRING}\n\n春眠，不覺曉\n\n{FAULTY}")
    verdicts = [
        line for line in done.out.splitlines() if line.endswith("regulated") or "poem" in line
    ]
    assert (["poem" in line for line in verdicts], done.code) == ([False, True, False], 1)
    assert done.err.startswith(f"tangyin: {verdicts[1]}\n")
    # On a terminal both would be seen.
    assert "poem 2" not in cli("check", stdin=f"{SPRING}\n\n日月", terminal=True).err


def test_several_files_are_one_batch_and_a_bad_one_is_reported_in_its_place(cli, tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.jsonl"
    good.write_text(f"{SPRING}\n{FAULTY}", "utf-8")
    bad.write_text(json.dumps({"text": SPRING, "title": "春望", "id": "x"}) + '\n{"te\n', "utf-8")
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.touch()
    binary.write_bytes(b"\x89PNG\0\0")
    files = [good, tmp_path, tmp_path / "none", empty, binary, bad]
    done = cli("check", "--format", "jsonl", *map(str, files), "-", stdin=FAULTY)
    records = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    names = [good, good, tmp_path, tmp_path / "none", empty, binary, bad, bad, "-"]
    assert [record["file"] for record in records] == list(map(str, names))
    assert [record.get("number") for record in records] == [1, 2, None, None, None, None, 3, 4, 5]
    codes = [record["error"]["code"].partition(".")[2] for record in records if "error" in record]
    assert codes == ["unreadable", "unreadable", "none_in", "binary", "not_a_record"]
    assert (records[6]["title"], records[6]["id"]) == ("春望", "x")
    assert str(bad) in done.err
    assert "line 2" in done.err


def test_what_the_project_exports_is_read_with_its_titles(cli, tmp_path):
    exported = json.dumps(
        {"id": "1", "dynasty": "tang", "form": "五律", "part": "train", "title": "春望",
         "author": "杜甫", "text": SPRING}, ensure_ascii=False,
    )  # fmt: skip
    written = cli("write", "日", "--format", "jsonl", "--seed", "1").out
    checked = cli("check", "--format", "jsonl", stdin=f"{exported}\n{written}")
    first, second = map(json.loads, checked.out.splitlines())
    assert (first["title"], first["author"], first["id"]) == ("春望", "杜甫", "1")
    assert (second["lines"], second["regulated"]) == (json.loads(written)["lines"], True)
    again = cli("check", "--format", "jsonl", stdin=checked.out)
    assert (again.out, checked.err, again.err) == (checked.out, "", "")
    assert "春望  杜甫" in cli("check", stdin=exported).out


@pytest.mark.parametrize(("stop", "code"), [("close", 0), ("interrupt", 130)])
def test_a_closed_pipe_and_ctrl_c_end_it_after_whole_lines(stop, code, spawn):
    words = [sys.executable, "-m", "tangyin", "check", "--format", "jsonl"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = spawn(words, **pipes)
    process.stdin.write(f"{SPRING}\n".encode())
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["number"] == 1
    if stop == "close":
        process.stdout.close()
        process.stdin.write(f"{SPRING}\n".encode() * 100)
    else:
        process.send_signal(signal.SIGINT)
    err = process.stderr.read() if stop == "interrupt" else b""
    process.stdin.close()
    assert process.wait(60) == code
    assert err.strip() == (b"tangyin: stopped" if code else b"")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
def test_a_file_in_another_encoding_is_read_and_that_is_said(cli, tmp_path, encoding):
    file = tmp_path / "poem"
    file.write_bytes(f"{SPRING}\n{FAULTY}\n".replace("床", "窗").encode(encoding))
    done = cli("check", str(file))
    assert (done.code, done.out.count("regulated\n")) == (0, 2)
    assert (done.err == "") == encoding.startswith("utf-8")


def test_a_line_of_stray_bytes_does_not_hide_the_others(cli):
    stdin = f"{SPRING}\n".encode() + SPRING.encode()[:-2] + b"\xff\n" + f"{FAULTY}\n".encode()
    records = cli("check", "--format", "jsonl", stdin=stdin).out.splitlines()
    assert [json.loads(line).get("error", {}).get("code") for line in records] == [
        None, "text.bytes", None,
    ]  # fmt: skip


def test_a_bar_is_drawn_on_a_terminal_that_the_results_do_not_go_to(cli, tmp_path):
    words = ("check", "-o", str(tmp_path / "out"))
    done = cli(*words, stdin=f"{SPRING}\n日月\n{SPRING}", terminal=True)
    assert "\r" in done.err
    assert " poems" in done.err
    assert "\r" not in cli("check", stdin=SPRING, terminal=True).err
    assert "\r" not in cli(*words, stdin=SPRING).err


@pytest.mark.parametrize("convention", ["strict", "usual", "loose"])
def test_the_command_judges_by_the_convention_asked_for(cli, convention):
    flag = [] if convention == "usual" else [f"--{convention}"]
    done = cli("check", "--format", "json", *flag, stdin=NEIGHBOUR)
    (report,) = json.loads(done.out)
    assert report["regulated"] == (convention == "loose")
