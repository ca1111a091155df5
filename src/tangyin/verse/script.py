"""Traditional and simplified characters (by OpenCC), the corpus' spelling, and variants."""

import math
from functools import cache

import opencc

from tangyin.data.files import data_text

SMOOTHING = 5
"""Counts of a character as a whole that are added to those of a pair."""

UNLIKELY, MOST_WAYS = 5.0, 8
"""ln of how much less likely than the likeliest a meaning of a short text may be, and how many."""

PHRASE = 5.0
"""ln of how much likelier a form is that OpenCC finds in a phrase, such as 麪 in 面条."""


def to_simplified(text: str) -> str:
    """The text in simplified characters (OpenCC t2s)."""
    return _converted("t2s", text)


def to_traditional(text: str) -> str:
    """A simplified text in traditional characters as the corpus spells them, the likeliest ones.

    A traditional text is not changed: 里, 后 or 云 are traditional characters too.
    """
    if not is_simplified(text):
        return text
    return likeliest(traditional_costs(text))


def likeliest(costs: list[dict[str, float]]) -> str:
    """The text of the likeliest forms (`traditional_costs`)."""
    return "".join(min(forms, key=forms.__getitem__) for forms in costs)


def traditional_costs(text: str) -> list[dict[str, float]]:
    """What each character of a simplified text may be in traditional script, with -ln(odds).

    The odds are those of the character in the training poems (`data/traditional.tsv`, made by
    `scripts/build_traditional.py`), of its pairs with both neighbours, and of OpenCC's phrases.
    """
    by_phrase = corpus_spelling(_converted("s2t", text))
    if len(by_phrase) != len(text):
        by_phrase = "".join(map(traditional_alternative, text))
    costs: list[dict[str, float]] = []
    for at, (character, phrased) in enumerate(zip(text, by_phrase, strict=True)):
        if not (forms := _forms(character, 0)):
            costs.append({phrased: 0.0})
            continue
        found = {form: -math.log(share) for form, share in forms.items()}
        for pair, place in ((text[max(at - 1, 0) : at + 1], 1), (text[at : at + 2], 0)):
            for form, share in _forms(pair, place).items() if len(pair) == 2 else ():
                found[form] -= math.log(share / forms[form])
        if phrased in found and phrased != traditional_alternative(character):
            found[phrased] -= PHRASE
        costs.append(found)
    return costs


@cache
def traditional_alternative(character: str) -> str:
    """The traditional form of a character of both scripts that is meant as simplified: 丰, 豐."""
    return corpus_spelling(_converted("s2t", character))


def traditional_forms(character: str) -> dict[str, float]:
    """The traditional characters that one of the simplified script stands for, by their shares."""
    return {form: math.exp(-cost) for form, cost in traditional_costs(character)[0].items()}


def is_spelling(character: str, other: str) -> bool:
    """Whether a traditional character is another way to write the corpus' `other`: 床 of 牀."""
    if character in _characters("both_scripts.txt") | _characters("simplified_only.txt"):
        return False
    return other in (corpus_spelling(character), traditional_alternative(character))


def is_simplified(text: str) -> bool:
    """Whether more characters exist only in simplified than only in traditional script."""
    # Most texts have none at all, and then OpenCC need not be loaded.
    simplified = _characters("simplified_only.txt")
    return not simplified.isdisjoint(text) and sum(map(_leaning, text)) > 0


@cache
def _leaning(character: str) -> int:
    """1 for a character of the simplified script alone, -1 of the traditional, 0 of both."""
    if character in _characters("simplified_only.txt"):
        return 1
    if character in _characters("both_scripts.txt"):
        return 0
    return -int(_converted("t2s", character) != character)


def corpus_spelling(text: str) -> str:
    """Replace rare variants by the spelling of the corpus (為 by 爲).

    The table is `data/orthography.tsv`, made by `scripts/build_orthography.py`.
    """
    return text.translate(_table("orthography.tsv"))


def fold_variants(text: str) -> str:
    """Replace each variant by the common form of the same character (敎 by 教).

    For comparing and looking up, never for rewriting. The table is `data/character_variants.tsv`;
    the length of the text stays the same.
    """
    return text.translate(_table("character_variants.tsv"))


def lookup_spelling(text: str) -> str:
    """Replace every variant by the commonest form of the same character (烟 by 煙, 黃 by 黄).

    As `fold_variants`, with forms that the corpus has often. The table is `data/spellings.tsv`,
    made by `scripts/build_spellings.py`.
    """
    return fold_variants(corpus_spelling(text)).translate(_table("spellings.tsv"))


def ways_to_mean(text: str) -> tuple[str, ...]:
    """What a short text may be in traditional script: as it is typed or likeliest, then others.

    Simplified text is converted; 云, which is both, is 云 or 雲.
    """
    typed = corpus_spelling(text)
    ways = {"": 0.0}
    for forms in traditional_costs(text):
        ways = {
            way + form: cost + more for way, cost in ways.items() for form, more in forms.items()
        }
        ways = dict(sorted(ways.items(), key=lambda way: way[1])[:MOST_WAYS])
    likeliest_first = [way for way, cost in ways.items() if cost <= min(ways.values()) + UNLIKELY]
    first = [] if is_simplified(text) else [typed]
    return tuple(dict.fromkeys([*first, *likeliest_first]))


def variants_of(character: str) -> dict[str, str]:
    """Other ways to write a character of the corpus, each with its kind.

    A kind is "simplified", "traditional" (of a character that both scripts have, in another
    sense), or "variant".
    """
    found = dict.fromkeys(traditional_costs(character)[0], "traditional")
    for table in ("orthography.tsv", "character_variants.tsv", "spellings.tsv"):
        rows = _table(table)
        found |= {chr(point): "variant" for point, usual in rows.items() if usual == character}
        if usual := rows.get(ord(character)):
            found[usual] = "variant"
    found[to_simplified(character)] = "simplified"
    found.pop(character, None)
    return found


_converter = cache(opencc.OpenCC)


def _converted(name: str, text: str) -> str:
    try:
        return str(_converter(name).convert(text))
    except UnicodeEncodeError:  # bytes from a shell that are not UTF-8
        return text


@cache
def _characters(file: str) -> frozenset[str]:
    return frozenset(data_text(file).strip())


@cache
def _table(file: str) -> dict[int, str]:
    rows = (line.split("\t") for line in data_text(file).splitlines())
    return {ord(row[0]): row[1] for row in rows}


@cache
def _forms(context: str, place: int) -> dict[str, float]:
    """The shares of the forms of a character, or of one of a pair; empty if there is no row."""
    counts = _counts().get((context, place), {})
    total = sum(counts.values())
    if len(context) == 1 or not counts:
        return {form: count / total for form, count in counts.items()}
    return {
        form: (counts.get(form, 0) + SMOOTHING * share) / (total + SMOOTHING)
        for form, share in _forms(context[place], 0).items()
    }


@cache
def _counts() -> dict[tuple[str, int], dict[str, int]]:
    """How often a character, or one of a pair, is each of its forms in the training poems."""
    rows = (row.split("\t") for row in data_text("traditional.tsv").splitlines())
    return {
        (context, int(place)): {form[0]: int(form[1:]) for form in forms.split(" ")}
        for context, place, forms in rows
    }
