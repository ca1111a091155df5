"""The option of a new law: one file, and the API and the page have it."""

import re
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tangyin.metre import LEVEL_RHYMES, SEQUENCES, laws
from tangyin.model.file import save_model
from tangyin.verse import WULV, prefix_tokens
from tangyin.writing.options import options

from .conftest import fill, serving

PAGE = (Path(__file__).parents[2] / "docs/contributing.md").read_text("utf-8")
DIFFERENT_HEADS = re.search(r'laws/heads.py"\n(.*?)^```$', PAGE, re.M | re.S)[1]


def test_the_option_of_a_new_law_is_everywhere(visit, tmp_path, monkeypatch) -> None:
    (tmp_path / "different_heads.py").write_text(DIFFERENT_HEADS, "utf-8")
    monkeypatch.setattr(laws, "__path__", [*laws.__path__, str(tmp_path)])
    monkeypatch.setitem(sys.modules, "tangyin.metre.laws.different_heads", None)
    monkeypatch.delitem(sys.modules, "tangyin.metre.laws.different_heads")
    with serving("report") as address, httpx.Client(base_url=address, timeout=60) as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        field = schemas["WriteBody"]["properties"]["different_heads"]
        assert field["type"] == "boolean"
        assert field["description"] == "Begin every line with a different character."
        described = {option["name"]: option for option in client.get("/api/options").json()}
        assert described["different_heads"]["label"]["zh"] == "句首不同"
        page = visit(server=address)
        fill(page)
        control = page.get_by_role("checkbox", name="句首不同")
        expect(control).to_have_attribute("title", "各句的第一個字都不同。")
        control.check()
        with page.expect_request("**/api/write") as asked:
            page.click("#write")
        assert asked.value.post_data_json["different_heads"] is True
        expect(page.locator("#status")).to_have_text("寫好 1 首")
        page.check("[name=regulated][value=no]")
        expect(control).to_be_hidden()
        page.select_option("#language", "en")
        page.check("[name=regulated][value=yes]")
        expect(page.get_by_role("checkbox", name="Heads differ")).to_be_visible()


def test_a_new_form_is_on_the_page(visit, extra_form, random_model, tmp_path) -> None:
    form = extra_form("六言絕句", "liujue", lines=4, characters=6)
    file = tmp_path / "six.safetensors"
    prefixes = prefix_tokens(LEVEL_RHYMES, (form,))
    save_model(random_model("日月山水人", (form, WULV), prefixes=prefixes), file)
    with serving(str(file)) as address:
        shapes = httpx.get(f"{address}/api/forms", timeout=60).json()
        (own,) = (shape for shape in shapes if shape["name"] == "六言絕句")
        assert (own["lines"], own["characters"], own["most_lines"]) == (4, 6, 0)
        page = visit(server=address)
        expect(page.locator("#forms button", has_text="六言絕句")).to_have_count(1)
        page.click("#forms button[data-form=六言絕句]")
        expect(page.locator("#poem [data-line][data-at]")).to_have_count(24)


def test_rhymes_and_patterns_on_the_page_are_those_of_the_prosody(visit) -> None:
    page = visit()
    for name, known in (("rhyme", [*LEVEL_RHYMES]), ("pattern", [s.name(5) for s in SEQUENCES])):
        values = page.locator(f"[name={name}] option").evaluate_all("all => all.map(o => o.value)")
        assert values == ["", *known]


def test_every_option_has_a_control_or_is_set_in_another_way(visit, address) -> None:
    page = visit()
    shown = page.locator("#request [name]").evaluate_all("all => all.map(one => one.name)")
    elsewhere = {"k", "certainty", "temperature", "p", "particles", "script"}
    elsewhere |= {"form", "title", "count", "start", "lines", "variant"}  # of the sheet
    assert {*shown} | elsewhere == {*options()}


@pytest.mark.parametrize(("name", "most"), [("count", 20), ("particles", 128), ("k", 20_000)])
def test_limits_of_the_server_are_in_the_description(client, name, most) -> None:
    described = {option["name"]: option for option in client.get("/api/options").json()}
    assert described[name]["maximum"] == most
    body = client.get("/openapi.json").json()["components"]["schemas"]["WriteBody"]
    field = body["properties"][name]
    assert field.get("anyOf", [field])[0]["maximum"] == most
