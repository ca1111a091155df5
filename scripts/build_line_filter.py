"""Build `data/corpus_lines.bloom`, the filter over every distinct corpus line.

    python scripts/build_line_filter.py [FOLDER]

FOLDER is an unpacked copy of chinese-poetry; by default the one `tangyin corpus fetch` keeps. Lines
are runs of five or seven CJK characters in all records, whatever their form and part. Prints the
number of lines, the size, and the share of 100,000 random strings that are taken for lines.
"""

import random
import re
import sys
from pathlib import Path

from tangyin.corpus.download import download
from tangyin.corpus.source import DYNASTIES, poem_folder, raw_poems
from tangyin.paths import corpus_home
from tangyin.writing.novelty import LineFilter

TARGET = Path(__file__).parents[1] / "src/tangyin/data/corpus_lines.bloom"
RUN = re.compile("[\u3400-\u9fff]+")

if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else download(corpus_home())
    folder = poem_folder(source)
    lines = {
        run
        for dynasty in DYNASTIES
        for poem in raw_poems(folder, dynasty)
        for run in RUN.findall(poem.text)
        if len(run) in (5, 7)
    }
    # Sorted, so that the same corpus gives the same file.
    filter_ = LineFilter.of(sorted(lines))
    TARGET.write_bytes(filter_.to_bytes())
    chance = random.Random(1)
    common = sorted({character for line in list(lines)[:20000] for character in line})
    strangers = ["".join(chance.choices(common, k=5)) for _ in range(100_000)]
    false = sum(line in filter_ for line in strangers if line not in lines)
    print(f"{len(lines):,} lines, {TARGET.stat().st_size:,} bytes, {false / 1000:.2f} % false")
