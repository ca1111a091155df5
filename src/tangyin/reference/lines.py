"""`find`: the lines of the corpus with a word, and a poem by its id."""

from dataclasses import dataclass

from tangyin.errors import UsageError
from tangyin.reference.asked import Source, WordCount, corpus_source, counted, meanings
from tangyin.reference.index import Index, Places, Record, open_index

LONGEST = 7
"""Characters of the longest word: a line."""


@dataclass(frozen=True)
class Line:
    """A line of the corpus.

    Attributes:
        text: the line without its mark.
        place: where in the line the word begins, from 1.
        line: number of the line in its poem, from 1.
        id: what `poem` finds the whole by.
    """

    text: str
    place: int
    line: int
    form: str
    dynasty: str
    author: str
    title: str
    id: str


@dataclass(frozen=True)
class Lines:
    """The lines with a word, from `first` on.

    Attributes:
        word: as the corpus writes it.
        count: how many times the corpus has it.
        poems: in how many poems.
        lines: some of them, Tang poems first, one for each time.
        others: other words that the typed one may mean (之后 is also 之後).
    """

    asked: str
    word: str
    count: int
    poems: int
    first: int
    lines: tuple[Line, ...]
    others: tuple[WordCount, ...]
    source: tuple[Source, ...]


def find(word: str, count: int = 20, first: int = 1) -> Lines:
    """The lines of all poems, held-out ones too, with a word of one to seven characters.

    Args:
        word: traditional or simplified.
        count: most lines that are given.
        first: number of the first of them, from 1.

    Raises:
        UsageError: it is not such a word.
        TangyinError: the corpus is not prepared.
    """
    meant = meanings(word, LONGEST)
    index = open_index()
    found, others = counted(meant, index.count)
    places = index.places(found)
    poems, _, _ = index.located(places)
    return Lines(
        asked=word,
        word=found,
        count=len(places),
        poems=int((poems[1:] != poems[:-1]).sum()) + bool(len(poems)),
        first=first,
        lines=lines_at(index, places[first - 1 : first - 1 + count]),
        others=others,
        source=(corpus_source(index, "reference.source_poems"),),
    )


def poem(id_: str) -> Record:
    """A poem of the corpus by its id.

    Raises:
        UsageError: the corpus has no such poem.
        TangyinError: the corpus is not prepared.
    """
    index = open_index()
    number = index.number_of(id_)
    if number is None:
        raise UsageError("reference.no_poem", id=id_[:40])
    return index.record(number)


def lines_at(index: Index, places: Places) -> tuple[Line, ...]:
    """The lines that places are in."""
    found = []
    for number, line, at in zip(*(part.tolist() for part in index.located(places)), strict=True):
        record = index.record(number)
        found.append(
            Line(
                text=index.line(number, line),
                place=at + 1,
                line=line + 1,
                form=record.form,
                dynasty=record.dynasty,
                author=record.author,
                title=record.title,
                id=record.id,
            )
        )
    return tuple(found)
