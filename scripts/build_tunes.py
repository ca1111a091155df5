"""Build `data/tunes.tsv.gz`: the tunes of 詞, their names, variants and lines, cleaned.

    python scripts/build_tunes.py ../shared/data/ci_tunes.tsv ~/songci

The first file holds 817 tunes in 2,294 variants after 欽定詞譜 (1715), from hulbji/couyun (MIT).
Its patterns are one string: "平韵" may end a level line or be the mark of a level rhyme. The
example of each variant settles this, since its marks give the length of each line. Refrains that a
chorus sings (竹枝, 女兒, 舉棹, 年少) are left out; a pattern cut short is completed (`CUT_SHORT`)
or dropped; a rhyme group of one line joins the group before. All of it is counted and printed.

Other names come from the second argument, the folder of the Song 詞 of chinese-poetry (MIT):
`醉落魄・一斛珠` says that the poem is called 醉落魄 and its tune 一斛珠. The count of a tune, which
decides between tunes that a text fits as well, is of the Song 詞 of the prepared corpus that bear
one of its names, without every `HELD_OUT`th and without dev and test.

Of the variants of a tune, the usual one is that which most of its 詞 are nearest to, of at most
`SAMPLE`; its number has a star.

欽定詞譜 fixes tones and rhymes by one poem each. Song practice opens them: a tone that a tenth of
the 詞 nearest to a variant depart from becomes 中, and a foot that a quarter leave unrhymed is none
(`practised`). Every tenth author is left out of these counts (`is_held_out`), so that
`scripts/measure_tunes.py` can measure the effect on authors that were not counted.

Columns: names, count, number of the variant, lines (`/` for the first of another stanza, tones,
end, rhyme group, `=` and how many characters of the line before are repeated), example.
"""

import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path

from shared import pack
from tangyin.corpus import load_corpus
from tangyin.verse import CI, Poem, lookup_spelling, split_lines, to_simplified
from tangyin.verse.script import likeliest, traditional_costs
from tangyin.verse.tune import tunes, tunes_so_called

NOT_SUNG = re.compile("竹枝|女儿|举棹|年少|\u3000|/")
MARK = re.compile("(换?)[平仄]?([韵叶叠重句读])")
LINE = re.compile(r"(/?)([平仄中]+)([讀句韻叶換])(\d*)(=\d+)?")
CUT_SHORT = {("水龍吟", "24"): "仄句", ("瑞鶴仙", "15"): "仄句"}
OURS = {
    "思佳客": "鷓鴣天", "於中好": "鷓鴣天", "一翦梅": "一剪梅", "人嬌": "殢人嬌",
    "六么令": "六幺令", "摸魚子": "摸魚兒", "賣花聲": "浪淘沙令", "蘇武慢": "選冠子",
    "鎖窗寒": "瑣窗寒", "雨淋鈴": "雨霖鈴", "促拍醜奴兒": "促拍採桑子", "似孃兒": "攤破南鄉子",
    "探芳訊": "探芳信", "拋球樂": "拋毬樂", "玉瓏璁": "擷芳詞", "摘紅英": "擷芳詞",
    "瑶花慢": "瑤花", "憶桃源": "阮郎歸", "雲鬢鬆令": "蘇幕遮", "戀繡衣": "戀繡衾",
    "剔銀燈": "剔銀鐙", "慶宮春": "慶春宮",
    # Names that 欽定詞譜 splits: what all others call 浪淘沙 is its 浪淘沙令.
    "浪淘沙": "浪淘沙令", "訴衷情": "訴衷情令", "木蘭花令": "玉樓春", "木蘭花": "玉樓春",
}  # fmt: skip
"""Names that neither source has under their tune."""
NO_NAMES = {"凌", "不見", "菩薩", "男同久"}


HELD_OUT = 16
"""Every so many 詞 are not counted, so that `scripts/measure_tunes.py` can use them."""


