"""A person's own poems as a corpus to train on."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tangyin.corpus.corpus import Corpus
from tangyin.corpus.near_duplicates import mark_near_duplicates
from tangyin.corpus.split import DEV, TRAIN
from tangyin.errors import TangyinError, UsageError
from tangyin.files import read_text
from tangyin.verse import read_poem, split_poems, to_traditional

DEV_SHARE = 10
"""One poem in so many is held out for the dev part."""


def read_own(path: Path) -> Corpus:
    """Read poems from a JSONL or text file and hold some of them out.

    JSONL (`.jsonl`): one object per line with `text` (a string) or `lines` or `paragraphs` (lists
    of strings), and optionally `title`, `author`, and `part` ("train" or "dev"). Text: see
    `verse.split_poems`. Simplified poems are converted. Repeated poems, and what is not a poem in
    one of the forms, are left out: `facts["left_out"]` has the errors. Without a given part, one
    poem in ten, selected by its text alone, is in dev. Training poems that are near-duplicates of
    dev poems are not used (part "near").

    Raises:
        UsageError: the file is missing, is not UTF-8, or has a line that is not a JSON object.
        TangyinError: it has fewer than two usable poems.
    """
    left_out: list[UsageError] = []
    corpus = Corpus(facts={"source": path.name, "left_out": left_out})
    seen: set[str] = set()
    assigned: set[int] = set()
    for number, (line, record) in enumerate(_records(path), 1):
        try:
            text = to_traditional(record["text"])
            poem, _ = read_poem(text, record.get("title", ""), record.get("author", ""))
            if poem.text in seen:
                raise UsageError("corpus.repeated")
        except UsageError as error:
            left_out.append(UsageError("text.poem", number=number, line=line, error=error))
            continue
        seen.add(poem.text)
        if record.get("part"):
            assigned.add(len(corpus))
        corpus.append(
            id=f"own-{number}",
            dynasty="own",
            form=poem.form.name,
            part=record.get("part") or _part(poem.text),
            title=poem.title,
            author=poem.author,
            text=poem.text,
        )
    _balance(corpus, assigned, path)
    mark_near_duplicates(corpus, [DEV])
    if TRAIN not in corpus.part:
        raise TangyinError("corpus.all_near", file=path.name)
    return corpus


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a file with the numbers of their lines."""
    content = read_text(path)
    if path.suffix.lower() not in (".jsonl", ".ndjson"):
        yield from ((line, {"text": text}) for line, text in split_poems(content))
        return
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield number, _json_record(path, number, line)


def _json_record(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
        text = record.get("text") or "\n".join(record.get("lines") or record["paragraphs"])
        fields = {"text": text, "title": record.get("title"), "author": record.get("author")}
        fields = {name: value or "" for name, value in fields.items()}
        if not all(isinstance(value, str) for value in fields.values()):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError("corpus.not_a_record", line=number, path=str(path)) from None
    part = record.get("part")
    if part not in (None, TRAIN, DEV):
        raise UsageError("corpus.part", line=number, path=str(path), part=part)
    return {**fields, "part": part}


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
