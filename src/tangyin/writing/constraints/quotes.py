"""Lines: none that is in the corpus."""

from tangyin.writing.options import Option

OPTIONS = (
    Option(
        name="allow_quotes",
        kind=bool,
        default=False,
        regulated=True,
        help={
            "en": "Allow lines that occur in the corpus.",
            "zh": "可以用語料中已有的句子。",
        },
        label={"en": "Allow old lines", "zh": "可用古人成句"},
    ),
)
