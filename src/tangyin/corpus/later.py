"""The later verse: converted to traditional characters, cleaned, kept clear of dev and test."""

import hashlib
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tangyin.corpus.corpus import Corpus
from tangyin.corpus.later_source import raw_later
from tangyin.corpus.near_duplicates import NearDuplicates
from tangyin.corpus.prepare import clean, fault_of
from tangyin.corpus.source import RawPoem
from tangyin.corpus.split import DEV, TEST, TRAIN, VERSION, split_digest, tangshi_gpt_test
from tangyin.errors import TangyinError
from tangyin.metre import from_simplified
from tangyin.verse import (
    CI,
    FORMS,
    Form,
    kind_named,
    lookup_spelling,
    normalize,
    split_lines,
    to_simplified,
)
from tangyin.verse.script import likeliest, traditional_costs
from tangyin.verse.tune import tunes

SHARED_LINES = 2
"""A later poem with so many lines of one dev or test poem is dropped."""

SHORTEST_NAME = 3
"""Characters of the name of a tune that is found within a longer title."""

CENTO = re.compile("集.{0,4}句")
"""In titles of poems made of other poets' lines."""

_QUOTED = str.maketrans("", "", "《》")


class Tunes:
    """The tune of a 詞 by its title, spelt as the corpus spells it."""

    def __init__(self, corpus: Corpus) -> None:
        """Take the names of the table and of the Song 詞 in `corpus`."""
        named = [(name, 0) for tune in tunes() for name in tune.names]
        named += Counter(filter(None, corpus.select(forms=[CI]).title)).items()
        self._names = {_folded(name): name for name, _ in sorted(named, key=lambda pair: pair[1])}

    def of(self, title: str) -> str:
        """The name before ·, or that the title begins or ends with; "" if there is none."""
        whole = _folded(re.split("[・·]", title)[0])
        if whole in self._names:
            return self._names[whole]
        for length in range(len(whole), SHORTEST_NAME - 1, -1):
            for part in (whole[-length:], whole[:length]):
                if part in self._names:
                    return self._names[part]
        return ""


class Sieve:
    """What may not be trained on: held-out verse, what is near it, and what is there already."""

    def __init__(self, corpus: Corpus) -> None:
        """Take the poems of the prepared Tang and Song corpus."""
        held = corpus.select(parts=[DEV, TEST]).text
        held += [text for _, text in tangshi_gpt_test(corpus)]
        self._held = NearDuplicates(map(_folded, dict.fromkeys(held)))
        self._seen = set(map(_without_marks, _folded("\n".join(corpus.text)).split("\n")))

    def fault(self, text: str) -> str:
        """Why a clean text is not used, or ""; a text that is used cannot be used again."""
        folded = _folded(text)
        if self._held.matches(folded):
            return "near_duplicate"
        if self._held.shares(folded, SHARED_LINES):
            return "shared_lines"
        if (key := _without_marks(folded)) in self._seen:
            return "duplicate"
        self._seen.add(key)
        return ""


def prepare_later(source: Path, corpus: Corpus) -> Corpus:
    """Prepare the later verse (`raw_later`) beside the prepared corpus of Tang and Song.

    All of it trains. The facts count `records` and those `dropped`, by dynasty and reason: those of
    `prepare.clean`; `cento`; `unknown_tune`, a 詞 in no form whose title names no tune;
    `near_duplicate` and `shared_lines`, of a dev or test poem; `duplicate`, of the corpus or of an
    earlier record. Held-out lines are compared in simplified characters, so that errors of the
    conversion hide nothing.

    Raises:
        TangyinError: `source` cannot be read or has no poem.
    """
    tunes, sieve, later = Tunes(corpus), Sieve(corpus), Corpus()
    digest, counts = hashlib.sha256(), Counter[str]()
    dropped: dict[str, Counter[str]] = {}
    for raw, is_ci in raw_later(source):
        digest.update("\t".join((raw.dynasty, raw.title, raw.text, "\n")).encode())
        counts[raw.dynasty] += 1
        poem, form, reason = _converted(raw, tunes if is_ci else None)
        reason = reason or sieve.fault(poem.text)
        if reason:
            dropped.setdefault(raw.dynasty, Counter())[reason] += 1
        else:
            later.append(**vars(poem), form=form, part=TRAIN)
    if not len(later):
        raise TangyinError("corpus.no_poems", path=str(source))
    later.facts = {
        "integrity": f"sha256-{digest.hexdigest()}",
        "corpus": corpus.facts["integrity"],
        "split_sha256": split_digest(),
        "split_version": VERSION,
        "records": dict(counts),
        "dropped": {name: dict(sorted(reasons.items())) for name, reasons in dropped.items()},
    }
    return later


def _converted(raw: RawPoem, tunes: Tunes | None) -> tuple[RawPoem, str, str]:
    """A record in traditional characters, its form, and why it is dropped, or ""."""
    text = normalize(raw.text).translate(_QUOTED)
    tune = tunes.of(raw.title) if tunes else ""
    if tune:
        form, reason = CI.name, fault_of(text)
    else:
        shape, reason = clean(text)
        form = str(shape)
        if reason and tunes:
            reason = "unknown_tune"
    if CENTO.search(raw.title):
        reason = "cento"
    if reason:
        return raw, "", reason
    text = converted_text(text, kind_named(form))
    title = tune or _traditional(raw.title)
    poem = replace(raw, title=title, author=_traditional(raw.author), text=text)
    return poem, form, fault_of(text)


def converted_text(text: str, form: Form) -> str:
    """A clean simplified text in traditional characters: by words, and by the rules of its form."""
    if form not in FORMS:
        return _traditional(text)
    lines, marks = split_lines(text) or ((), "")
    pairs = zip(from_simplified(lines), marks, strict=True)
    return "".join(line + mark for line, mark in pairs)


def _traditional(text: str) -> str:
    return likeliest(traditional_costs(text))


def _folded(text: str) -> str:
    """A key in which neither variants nor errors of the conversion make a difference."""
    return to_simplified(lookup_spelling(text))


def _without_marks(text: str) -> str:
    return "".join((split_lines(text) or ((text,), ""))[0])
