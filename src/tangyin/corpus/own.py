"""A person's own poems as a corpus to train on."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tangyin.corpus.corpus import Corpus
from tangyin.corpus.near_duplicates import NearDuplicates
from tangyin.corpus.split import DEV, NEAR, TRAIN
from tangyin.errors import TangyinError, UsageError
from tangyin.verse import read_poem, split_poems, to_traditional

DEV_SHARE = 10
"""One poem in so many is held out for the dev part."""


def read_own(path: Path) -> Corpus:
    """Read poems from a JSONL or text file and hold some of them out.

    JSONL (`.jsonl`): one object a line with `text` (a string) or `lines` or `paragraphs` (lists
    of strings), and if you like `title`, `author`, and `part` ("train" or "dev"). Text: poems one
    a line, or separated by blank lines (`split_poems`). Simplified poems are converted. A poem
    that stands twice is kept once; what cannot be read as one of the four forms is left out and
    listed in `facts["left_out"]`. Where no part is given, one poem in ten, chosen by its text
    alone, goes to dev. Training poems that are near-duplicates of dev poems are kept from
    training (part "near").

    Raises:
        UsageError: the file is missing, is no UTF-8, or has a line that is no JSON object.
        TangyinError: it holds fewer than two poems that can be used.
    """
    left_out: list[str] = []
    corpus = Corpus(facts={"source": path.name, "left_out": left_out})
    seen: set[str] = set()
    assigned: set[int] = set()
    for number, record in enumerate(_records(path), 1):
        try:
            poem, _ = read_poem(
                to_traditional(record["text"]), record.get("title", ""), record.get("author", "")
            )
        except UsageError as error:
            left_out.append(f"poem {number}: {error}")
            continue
        if poem.text in seen:
            left_out.append(f"poem {number}: it stands in the file twice")
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
    held = NearDuplicates(t for t, p in zip(corpus.text, corpus.part, strict=True) if p == DEV)
    for place, text in enumerate(corpus.text):
        if corpus.part[place] == TRAIN and held.matches(text):
            corpus.part[place] = NEAR
    if TRAIN not in corpus.part:
        raise TangyinError(
            f"every poem of {path.name} is nearly the same as one held out for dev; "
            "add poems that differ"
        )
    return corpus


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}; give a JSONL or text file of poems"
        ) from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8; save it as UTF-8 text") from None
    if path.suffix.lower() not in (".jsonl", ".ndjson"):
        yield from ({"text": text} for text in split_poems(content))
        return
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield _json_record(path, number, line)


def _json_record(path: Path, number: int, line: str) -> dict[str, Any]:
    fault = UsageError(
        f"line {number} of {path} is no poem: each line must be a JSON object whose `text` is a "
        "string, or whose `lines` or `paragraphs` is a list of strings"
    )
    try:
        record = json.loads(line)
        if not isinstance(record, dict):
            raise fault
        text = record.get("text") or "\n".join(record.get("lines") or record["paragraphs"])
        texts = (text, record.get("title") or "", record.get("author") or "")
        if not all(isinstance(value, str) for value in texts):
            raise fault
    except (ValueError, KeyError, TypeError, RecursionError):
        raise fault from None
    if record.get("part") not in (None, TRAIN, DEV):
        raise UsageError(
            f"line {number} of {path} names the part {record['part']!r}; "
            "it can be train or dev, or be left out"
        )
    return {"text": text, "title": texts[1], "author": texts[2], "part": record.get("part")}


def _part(text: str) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return DEV if int.from_bytes(digest) % DEV_SHARE == 0 else TRAIN


def _balance(corpus: Corpus, assigned: set[int], path: Path) -> None:
    """See that both parts have a poem, of each form if it can be, so that a few poems do too."""
    if len(corpus) < 2:
        reasons = corpus.facts["left_out"]
        why = f" ({reasons[0]})" if reasons else ""
        raise TangyinError(
            f"{path.name} holds {len(corpus)} poems that can be used{why}; "
            "give at least two in the four forms"
        )
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
