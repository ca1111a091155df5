"""A writing request: checked values of its options, and what a model is given for it."""

from typing import TYPE_CHECKING, Any

from tangyin.errors import UsageError
from tangyin.metre.law import OPEN
from tangyin.metre.laws.rhyme import rhyme_number
from tangyin.metre.rhyme import LEVEL_RHYMES
from tangyin.verse import (
    BLANK,
    MARKS,
    Form,
    Ids,
    Vocabulary,
    is_spelling,
    normalize,
    rhyme_token,
    title_characters,
    to_traditional,
)
from tangyin.writing.decoding import Guide
from tangyin.writing.opening import known_token, read_opening, token_of
from tangyin.writing.options import UNTITLED, checked, options
from tangyin.writing.rules import OPTIONS as RULE_OPTIONS
from tangyin.writing.rules import Rule, TopP, rule_named

LONGEST_TITLE = 40  # Chinese characters that a title may have


class Request:
    """The options of writing in one form, each an attribute by its name.

    `rule` is the sampling rule itself, its numbers being part of it. `title` is "" where none is
    given, and `draws_title` says whether a model that takes titles is to draw one.
    """

    form: Form
    rule: Rule

    def __init__(self, form: Form, start: str = "", **given: Any) -> None:
        """Check the options by name (`tangyin.writing.options`); `rule` may be a `Rule` too.

        Raises:
            UsageError: there is no such option, its value is not possible, or it belongs to
                regulated verse and `regulated` is False.
        """
        rule = given.pop("rule", None)
        if rule is not None and not isinstance(rule, Rule):
            given["rule"] = rule
        values = checked({"start": start, **given})
        for name, option in options().items():
            if option.regulated and not values["regulated"] and values[name] != option.default:
                raise UsageError("request.regulated_only", name=name)
        if values["variant"] is not None and not form.variant:
            raise UsageError("request.variant")
        numbers = {option.name: values[option.name] for option in RULE_OPTIONS[1:]}
        chosen = rule if isinstance(rule, Rule) else values["rule"]
        # A poem of which more than half is given has its situation.
        given_characters = sum(c not in MARKS + BLANK for c in normalize(values["start"]))
        draws = (
            values["title"] is None
            and values["regulated"]
            and not form.variant
            and 2 * given_characters <= form.hanzi
        )
        titled = draws or values["title"] or form.tune
        if chosen == TopP.name and not titled and numbers["temperature"] is None:
            numbers["temperature"] = UNTITLED
        values["title"] = values["title"] or ""
        rule = rule_named(chosen, **numbers)
        self.__dict__.update(values, form=form, rule=rule, draws_title=draws)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


def opening_of(request: Request, vocabulary: Vocabulary) -> dict[int, int]:
    """The tokens that a request gives, acrostic included, by place (`opening.read_opening`)."""
    form = request.form
    opening = read_opening(request.start, form, vocabulary)
    heads = tokens_of(request.acrostic, vocabulary)
    lines = next((lines for lines in form.heads if len(lines) == len(heads)), ())
    if heads and not lines:
        known = {"form": form.name, "lines": form.lines, "couplets": len(form.heads[-1])}
        raise UsageError("request.acrostic_length", count=len(heads), **known)
    for line, head in zip(lines, heads, strict=False):
        place = form.starts[line] + line
        if opening.setdefault(place, head) != head:
            known = {
                "head": vocabulary.tokens[head],
                "character": vocabulary.tokens[opening[place]],
            }
            raise UsageError("request.acrostic_and_start", line=line + 1, **known)
    return opening


def tokens_of(text: str, vocabulary: Vocabulary) -> list[int]:
    """The tokens of the characters that a person named, marks left out."""
    characters = to_traditional(normalize(text))
    return [token_of(c, vocabulary) for c in characters if c not in MARKS]


def typed_spelling(request: Request, vocabulary: Vocabulary) -> dict[int, str]:
    """What a person typed for each character that the model spells otherwise: 群 for 羣.

    It is a table for `str.translate`, so that a poem shows given characters as they were given.
    """
    found = {}
    typed = filter(None, (request.start, request.acrostic, *request.include))
    for text in map(normalize, typed):
        for character, meant in zip(text, to_traditional(text), strict=True):
            token = known_token(meant, vocabulary)
            written = character if token is None else vocabulary.tokens[token]
            if written != character and is_spelling(character, written):
                found[ord(written)] = character
    return found


def read_title(request: Request) -> str:
    """The title as it is printed above the poem: in traditional characters, or ""."""
    if not request.title:
        return ""
    title = to_traditional(normalize(request.title))
    count = len(title_characters(title))
    if not count:
        raise UsageError("request.title_without_hanzi", title=request.title)
    if count > LONGEST_TITLE:
        raise UsageError("request.title_long", count=count, longest=LONGEST_TITLE)
    return title


def prefix_for(request: Request, vocabulary: Vocabulary, drawn: str = "") -> Ids:
    """What a model reads before a poem: form, title, and the rhyme where it knows rhymes.

    `drawn` is the title where none is given.
    """
    characters = title_characters(request.form.tune + (drawn or read_title(request)))
    tokens = [known_token(character, vocabulary) for character in characters]
    title = "".join(
        c if t is None else vocabulary.tokens[t] for c, t in zip(characters, tokens, strict=True)
    )
    asked = OPEN if request.form.variant else rhyme_number(request.rhyme)
    rhyme = "" if asked == OPEN else LEVEL_RHYMES[asked]
    known = rhyme if rhyme_token(rhyme) in vocabulary else None
    return vocabulary.prefix(request.form, known, title)


def draws_title(request: Request, vocabulary: Vocabulary) -> bool:
    """Whether a title is drawn for each poem."""
    return bool(request.draws_title) and vocabulary.takes_title


def guide_for(request: Request, vocabulary: Vocabulary) -> Guide | None:
    """How title and rhyme guide the poem; None where there are none, or no guidance is wanted."""
    without = vocabulary.prefix(request.form, title=request.form.tune)
    conditioned = draws_title(request, vocabulary) or len(prefix_for(request, vocabulary)) > len(
        without
    )
    if request.guidance and conditioned:
        return Guide(without, request.guidance)
    return None
