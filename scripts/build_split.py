"""Pack the split (poem_id, part, form; one row a distinct text) into the package.

    python scripts/build_split.py ../shared/data/tang_split.tsv

The form is left out, since the text of a poem shows it. The result is the same bytes each time.
"""

import gzip
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/tangyin/data/tang_split.tsv.gz"

if __name__ == "__main__":
    rows = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()[1:]
    kept = sorted("\t".join(row.split("\t")[:2]) for row in rows)
    TARGET.write_bytes(gzip.compress(("\n".join(kept) + "\n").encode(), 9, mtime=0))
    print(f"{len(kept)} poems, {TARGET.stat().st_size} bytes")