SAMPLE = 60
"""At most so many 詞 of a tune say which variant is the usual one."""

FEWEST, FEWEST_OTHERWISE, TONES, FEET = 10, 4, 0.10, 0.25
"""A place is opened if so many 詞 are nearest to the variant, so many of them depart there, and
they are this share of them."""

MOST_FEET = 1 / 3
"""A variant of which more feet than this would be opened is one that its 詞 do not follow."""


LONGER = {
    "三臺", "六州", "十二時慢", "夜半樂", "寶鼎現", "戚氏", "曲玉管", "瑞龍吟", "秋宵吟", "繞佛閣",
    "蘭陵王", "西河", "鶯啼序",
}  # fmt: skip
"""Tunes of three or four stanzas, which the source calls 雙調 like those of two."""


class UnusableError(Exception):
    """Why a variant cannot be used."""


def cut(pattern: str, example: str) -> list[tuple[str, str, str, str]]:
    """Tones, 换 or "", mark and words of each line."""
    lines, at = [], 0
    for words in re.findall("[^。，、]+", example):
        tones = pattern[at : at + len(words)]
        mark = MARK.match(pattern, at + len(words))
        if not re.fullmatch("[平仄中]+", tones) or not mark:
            raise UnusableError(f"the pattern differs from the example at {words}")
        lines.append((tones, mark[1], mark[2], words))
        at = mark.end()
    if at != len(pattern):
        raise UnusableError(f"the example ends before {pattern[at:]}")
    return lines


def groups_of(places: dict[str, list[int]], counts: Counter[str]) -> dict[int, tuple[int, bool]]:
    """Rhyme group, numbered as they begin, and whether it is 叶, by place of the character."""
    ordered = sorted(places.values(), key=lambda group: abs(group[0]))
    for number, group in reversed(list(enumerate(ordered))):
        if number and len(group) == 1:
            counts["rhymes alone joined to the group before"] += 1
            ordered[number - 1] += ordered.pop(number)
    return {
        abs(place): (number, place < 0) for number, group in enumerate(ordered) for place in group
    }


def encode(row: list[str], counts: Counter[str]) -> str:
    """The lines of a variant, one word each.

    Raises:
        UnusableError: pattern and example differ.
    """
    names, number, _, _, pattern, places, example = row
    added = CUT_SHORT.get((names, number), "")
    counts["patterns completed"] += bool(added)
    counts["patterns with refrains left out"] += bool(re.search("竹枝|举棹", pattern))
    lines = cut(NOT_SUNG.sub("", pattern + added), example)
    groups = groups_of(json.loads(places), counts)
    words, at, before, begun = [], -1, "", {0}
    for tones, _, mark, text in lines:
        at += len(tones)
        group, other = groups.get(at, (-1, False))
        if group < 0:
            end = "讀" if mark == "读" else "句"
        else:
            end = f"{'換' if group not in begun else '叶' if other else '韻'}{group}"
            begun.add(group)
        repeats = 0
        if mark == "叠":
            while repeats < len(text) and text[-repeats - 1 :] == before[-repeats - 1 :]:
                repeats += 1
        words.append(tones + end + (f"={repeats}" if repeats else ""))
        before = text
    opening = 0 if names in LONGER else second_stanza(words, surely="双调" in row[3])
    return " ".join("/" * (opening == number > 0) + word for number, word in enumerate(words))


def second_stanza(words: list[str], *, surely: bool) -> int:
    """The line that begins the second stanza: after the rhyme nearest to the middle; or 0.

    The source says how many stanzas a tune has, and not where they end. This rule gives the breaks
    of all 詞 in `tests/metre/ci_vectors.txt` that have them. Where the source does not say that
    there are `surely` two, there are if they are alike.
    """
    sizes = [len(re.sub("[^平仄中]", "", word)) for word in words]
    rhymes = [n for n, word in enumerate(words[:-1], 1) if re.search("[韻叶換]", word)]
    opening = min(rhymes, key=lambda n: abs(2 * sum(sizes[:n]) - sum(sizes)), default=0)
    return opening if surely or (opening > 3 and sizes[:opening] == sizes[opening:]) else 0


