"""排律: regulated verse of ten lines or more."""

from tangyin.verse.form import Form

FORMS = (
    Form("五言排律", "wupai", 12, 5, regulated=True, kind="五言", fewest_lines=10, most_lines=200),
    Form("七言排律", "qipai", 12, 7, regulated=True, kind="七言", fewest_lines=10, most_lines=200),
)
