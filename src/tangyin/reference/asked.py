"""What is asked: a word as a person types it, and the words of the corpus that it may mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tangyin.corpus import PACKAGE
from tangyin.errors import LANGUAGES, UsageError, message
from tangyin.reference.index import Index
from tangyin.verse import lookup_spelling, normalize, to_simplified, ways_to_mean
from tangyin.verse.punctuation import check_hanzi

SCRIPTS = ("traditional", "simplified")


@dataclass(frozen=True)
class Source:
    """Where an answer comes from."""

    en: str
    zh: str

    @classmethod
    def of(cls, code: str, **params: Any) -> "Source":
        """The source that a code of the catalogue describes."""
        return cls(*(message(code, params, language) for language in LANGUAGES))


@dataclass(frozen=True)
class WordCount:
    """A word and how often it is there."""

    word: str
    count: int


def meanings(text: str, longest: int) -> tuple[str, ...]:
    """What a typed word may mean, as the corpus writes it, the likeliest first.

    Raises:
        UsageError: it has no character, more than `longest`, or one that is not Chinese.
    """
    typed = normalize(text)
    if not typed:
        raise UsageError("reference.empty")
    if len(typed) > longest:
        raise UsageError("reference.too_long", count=len(typed), most=longest)
    check_hanzi(typed)
    return tuple(dict.fromkeys(map(lookup_spelling, ways_to_mean(typed))))


def counted(
    meant: tuple[str, ...], count: Callable[[str], int]
) -> tuple[str, tuple[WordCount, ...]]:
    """The likeliest meaning that there is at all, and the others that there are.

    A meaning by frequency alone may be wrong; what poets wrote is right.
    """
    counts = {word: count(word) for word in meant}
    found = next((word for word in meant if counts[word]), meant[0])
    others = (WordCount(word, counts[word]) for word in meant if word != found and counts[word])
    return found, tuple(others)


def corpus_source(index: Index, code: str) -> Source:
    """A source that is the corpus, with the numbers of its poems."""
    return Source.of(code, package=PACKAGE, poems=len(index), train=int(index.train.sum()))


def lexicon_sources(index: Index | None, code: str) -> tuple[Source, ...]:
    """The sources of what the lexicon has, and of what an index adds to it."""
    own = Source.of("reference.source_lexicon"), Source.of("reference.source_ends")
    return (*own, corpus_source(index, code)) if index else own


def in_script(value: Any, script: str) -> Any:
    """A JSON value with its texts in "traditional" or "simplified" characters; ids stay."""
    if script == "traditional":
        return value
    if isinstance(value, str):
        return to_simplified(value)
    if isinstance(value, Mapping):
        return {k: v if k in ("id", "asked") else in_script(v, script) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [in_script(item, script) for item in value]
    return value
