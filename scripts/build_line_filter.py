"""Build `data/corpus_lines.bloom`, over every distinct corpus line, and `data/near_lines.bloom`.

    python scripts/build_line_filter.py [FOLDER]

FOLDER is an unpacked copy of chinese-poetry; by default the one `tangyin corpus fetch` keeps. Lines
are runs of five or seven CJK characters in all records, whatever their form and part. The second
filter has lines with a hole, by which a line that differs in one character is known: those of Tang
at every place, those of Song at the last, where the models complete a line they remember. Prints
the number of lines, the sizes, and the share of 100,000 random strings that are taken for lines.
"""

import random
import re
import sys
from pathlib import Path

from tangyin.corpus.download import download
from tangyin.corpus.source import DYNASTIES, poem_folder, raw_poems
from tangyin.metre.novelty import NEAR_BITS, LineFilter, with_hole
from tangyin.paths import corpus_home

DATA = Path(__file__).parents[1] / "src/tangyin/data"
TARGET, NEAR = DATA / "corpus_lines.bloom", DATA / "near_lines.bloom"
RUN = re.compile("[\u3400-\u9fff]+")

if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else download(corpus_home())
    folder = poem_folder(source)
    of = {
        dynasty: {
            run
            for poem in raw_poems(folder, dynasty)
            for run in RUN.findall(poem.text)
            if len(run) in (5, 7)
        }
        for dynasty in DYNASTIES
    }
    lines = set().union(*of.values())
    holes = {with_hole(line, len(line) - 1) for line in lines}
    holes |= {with_hole(line, place) for line in of["tang"] for place in range(len(line) - 1)}
    NEAR.write_bytes(LineFilter.of(sorted(holes), NEAR_BITS).to_bytes())
    print(f"{len(holes):,} lines with a hole, {NEAR.stat().st_size:,} bytes")
    # Sorted, so that the same corpus gives the same file.
    filter_ = LineFilter.of(sorted(lines))
    TARGET.write_bytes(filter_.to_bytes())
    chance = random.Random(1)
    common = sorted({character for line in list(lines)[:20000] for character in line})
    strangers = ["".join(chance.choices(common, k=5)) for _ in range(100_000)]
    false = sum(line in filter_ for line in strangers if line not in lines)
    print(f"{len(lines):,} lines, {TARGET.stat().st_size:,} bytes, {false / 1000:.2f} % false")