def key(name: str) -> str:
    """A key under which equal names compare equal."""
    return to_simplified(lookup_spelling(name))


def traditional(name: str) -> str:
    """A simplified name in traditional characters, although it may have none of either alone."""
    return likeliest(traditional_costs(name))


def other_names(folder: Path, known: dict[str, str]) -> dict[str, list[str]]:
    """Names by the tune they belong to, commonest first."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted(folder.glob("ci.song.*0.json")):
        for poem in json.loads(path.read_text(encoding="utf-8")):
            name, _, tune = poem["rhythmic"].partition("・")
            counts[traditional(name), traditional(tune)] += 1
    found: dict[str, list[str]] = {}
    named = [*OURS.items(), *(pair for pair, _ in counts.most_common())]
    tunes = known | {
        key(name): known[key(tune)] for name, tune in OURS.items() if key(tune) in known
    }
    for name, tune in named:
        main = tunes.get(key(tune))
        if main and "□" not in name and key(name) != key(main):
            found.setdefault(main, []).append(name)
    return found


def songs_of(names: dict[str, str]) -> Counter[str]:
    """The number of Song 詞 of each tune that are not held out, by its main name."""
    corpus = load_corpus().select(forms=[CI], parts=["train"])
    found: Counter[str] = Counter()
    for title, number in zip(corpus.title, corpus.id, strict=True):
        if int(number.removeprefix("ci-")) % HELD_OUT:
            found[names.get(key(title), "")] += 1
    return found


def poem_of(text: str) -> Poem:
    """A 詞 of the corpus, whose lines and marks are clean."""
    lines, marks = split_lines(text) or ((), "")
    return Poem(lines, marks)


def usual_variants() -> set[tuple[str, str]]:
    """Main name and number of the variant of each tune that most of its 詞 are nearest to."""
    from tangyin.metre.ci import song_of
    from tangyin.metre.ci_match import nearest

    corpus = load_corpus().select(forms=[CI], parts=["train"])
    found: dict[str, Counter[int]] = {tune.name: Counter() for tune in tunes()}
    for title, text in zip(corpus.title, corpus.text, strict=True):
        for tune in tunes_so_called(title)[:1] if title else ():
            if found[tune.name].total() < SAMPLE:
                match = nearest(song_of(poem_of(text)), [tune])[0]
                found[tune.name][match.variant.number] += 1
    first = {tune.name: tune.variants[0].number for tune in tunes()}
    return {
        (name, str(max(numbers, key=lambda n: (numbers[n], -n)) if numbers else first[name]))
        for name, numbers in found.items()
    }


def is_held_out(author: str) -> bool:
    """Whether Song practice is measured on an author's 詞, and not counted from them."""
    return hashlib.blake2b(author.encode(), digest_size=8).digest()[1] < 26


Kept = tuple[list[Counter[bool]], list[Counter[bool]]]
"""For each place and each line of a variant, how often 詞 keep to it or not."""


