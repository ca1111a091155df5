"""From raw records to the prepared corpus: clean, deduplicate, split, drop near-duplicates."""

from collections import Counter
from dataclasses import asdict
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

    A record is dropped if the collection flags it (`blacklisted`), if its text is in none of the
    forms (`cleaning.clean` has the reason), if an earlier record of its dynasty has the same text
    (`duplicate`), or, for a Song poem, if a Tang poem has (`duplicate_of_tang`).
    A Tang text is in dev or test if one of its ids is, and has that id. All other poems train,
    except near-duplicates of held-out poems, whose part is "near".

    Args:
        source: an unpacked npm package or a git checkout of the collection.

    Returns:
        The corpus, Tang first. Its `facts` have `integrity`, `split_sha256`, `records` and
        `dropped` (by dynasty, and by reason), and `missing`: ids of the split not found.

    Raises:
        TangyinError: `source` is not such a folder, or one of its files is damaged.
    """
    folder = poem_folder(source)
    flagged, parts = blacklist(folder), held_out()
    corpus = Corpus()
    records: dict[str, int] = {}
    dropped: dict[str, dict[str, int]] = {}
    earlier: set[str] = set()
    for dynasty in DYNASTIES:
        count, reasons = 0, Counter[str]()
        place: dict[str, int] = {}
        for poem in raw_poems(folder, dynasty):
            count += 1
            form, reason = clean(poem.text)
            part = parts.get(poem.id, TRAIN)
            if poem.id in flagged:
                reason = "blacklisted"
            elif poem.text in place:
                reason = "duplicate"
                if part != TRAIN:
                    _replace(corpus, place[poem.text], poem, part)
            elif poem.text in earlier:
                reason = "duplicate_of_tang"
            elif form:
                place[poem.text] = len(corpus)
                corpus.append(**asdict(poem), form=form.name, part=part)
            if reason:
                reasons[reason] += 1
        earlier.update(place)
        records[dynasty] = count
        dropped[dynasty] = dict(sorted(reasons.items()))
    if not len(corpus):
        raise TangyinError("corpus.no_poems", path=str(source))
    _mark_near_duplicates(corpus)
    corpus.facts = {
        "integrity": claimed_integrity(source),
        "split_sha256": split_digest(),
        "records": records,
        "dropped": dropped,
        "missing": sorted(parts.keys() - set(corpus.id)),
    }
    return corpus


def _replace(corpus: Corpus, place: int, poem: RawPoem, part: str) -> None:
    """Keep the record that the split names in place of an earlier one with the same text."""
    corpus.id[place], corpus.part[place] = poem.id, part
    corpus.title[place], corpus.author[place] = poem.title, poem.author


def _mark_near_duplicates(corpus: Corpus) -> None:
    held = NearDuplicates(
        text for text, part in zip(corpus.text, corpus.part, strict=True) if part in (DEV, TEST)
    )
    for number, part in enumerate(corpus.part):
        if part == TRAIN and held.matches(corpus.text[number]):
            corpus.part[number] = NEAR
