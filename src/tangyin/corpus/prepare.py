"""From raw records to the prepared corpus: clean, deduplicate, split, drop near-duplicates."""

import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tangyin.corpus.corpus import Corpus
from tangyin.corpus.download import claimed_integrity
from tangyin.corpus.near_duplicates import NearDuplicates, mark_near_duplicates
from tangyin.corpus.source import DYNASTIES, blacklist, poem_folder, raw_ci, raw_poems
from tangyin.corpus.split import DEV, NEAR, TEST, TRAIN, VERSION, ci_part, held_out, split_digest
from tangyin.errors import TangyinError
from tangyin.verse import CI, LONGER, MARKS, MOST_LINES, Form, form_of_shape, split_lines
from tangyin.verse.punctuation import IN_CORPUS, PLACEHOLDER

# The first pattern that matches is the reason.
_DIRT = (
    ("missing_character", re.compile(f"[□■○●◇{PLACEHOLDER}�]")),
    ("brackets", re.compile(r"[{}()\[\]（）［］【】〔〕〈〉《》｛｝/]")),
    ("latin", re.compile(r"[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]")),
    ("private_use", re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010ffff]")),
    ("rare_character", re.compile(r"[\U00020000-\U0003ffff\uf900-\ufaff]")),
)
_FOREIGN = re.compile(f"{PLACEHOLDER}|[^{IN_CORPUS}{MARKS}]")


def prepare(source: Path) -> Corpus:
    """Prepare the corpus from an unpacked npm package or a git checkout of the collection.

    A record is dropped if the collection flags it (`blacklisted`), if its text is in none of the
    forms (`clean` has the reason), if an earlier record of its dynasty has the same text
    (`duplicate`), or, for a Song poem, if a Tang poem has (`duplicate_of_tang`).
    A Tang text is in dev or test if one of its ids is, and has that id. All other poems train,
    except near-duplicates of held-out poems, whose part is "near". Tang poems come first, 詞 last.
    `records` and `dropped` in the facts are by dynasty, and of the 詞 under "ci"; `missing` are ids
    of the split not found.

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
                at = place[poem.text]
                if part != TRAIN:  # the split names this record, not the earlier one
                    corpus.id[at], corpus.part[at] = poem.id, part
                    corpus.title[at], corpus.author[at] = poem.title, poem.author
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
    mark_near_duplicates(corpus, [DEV, TEST])
    records["ci"], dropped["ci"] = _add_ci(corpus, folder)
    corpus.facts = {
        "integrity": claimed_integrity(source),
        "split_sha256": split_digest(),
        "split_version": VERSION,
        "records": records,
        "dropped": dropped,
        "missing": sorted(parts.keys() - set(corpus.id)),
    }
    return corpus


def _add_ci(corpus: Corpus, folder: Path) -> tuple[int, dict[str, int]]:
    """Add the Song 詞; the number of records, and of those dropped by reason.

    The parts of 詩 stay as they are: a held-out 詞 that is a near-duplicate of one is not used, and
    neither is one of test that is near one of dev.
    """
    count, reasons, first = 0, Counter[str](), len(corpus)
    seen = set(corpus.text)
    for poem in raw_ci(folder):
        count += 1
        reason = fault_of(poem.text) or ("duplicate" if poem.text in seen else "")
        if reason:
            reasons[reason] += 1
        else:
            seen.add(poem.text)
            part = ci_part(poem.author, poem.text)
            corpus.append(**asdict(poem), form=CI.name, part=part)
    held = [n for n in range(first, len(corpus)) if corpus.part[n] != TRAIN]
    near = NearDuplicates(corpus.text[n] for n in held)
    for number in range(len(corpus)):
        if number < first or corpus.part[number] == DEV:
            for other in near.near(corpus.text[number]):
                if number < first or corpus.part[held[other]] == TEST:
                    corpus.part[held[other]] = NEAR
    mark_near_duplicates(corpus, [DEV, TEST], first)
    return count, dict(sorted(reasons.items()))


def clean(text: str) -> tuple[Form | None, str]:
    """The form, or kind of longer verse, of a record's joined paragraphs and "".

    Without one, None and the reason to drop the record.

    A reason is `empty`, a kind of foreign character, `punctuation` (a line without a mark, or a
    mark without a line), `unequal_lines`, or `other_shape` (neither a form nor one of `LONGER`).
    """
    if fault := fault_of(text):
        return None, fault
    lines, _ = split_lines(text) or ((), "")
    if len({len(line) for line in lines}) != 1:
        return None, "unequal_lines"
    form = form_of_shape(len(lines), len(lines[0]))
    if form and form.in_corpus:
        return form, ""
    longer = (kind for kind in LONGER if kind.characters == len(lines[0]))
    kind = next(longer, None) if 2 <= len(lines) <= MOST_LINES and len(lines) % 2 == 0 else None
    return kind, "" if kind else "other_shape"


def fault_of(text: str) -> str:
    """Why a text is not lines of clean characters with their marks, or ""."""
    if not text:
        return "empty"
    if _FOREIGN.search(text):
        reasons = (reason for reason, pattern in _DIRT if pattern.search(text))
        return next(reasons, "other_character")
    return "" if split_lines(text) else "punctuation"
