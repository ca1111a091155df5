"""From raw records to the prepared corpus: clean, deduplicate, split, drop near-duplicates."""

from collections import Counter
from pathlib import Path

from tangyin.corpus.cleaning import clean
from tangyin.corpus.corpus import Corpus
from tangyin.corpus.download import claimed_integrity
from tangyin.corpus.near_duplicates import NearDuplicates
from tangyin.corpus.source import DYNASTIES, RawPoem, blacklist, poem_folder, raw_poems
from tangyin.corpus.split import DEV, NEAR, TEST, TRAIN, held_out, split_digest
from tangyin.errors import TangyinError


def prepare(source: Path) -> Corpus:
    """Prepare the corpus from an unpacked collection.

    A record is dropped when the collection flags it (`blacklisted`), when its text is none of
    the four forms (`cleaning.clean` names the reason), when an earlier record of its dynasty has
    the same text (`duplicate`), or, for a Song poem, when a Tang poem has (`duplicate_of_tang`).
    A Tang text belongs to dev or test when one of the ids it stands under does, and bears that id.
    Everything else trains, unless it is a near-duplicate of a held-out poem: then its part is
    "near".

    Args:
        source: an unpacked npm package or a git checkout of the collection.

    Returns:
        The corpus, Tang first. Its `facts` hold `integrity`, `split_sha256`, `records` and
        `dropped` (by dynasty, and by reason), and `missing`: ids of the split not found.

    Raises:
        TangyinError: `source` is no such folder, or one of its files is damaged.
    """
    folder = poem_folder(source)
    flagged = blacklist(folder)
    parts = held_out()
    corpus = Corpus()
    records: dict[str, int] = {}
    dropped: dict[str, dict[str, int]] = {}
    found: set[str] = set()
    earlier: set[str] = set()
    for dynasty in DYNASTIES:
        count, reasons = 0, Counter[str]()
        place: dict[str, int] = {}
        for poem in raw_poems(folder, dynasty):
            count += 1
            if poem.id in flagged:
                reasons["blacklisted"] += 1
                continue
            form, reason = clean(poem.text)
            if form is None:
                reasons[reason] += 1
                continue
            part = parts.get(poem.id)
            if part:
                found.add(poem.id)
            if poem.text in place:
                reasons["duplicate"] += 1
                if part:
                    _stand_for(corpus, place[poem.text], poem, part)
                continue
            if poem.text in earlier:
                reasons["duplicate_of_tang"] += 1
                continue
            place[poem.text] = len(corpus)
            corpus.append(
                id=poem.id,
                dynasty=dynasty,
                form=form.name,
                part=part or TRAIN,
                title=poem.title,
                author=poem.author,
                text=poem.text,
            )
        earlier.update(place)
        records[dynasty] = count
        dropped[dynasty] = dict(sorted(reasons.items()))
    if not len(corpus):
        raise TangyinError(f"{source} holds no poem in the four forms; get the whole collection")
    _mark_near_duplicates(corpus)
    corpus.facts = {
        "integrity": claimed_integrity(source),
        "split_sha256": split_digest(),
        "records": records,
        "dropped": dropped,
        "missing": sorted(parts.keys() - found),
    }
    return corpus


def _stand_for(corpus: Corpus, place: int, poem: RawPoem, part: str) -> None:
    """Let the record that the split names stand for its text, so that ids can be looked up."""
    corpus.id[place], corpus.part[place] = poem.id, part
    corpus.title[place], corpus.author[place] = poem.title, poem.author


def _mark_near_duplicates(corpus: Corpus) -> None:
    held = NearDuplicates(
        text for text, part in zip(corpus.text, corpus.part, strict=True) if part in (DEV, TEST)
    )
    for number, part in enumerate(corpus.part):
        if part == TRAIN and held.matches(corpus.text[number]):
            corpus.part[number] = NEAR
