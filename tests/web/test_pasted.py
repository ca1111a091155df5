"""Pasted texts as poems of the sheet: 200 shapes and more, finished and unfinished."""

from itertools import product

import pytest

from tangyin.verse import to_simplified
from tangyin.web.pasted import read_pasted

SPRING = (
    "國破山河在", "城春草木深", "感時花濺淚", "恨別鳥驚心",
    "烽火連三月", "家書抵萬金", "白頭搔更短", "渾欲不勝簪",
)  # fmt: skip
SHEET = ("五律", (5,) * 8)

HEADINGS = {
    "": "",
    "title": "春望\n",
    "title and author": "春望\n杜甫\n",
    "brackets": "《春望》\n杜甫\n",
    "author first": "杜甫《春望》\n",
    "dynasty": "春望\n〔唐〕杜甫\n",
    "dynasty in a row": "春望 （唐）杜甫\n",
    "dynasty behind": "春望\n杜甫〔唐代〕\n",
    "labels": "題目：春望\n作者：杜甫\n",
    "blank row": "春望\n\n杜甫\n\n",
    "number": "1. 春望\n杜甫\n",
}
LAYOUTS = {
    "lines": lambda marked: "\n".join(marked),
    "couplets": lambda marked: "\n".join(map("".join, zip(marked[::2], marked[1::2], strict=True))),
    "one row": "".join,
    "carriage returns": lambda marked: "\r\n".join(marked),
    "indented": lambda marked: "\n".join(f"\u3000\u3000{line}" for line in marked),
}
MARKED = {
    "，。": lambda n, line: line + "，。"[n % 2],
    ",.": lambda n, line: line + ",."[n % 2],
    "︐︒": lambda n, line: line + "︐︒"[n % 2],
    "bare": lambda n, line: line,
    "notes": lambda n, line: f"{line}[{n + 1}]" + "，。"[n % 2],
}


def shapes():
    for heading, layout, mark in product(HEADINGS, LAYOUTS, MARKED):
        if mark == "bare" and layout == "one row":
            continue
        yield pytest.param(heading, layout, mark, id=f"{heading}-{layout}-{mark}")


@pytest.mark.parametrize(("heading", "layout", "mark"), list(shapes()))
def test_every_shape_gives_its_lines_title_and_author(heading, layout, mark) -> None:
    marked = [MARKED[mark](n, line) for n, line in enumerate(SPRING)]
    text = HEADINGS[heading] + LAYOUTS[layout](marked)
    for typed, lines, script in (
        (text, SPRING, "traditional"),
        (to_simplified(text), tuple(map(to_simplified, SPRING)), "simplified"),
    ):
        (poem,) = read_pasted(typed, *SHEET)
        assert (poem.form, poem.lines, poem.script) == ("五律", lines, script)
        assert "".join(poem.marks) == "，。" * 4
        assert poem.open == 0
        assert (poem.title, poem.author) == (
            "春望" if heading else "",
            "杜甫" if heading not in ("", "title") else "",
        )


@pytest.mark.parametrize("blank", "□＿_○？?囗＊")
@pytest.mark.parametrize("heading", ["", "title and author", "blank row", "dynasty"])
def test_an_unfinished_poem_keeps_its_open_places(blank, heading) -> None:
    rows = ["國破山河X，城春草木深。", "XXXXX，恨別鳥驚X。", "烽火連三月，"]
    text = HEADINGS[heading] + "\n".join(rows).replace("X", blank)
    (poem,) = read_pasted(text, *SHEET)
    assert poem.form == "五律"
    assert poem.lines[:5] == ("國破山河□", "城春草木深", "□□□□□", "恨別鳥驚□", "烽火連三月")
    assert poem.lines[5:] == ("□□□□□",) * 3
    assert poem.open == 1 + 5 + 1 + 15
    assert poem.author == ("杜甫" if heading else "")


