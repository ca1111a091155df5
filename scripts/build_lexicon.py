"""Build `data/lexicon.tsv` from the table of ToMiddleChinese 0.2.2 (CC0).

    pip install ToMiddleChinese==0.2.2
    python scripts/build_lexicon.py

Each row is a character and its readings, two characters a reading: the rhyme of 廣韻 and the tone,
as in `看	寒平寒去`. Initials and divisions are left out, since neither 平仄 nor 平水韻 asks for
them.

Characters of the corpus that the table lacks are added when they are another way to write one
that it has: by OpenCC's tables (Apache-2.0), by VARIANTS, or by `data/character_variants.tsv`.
SUPPLEMENT gives readings of words that 廣韻 does not write at all. The script ends with the share
of running characters and of rhyme places that are covered, and of the rhymes of 聲律啟蒙 that fall
into their chapter.
"""

import importlib.util
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import opencc

from shared import write_rows
from tangyin.corpus import Corpus, load_corpus
from tangyin.metre import readings_of
from tangyin.paths import corpus_home
from tangyin.verse import FORMS, corpus_spelling, fold_variants, is_hanzi

TONES = "平上去入"

VARIANTS = """
鶑鶯 鬰鬱 鳬鳧 馿驢 鎸鐫 鳯鳳 虀齏 邉邊 飈飆 笻筇 潄漱 逈迥 䕷蘼 蕚萼 壖堧 敧攲 頳赬 纒纏
闗關 嶤嶢 嚙齧 閴闃 漥窪 劚斸 凖準 寜寧 籖籤 糵櫱 逰遊 葅菹 鐡鐵 蟇蟆 髩鬢 寖浸 奬獎 嚢囊
篛箬 髠髡 甆瓷 歘欻 釡釜 糢模 衘銜 彜彝 眀明 礲礱 㦸戟 膓腸 纎纖 澘潸 飚飆 覉羈 聨聯 恓棲
嵓巖 韲齏 畆畝 嵂律 鍳鑒 聼聽 攧顛 簮簪 頬頰 舃舄 擕攜 禆裨 戞戛 塼甎 扄扃 皞皓 昻昂 樷叢
裩褌 亷廉 疉疊 冩寫 徤健 蠏蟹 爼俎 簔蓑 聫聯 冨富 崕崖 尙尚 冦寇 虗虛 筞策 隟隙 畵畫 塜塚
冺泯 滛淫 駈驅 廽迴 皥皓 皡皓 戱戲 綘絳 鵙鶪 繿襤 諌諫 亊事 彛彝 寕寧 熖焰 莵菟 恊協 頥頤
巗巖 蠺蠶 龎龐 冐冒 欎鬱 飃飄 慤愨 莾莽 夣夢 桞柳 叅參 縂總 颷飆 娯娛 楳梅 仭仞 羙美 灎灩
刋刊 軰輩 揷插 刧劫 莭節 蘓蘇 靣面 謩謨 罸罰 庻庶 滙匯 凟瀆 搃總 畱留 圑團 裵裴 椘楚 畨番
凢凡 埀垂 宻密 喩喻 眘慎 慠傲 尩尪 鮝鯗 挍校 籯籝 灔灩 撁牽 抺抹 箆篦 垞宅 藦摩
"""
"""Pairs of a character that the source lacks and the one that it is read as."""

SUPPLEMENT = """
姮蒸平 搘支平 秖支平 醾支平 釄支平 薝鹽平 鶒蒸入 鶗齊平 䆉麻去 噀魂去 朣東平 惓仙平 誵肴平
襴寒平 牂唐平 褦咍去 襶咍去 屭脂去 氎添入 匼覃入 冏庚上 偊虞上 颸之平 儚登平 蘐元平 毷豪去
氉豪去 氃東平 氋東平 瑿齊平 玡麻平
"""
"""Readings of characters that neither the source nor a variant of it has."""

ALSO_WRITTEN = """
凈淨 净淨 歛斂 貎貌 埸場 畊耕 苖苗 桉案 捄救 饑飢 舡船 蒭芻 麄麤 並幷 幷并
"""
"""Pairs of a character that the source has only as another word, and the one verse means by it."""

