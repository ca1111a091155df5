"""Pack the split (poem_id, part, form; one row a distinct text) into the package.

    python scripts/build_split.py ../shared/data/tang_split.tsv

The form is left out, since the text of a poem shows it. The result is the same bytes each time.
Version 2 leaves out the poems of WITHOUT, in which 囗 (U+56D7) is printed for missing characters.
"""

import sys
from pathlib import Path

from shared import pack

WITHOUT = {
    "888f45a4-87d6-411d-854a-dd3a937c62a6",
    "80e0d5d2-f668-45c0-8f80-11eca42467e0",
    "0c60f223-6df4-496d-97b9-60446bcaf422",
    "25b83882-d6df-4662-9463-fdde2af46b26",
    "98faa139-30a5-497b-af90-9d87ff063d29",
}

if __name__ == "__main__":
    rows = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[1:]
    poems = (row.split("\t")[:2] for row in rows)
    kept = sorted("\t".join(poem) for poem in poems if poem[0] not in WITHOUT)
    size = pack("tang_split.tsv.gz", "\n".join(kept) + "\n")
    print(f"{len(kept)} poems, {size} bytes")