def test_empty_rows_are_open_lines_where_the_rows_are_those_of_the_form() -> None:
    rows = [line if n in (0, 2, 3, 7) else "" for n, line in enumerate(SPRING)]
    (poem,) = read_pasted("\n".join(["春望", *rows]), *SHEET)
    assert poem.title == "春望"
    assert poem.lines == tuple(row or "□□□□□" for row in rows)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("國破山河在 城春草木深 感時花濺淚", 3),
        ("國破山河在城春草木深感時花濺淚", 3),
        ("國破山河在，\n城春草木深", 2),
        ("1. 國破山河在，\n2. 城春草木深。\n3. 感時花濺淚，", 3),
        ("guó pò shān hé zài\n國破山河在，\nchéng chūn cǎo mù shēn\n城春草木深。", 2),
        ("國破山河在[1]，城春草木深[2]。\n感時花濺淚，\n\n[1]國：國都。\n[2]深：茂盛。", 3),
    ],
)
def test_a_beginning_is_one_of_the_form_of_the_sheet(text, lines) -> None:
    (poem,) = read_pasted(text, *SHEET)
    assert poem.form == "五律"
    assert poem.lines[:lines] == SPRING[:lines]
    assert poem.open == 5 * (8 - lines)


def test_a_question_mark_at_the_end_of_a_line_is_a_mark() -> None:
    (poem,) = read_pasted("春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少？", *SHEET)
    assert (poem.form, poem.open, poem.marks[-1]) == ("五絕", 0, "？")


@pytest.mark.parametrize("end", ["——李白", "\n——李白", "\n\n—— 李白《靜夜思》", "\n-- 〔唐〕李白"])
def test_a_name_below_the_poem_is_its_author(end) -> None:
    (poem,) = read_pasted(f"床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。{end}", *SHEET)
    assert (poem.form, poem.author) == ("五絕", "李白")


def test_a_lyric_is_laid_out_by_its_tune() -> None:
    text = (
        "浣溪沙·春恨\n晏殊\n一曲新詞酒一杯，去年天氣舊亭臺。夕陽西下幾時回？\n"
        "無可奈何花落去，似曾相識燕歸來。小園香徑獨徘徊。"
    )
    (poem,) = read_pasted(text, *SHEET)
    assert (poem.form, poem.title, poem.author) == ("浣溪沙", "春恨", "晏殊")
    assert poem.shape
    assert (poem.shape.kind, poem.shape.widths, poem.shape.breaks) == ("詞", (7,) * 6, (3,))
    assert "".join(poem.marks) == "，。？，。。"


def test_question_marks_of_short_lines_are_marks() -> None:
    text = (
        "如梦令·春晚\n昨夜雨疏風驟，濃睡不消殘酒。試問捲簾人，卻道海棠依舊。"
        "知否？知否！應是綠肥紅瘦。"
    )
    (poem,) = read_pasted(text, *SHEET)
    assert (poem.form, poem.title, poem.open) == ("如夢令", "春晚", 0)
    assert "".join(poem.marks) == "，。，。？！。"


def test_other_poems_of_equal_lines_take_as_many_lines_as_they_have() -> None:
    text = "".join(line + "，。"[n % 2] for n, line in enumerate([*SPRING, *SPRING[:4]]))
    (poem,) = read_pasted(text, *SHEET)
    assert poem.shape
    assert poem.shape.widths == (5,) * 12


def test_poems_one_after_another_are_all_found() -> None:
    text = (
        "春曉\n孟浩然\n春眠不覺曉，處處聞啼鳥。\n夜來風雨聲，花落知多少。\n\n"
        "登鸛雀樓\n王之渙\n白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。"
    )
    assert [(poem.title, poem.author, poem.form) for poem in read_pasted(text, *SHEET)] == [
        ("春曉", "孟浩然", "五絕"), ("登鸛雀樓", "王之渙", "五絕"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "hello", "明月", "！？", "\n\n", "國破山河在城春草"])
def test_what_is_not_verse_gives_no_poem(text) -> None:
    assert read_pasted(text, *SHEET) == []
