"""Pictures of the page as it is started, with a poem of the default model on it.

They are kept where TANGYIN_PICTURES says, and those of the documents are taken so:

    TANGYIN_PICTURES=docs/images .venv/bin/pytest tests/web/test_pictures.py
"""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import fill, write

GLYPH = """character => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  pen.font = "40px " + getComputedStyle(document.body).fontFamily;
  pen.fillText(character, 10, 60);
  return canvas.toDataURL();
}"""


PICTURES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "page-desktop": (
        {"viewport": {"width": 1366, "height": 720}},
        {"form": "五律", "title": "秋夜宿山寺", "seed": "6"},
    ),
    "page-phone": (
        {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2},
        {"form": "七絕", "title": "山中", "seed": "8"},
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_page_can_be_looked_at(visit, strong_address, tmp_path, name) -> None:
    options, given = PICTURES[name][0], {**PICTURES[name][1]}
    page = visit(server=strong_address, **options)
    title, form = given.pop("title"), given.pop("form")
    page.click(f"#forms button:text-is('{form}')")
    page.fill("#poem-title", title)
    fill(page, **given)
    page.locator("#wishes").evaluate("details => { details.open = false; }")
    write(page)
    expect(page.locator("#verdict")).to_contain_text("合律")
    expect(page.locator("#problem")).to_be_hidden()
    # Without a font for them all characters are the same empty box.
    assert page.evaluate(GLYPH, "國") != page.evaluate(GLYPH, "家")
    page.mouse.move(0, 0)
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    folder = Path(os.environ.get("TANGYIN_PICTURES", tmp_path))
    picture = page.screenshot(path=folder / f"{name}.png")
    assert len(picture) > 20_000