COLLECTIONS = ("s2t", "jp2t", "tw2t", "hk2t", "t2jp", "t2tw", "t2hk", "t2s")


def source_table() -> Path:
    """The dictionary of the installed package, found without importing it."""
    spec = importlib.util.find_spec("ToMiddleChinese")
    if spec is None or spec.origin is None:
        sys.exit("ToMiddleChinese is not installed; run `pip install ToMiddleChinese==0.2.2`")
    return Path(spec.origin).parent / "dict" / "pos.dict.yaml"


def opencc_relatives(wanted: set[str], known: set[str]) -> dict[str, str]:
    """For each wanted character, a known one that OpenCC converts it to or from."""
    found: dict[str, str] = {}
    converters = [opencc.OpenCC(name) for name in COLLECTIONS]
    for convert in (converter.convert for converter in converters):
        found |= {c: convert(c) for c in sorted(wanted - found.keys()) if convert(c) in known}
    for convert in (converter.convert for converter in converters):
        for character in sorted(known):
            relative = convert(character)
            if relative in wanted:
                found.setdefault(relative, character)
    return found


def report_coverage(corpus: Corpus, known: set[str]) -> None:
    """Print the share of running characters, and of rhyme places, that have a reading."""
    poems = corpus.lines()
    for name, places in (
        ("running characters", Counter(c for lines in poems for line in lines for c in line)),
        ("rhyme places", Counter(line[-1] for lines in poems for line in lines[1::2])),
    ):
        covered = sum(count for character, count in places.items() if character in known)
        total = sum(places.values())
        print(f"{name}: {covered} of {total}, {covered / total:.3%}")


def report_primer() -> None:
    """Print the share of the rhymes of 聲律啟蒙 that can be read in their chapter's rhyme.

    The chapters 肴 and 咸 are called 餚 and 鹹 there, by a careless conversion.
    """
    names = {"餚": "肴", "鹹": "咸"}
    for path in sorted(corpus_home().glob("**/mengxue/shenglvqimeng.json")):
        volumes = json.loads(path.read_text(encoding="utf-8"))["content"]
        ends = [
            (end, names.get(chapter["chapter"][-1], corpus_spelling(chapter["chapter"][-1])))
            for volume in volumes
            for chapter in volume["content"]
            for paragraph in chapter["paragraphs"]
            for end in re.findall("([\u3400-\u9fff])。", paragraph)
        ]
        astray = [
            end + rhyme for end, rhyme in ends if rhyme not in {r.rhyme for r in readings_of(end)}
        ]
        share = 1 - len(astray) / len(ends)
        print(f"聲律啟蒙: {share:.2%} of {len(ends)} rhymes; astray: {' '.join(astray)}")
        return


if __name__ == "__main__":
    readings: dict[str, set[str]] = defaultdict(set)
    for row in source_table().read_text(encoding="utf-8").splitlines():
        character, tab, position = row.partition("\t")
        if tab and is_hanzi(character):
            readings[character].add(position[-2:].replace("眞", "真"))
    corpus = load_corpus().select(forms=FORMS)
    missing = {c for text in corpus.text for c in text if is_hanzi(c)} - readings.keys()
    relatives = opencc_relatives(missing, set(readings))
    relatives |= {pair[0]: pair[1] for pair in VARIANTS.split() if pair[0] not in readings}
    for character in missing - relatives.keys():
        if fold_variants(character) in readings:
            relatives[character] = fold_variants(character)
    readings |= {c: readings[relative] for c, relative in relatives.items() if relative in readings}
    for pair in ALSO_WRITTEN.split():
        readings[pair[0]] |= readings[pair[1]]
    for entry in SUPPLEMENT.split():
        readings[entry[0]].add(entry[1:])
    rows = [
        (character, "".join(sorted(found, key=lambda r: (TONES.index(r[1]), r[0]))))
        for character, found in sorted(readings.items())
    ]
    write_rows("lexicon.tsv", rows)
    several = sum(len({r[1] == "平" for r in found}) == 2 for found in readings.values())
    print(f"{len(readings)} characters, {several} of them both level and oblique")
    report_coverage(corpus, set(readings))
    report_primer()
