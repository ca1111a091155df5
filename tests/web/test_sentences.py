"""The server's sentences, which a reader of Chinese is told in Chinese."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tangyin.web
from tangyin.web.answers import refusal_of
from tangyin.web.pool import BusyError

STATIC = Path(tangyin.web.__file__).parent / "static"
SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("write", {"start": "x"}),
    ("write", {"start": "日\0"}),
    ("write", {"start": "龘"}),
    ("write", {"start": "日" * 41}),
    ("write", {"start": "日，"}),
    ("write", {"title": "x", "model": "strong"}),
    ("write", {"title": "日" * 41, "model": "strong"}),
    ("write", {"title": "送友人"}),
    ("write", {"acrostic": "春夏秋"}),
    ("write", {"acrostic": "春夏秋冬", "start": "日"}),
    ("write", {"acrostic": "龘夏秋冬"}),
    ("write", {"include": ["國破山河在城"]}),
    ("write", {"include": ["明月"], "avoid": "月"}),
    ("write", {"start": "明月明月明"}),
    ("write", {"start": "明月明月明", "pattern": "平起首句入韻", "strict": True}),
    ("write", {"start": "國破山河在城春草木深感時花濺淚恨別鳥驚心", "rhyme": "東"}),
    ("write", {"start": SPRING.replace("心", "間")}),
    ("write", {"include": ["日月山水明", "風雲花草木", "日月山水明風"[:5]] * 4}),
    ("write", {"form": "七律"}),
    ("write", {"model": "nobody"}),
    ("write", {"avoid": "日" * 201}),
    ("revise", {"text": SPRING.replace("心", "間"), "line": 1}),
    ("revise", {"text": "國破山河在，城春草木深。", "line": 1}),
    ("check", {"text": ""}),
    ("check", {"text": "x"}),
    ("check", {"text": "，"}),
    ("check", {"text": "國破山河在"}),
    ("check", {"text": "國破山河，城春草木。"}),
    ("check", {"text": "國破山河在，城春草木。"}),
    ("check", {"text": "國破"}),
    ("check", {"text": "國"}),
    ("check", {"text": "國\x07破"}),
    ("check", {"text": SPRING + "\n\n國破"}),
    ("check", {"text": "\n\n".join([SPRING] * 21)}),
    ("mend", {"text": SPRING, "line": 4, "kind": "出韻"}),
    ("mend", {"text": "白日依山盡，黃河入海流。", "line": 1, "kind": "出韻"}),
    ("place", {"text": "國破x", "form": "五律", "line": 1, "character": 1}),
    ("trace", {"text": ""}),
    ("trace", {"text": "國破，"}),
    ("trace", {"text": "國" * 41}),
    ("script", {"text": "日" * 20_000, "script": "simplified"}),
]

RARE = {
    "tangyin/writing/particles.py": "no poem that keeps the rules came about in ",
    "tangyin/web/repair.py": "no way to mend this was found ",
    "tangyin/web/answers.py": "this took longer than ",
    "tangyin/writing/request.py": "of the characters that the model may write only ",
}
"""What is hard to bring about: where it stands, and how it begins."""

TOLD = [
    "no poem that keeps the rules came about in 12 tries; give fewer characters",
    "no way to mend this was found that leaves the other lines as they are; write",
    "this took longer than 30 s; ask for less at once, such as fewer poems",
    "of the characters that the model may write only 2 rhyme in 東, and there are 4 lines to "
    "rhyme; choose another rhyme",
]


@pytest.fixture
def in_chinese(tmp_path: Path) -> Callable[[list[str]], list[str]]:
    """What the page makes of sentences."""
    node = shutil.which("node")
    if not node:
        pytest.skip("no node to read the sentences with")
    shutil.copy(STATIC / "sentences.js", tmp_path / "sentences.mjs")
    script = tmp_path / "tell.mjs"

    def translate(sentences: list[str]) -> list[str]:
        script.write_text(
            'import { inChinese } from "./sentences.mjs";\n'
            f"console.log(JSON.stringify({json.dumps(sentences)}.map(inChinese)));",
            "utf-8",
        )
        done = subprocess.run([node, str(script)], capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    return translate


def test_what_the_page_can_be_refused_is_told_in_chinese(client, in_chinese) -> None:
    sentences = [json.loads(bytes(refusal_of(BusyError(3)).body))["error"], *TOLD]
    for path, body in ASKED:
        response = client.post(f"/api/{path}", json=body)
        assert response.status_code in (413, 422), (path, body, response.text[:200])
        sentences.append(response.json()["error"])
    for file, beginning in RARE.items():
        assert beginning in (STATIC.parents[2] / file).read_text("utf-8")
        assert any(sentence.startswith(beginning) for sentence in TOLD)
    for sentence, chinese in zip(sentences, in_chinese(sentences), strict=True):
        assert re.search("[\u3400-\u9fff]{2}.*。$", chinese), sentence
        words = set(re.findall("[a-z]{2,}", chinese))
        assert words <= {"report", "strong", "nobody", "avoid"}, (sentence, chinese)


def test_another_sentence_is_told_as_it_came(in_chinese) -> None:
    assert in_chinese(["something else went wrong; look <b>there</b>"]) == [
        "something else went wrong; look <b>there</b>"
    ]