def practice() -> dict[tuple[str, int], Kept]:
    """How well 詞 of the right length keep tones and rhymes, by a variant's name and number."""
    from tangyin.metre.books import CILIN
    from tangyin.metre.ci import song_of
    from tangyin.metre.ci_match import nearest, tones_of

    corpus = load_corpus().select(forms=[CI], parts=["train"])
    found: dict[tuple[str, int], Kept] = {}
    columns = zip(corpus.title, corpus.text, corpus.author, corpus.id, strict=True)
    for title, text, author, number in columns:
        known = tunes_so_called(title) if title else ()
        counted = int(number.removeprefix("ci-")) % HELD_OUT and not is_held_out(author)
        if not known or not counted:
            continue
        song = song_of(poem_of(text))
        match = nearest(song, known)[0]
        variant = match.variant
        if len(song.forms) != variant.hanzi or -1 in match.places:
            continue
        fresh: Kept = (
            [Counter() for _ in variant.tones], [Counter() for _ in variant.lines]
        )  # fmt: skip
        tones, feet = found.setdefault((variant.name, variant.number), fresh)
        for place, wanted in enumerate(variant.tones):
            can = tones_of(song.forms[place], CILIN)
            tones[place][wanted == "中" or can[wanted == "仄"]] += 1
        for line in variant.rhyming:
            feet[line][line not in match.strays] += 1
    return found


def is_open(kept: Counter[bool], share: float) -> bool:
    """Whether so many poems depart from a rule that it counts as open."""
    enough = kept.total() >= FEWEST and kept[False] >= FEWEST_OTHERWISE
    return enough and kept[False] >= share * kept.total()


def practised(lines: str, kept: Kept) -> str:
    """The lines of a variant with what Song practice leaves open."""
    words, (tones, feet) = lines.split(" "), kept
    loose = [is_open(line, FEET) for line in feet]
    if sum(loose) > MOST_FEET * sum(map(bool, feet)):
        loose = [False] * len(words)
    at, begins = 0, ""
    for number, parts in enumerate(LINE.findall(lines)):
        opens, own, end, group, rest = parts
        if begins == group and begins:
            end, begins = "換", ""
        if loose[number]:
            # The next foot of the group is its first.
            begins = group if end == "換" else begins
            end, group = "句", ""
        foot = at + len(own) - 1 if group else -1
        own = "".join(
            "中" if place != foot and is_open(tones[place], TONES) else tone
            for place, tone in enumerate(own, at)
        )
        at += len(own)
        words[number] = opens + own + end + group + rest
    return " ".join(words)


def write(rows: list[str]) -> None:
    """Write the table."""
    pack("tunes.tsv.gz", "".join(f"{row}\n" for row in rows))


def main(source: str, folder: str) -> None:
    """Write the table; the arguments are those of the module."""
    counts: Counter[str] = Counter()
    rows = [
        line.rstrip("\n").split("\t")
        for line in Path(source).read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    known = {
        key(name): row[0].split("|")[0] for row in reversed(rows) for name in row[0].split("|")
    }
    added = other_names(Path(folder).expanduser(), known)
    called = known | {key(name): tune for tune, names in added.items() for name in names}
    songs = songs_of(called | known)
    out = []
    for row in rows:
        first = row[0].split("|")[0]
        names: dict[str, str] = {}
        for name in [*row[0].split("|"), *added.get(first, [])]:
            if name not in NO_NAMES:
                names.setdefault(key(name), name)
        try:
            lines = encode(row, counts)
        except UnusableError as error:
            counts["variants dropped"] += 1
            print(f"{first} {row[1]} dropped: {error}")
            continue
        out.append("\t".join(["|".join(names.values()), str(songs[first]), row[1], lines, row[6]]))
    write(out)
    usual, kept = usual_variants(), practice()
    for place, line in enumerate(out):
        columns = line.split("\t")
        variant = columns[0].partition("|")[0], columns[2]
        columns[2] += "*" * (variant in usual)
        if counted := kept.get((variant[0], int(variant[1]))):
            before = columns[3]
            columns[3] = practised(before, counted)
            counts["tones opened"] += columns[3].count("中") - before.count("中")
            counts["feet opened"] += columns[3].count("句") - before.count("句")
        out[place] = "\t".join(columns)
    write(out)
    print(f"{len({line.split(chr(9))[0] for line in out})} tunes, {len(out)} variants")
    print(f"{len(known)} names, {sum(map(len, added.values()))} more from the Song 詞")
    print("\n".join(f"{count} {what}" for what, count in counts.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
