"""A person's own poems as a corpus to train on."""

import hashlib
from collections.abc import Container
from functools import partial
from pathlib import Path

from tangyin.corpus.corpus import Corpus
from tangyin.corpus.near_duplicates import mark_near_duplicates
from tangyin.corpus.split import DEV, TRAIN
from tangyin.errors import TangyinError, UsageError
from tangyin.verse import Found, Poem, poems_of_file, read_poem, to_traditional

DEV_SHARE = 10
"""One poem in so many is held out for the dev part."""


def read_own(path: Path) -> Corpus:
    """Read poems from a JSONL or text file and hold some of them out.

    See `verse.poems_of_file`; a JSON object may have a `part` too, "train" or "dev". Simplified
    poems are converted. Repeated poems, and what is not a poem in one of the forms, are left out:
    `facts["left_out"]` has the errors. Without a given part, one poem in ten, selected by its text
    alone, is in dev. Training poems that are near-duplicates of dev poems are not used (part
    "near").

    Raises:
        UsageError: the file is missing or is not text.
        TangyinError: it has fewer than two usable poems.
    """
    left_out: list[UsageError] = []
    corpus = Corpus(facts={"source": path.name, "left_out": left_out})
    seen: set[str] = set()
    assigned: set[int] = set()
    for number, found in enumerate(poems_of_file(path), 1):
        part = found.fields.get("part")
        poem = found.read(partial(_poem, found, seen))
        if isinstance(poem, TangyinError):
            left_out.append(UsageError("text.poem", number=number, line=found.line, error=poem))
            continue
        seen.add(poem.text)
        if part:
            assigned.add(len(corpus))
        corpus.append(
            id=f"own-{number}",
            dynasty="own",
            form=poem.form.name,
            part=part or _part(poem.text),
            title=poem.title,
            author=poem.author,
            text=poem.text,
        )
    _balance(corpus, assigned, path)
    mark_near_duplicates(corpus, [DEV])
    if TRAIN not in corpus.part:
        raise TangyinError("corpus.all_near", file=path.name)
    return corpus


def _poem(found: Found, seen: Container[str], text: str) -> Poem:
    """A poem that is not among those `seen`."""
    fields = found.fields
    if (part := fields.get("part")) not in (None, TRAIN, DEV):
        raise UsageError("corpus.part", part=part)
    poem, _ = read_poem(to_traditional(text), fields.get("title", ""), fields.get("author", ""))
    if poem.text in seen:
        raise UsageError("corpus.repeated")
    return poem


def _part(text: str) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return TRAIN if int.from_bytes(digest) % DEV_SHARE else DEV


def _balance(corpus: Corpus, assigned: set[int], path: Path) -> None:
    """Give both parts a poem, and if possible a poem of each form."""
    if len(corpus) < 2:
        params = {"file": path.name, "count": len(corpus)}
        if left_out := corpus.facts["left_out"]:
            raise TangyinError("corpus.too_few_usable", **params, error=left_out[0])
        raise TangyinError("corpus.too_few", **params)
    for form in set(corpus.form):
        places = [place for place, name in enumerate(corpus.form) if name == form]
        if len(places) < 2 or not assigned.isdisjoint(places):
            continue
        for part in (DEV, TRAIN):
            if all(corpus.part[place] != part for place in places):
                corpus.part[places[-1]] = part
    for part in (DEV, TRAIN):
        if part not in corpus.part:
            corpus.part[-1] = part
