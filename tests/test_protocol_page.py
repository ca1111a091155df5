"""docs/protocol.md, model.md and prosody.md show the figures of the results beside them."""

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_figures_of_the_protocol_page_are_those_of_the_results() -> None:
    script = runpy.run_path(str(ROOT / "scripts/build_protocol_page.py"))
    assert script["page"]() == (ROOT / "docs/protocol.md").read_text(encoding="utf-8")


def test_the_footnotes_of_the_headline_figures_are_those_of_the_results() -> None:
    kept = json.loads((ROOT / "docs/results/footnotes.json").read_text(encoding="utf-8"))
    protocol, model = (
        (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("protocol", "model")
    )
    strong, report = (kept[name]["quotations"] for name in ("strong", "report"))
    for part in ("all", "others", "quoting"):
        shown = [
            f"{found[part]['per_token_closed']:.2f} ({found[part]['per_token']:.2f})"
            for found in (strong, report)
        ]
        assert f"| {strong[part]['poems']:,} | {' | '.join(shown)} |" in protocol
    for part in ("others", "quoting"):
        assert f"{strong[part]['per_token_closed']:.2f}" in model
    assert f"| {report['all']['per_token_closed']:.2f} |" in model
    assert f"{strong['quoting']['poems']} of the {strong['all']['poems']:,} dev 五律" in model
    assert kept["strong"]["counts"]["quoting_tang"] == 72
    assert kept["strong"]["counts"]["quoting_tang_wulv"] == 50
    assert kept["strong"]["counts"]["known_of_extension_a"] == 156
    assert kept["report"]["counts"]["unknown_targets_of_extension_a"] == 2
    assert f"{kept['titles']['dropped']:,} are dropped" in protocol
    assert f"{kept['titles']['dropped']:,} characters of titles" in model
    wide = "the block and Extension A"
    assert f"{kept['report']['open'][wide]:.2f} instead of" in protocol
    assert f"{kept['strong']['open'][wide]:.3f} instead of" in protocol


def test_the_table_of_other_checkers_is_that_of_the_results() -> None:
    script = runpy.run_path(str(ROOT / "scripts/foreign_checkers.py"))
    kept = json.loads((ROOT / "docs/results/foreign_checkers.json").read_text(encoding="utf-8"))
    assert script["table"](kept) in (ROOT / "docs/prosody.md").read_text(encoding="utf-8")
