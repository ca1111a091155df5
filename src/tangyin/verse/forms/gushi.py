"""古體: old-style verse of equal lines without tone patterns."""

from tangyin.verse.form import Form

FORMS = (
    Form("五古", "wugu", 12, 5, kind="五言", fewest_lines=4, most_lines=200),
    Form("七古", "qigu", 12, 7, kind="七言", fewest_lines=4, most_lines=200),
)
