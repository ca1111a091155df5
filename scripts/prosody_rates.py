"""How well real poets keep the rules, by the checker: the tables and the plot of docs/prosody.md.

    python scripts/prosody_rates.py [--plot docs/images/prosody_rates.svg]

Counts poems of the prepared corpus whose even lines can all end on a level tone. Prints Markdown:
五律 by poet and by dynasty, every form by dynasty, 五律 by period of Tang, the licences that
regulated Tang 五律 take, and a few poems of each fault that stands alone. `--plot` draws the share
of fully regulated poems by poet (needs matplotlib).
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from shared import table
from tangyin.corpus import Corpus, load_corpus
from tangyin.metre import Report, check_poem
from tangyin.metre.lexicon import place_of

POETS = {"王維": "Wang Wei", "杜甫": "Du Fu", "許渾": "Xu Hun", "劉長卿": "Liu Changqing"}
PLOTTED = {
    "陳子昂": "Chen Zi'ang", "宋之問": "Song Zhiwen", "孟浩然": "Meng Haoran", "王維": "Wang Wei",
    "李白": "Li Bai", "杜甫": "Du Fu", "岑參": "Cen Shen", "劉長卿": "Liu Changqing",
    "韋應物": "Wei Yingwu", "白居易": "Bai Juyi", "劉禹錫": "Liu Yuxi", "賈島": "Jia Dao",
    "姚合": "Yao He", "杜牧": "Du Mu", "許渾": "Xu Hun", "李商隱": "Li Shangyin",
    "溫庭筠": "Wen Tingyun", "鄭谷": "Zheng Gu", "齊己": "Qiji",
}  # fmt: skip
PERIODS = {
    "初唐 (–712)": (
        "太宗皇帝 虞世南 王績 楊師道 許敬宗 上官儀 盧照鄰 駱賓王 王勃 楊炯 杜審言 李嶠 蘇味道 "
        "崔融 宋之問 沈佺期 陳子昂 劉希夷 董思恭 喬知之 郭震"
    ),
    "盛唐 (713–765)": (
        "張說 蘇頲 張九齡 孟浩然 王維 李白 王昌齡 高適 岑參 李頎 儲光羲 祖詠 崔顥 "
        "常建 綦毋潛 王灣 盧象 崔國輔 裴迪 杜甫 賈至 丘爲 孫逖"
    ),
    "中唐 (766–835)": (
        "劉長卿 錢起 韋應物 皇甫冉 皇甫曾 李嘉祐 郎士元 韓翃 盧綸 司空曙 李端 耿湋 戴叔倫 "
        "李益 顧況 權德輿 武元衡 張籍 王建 韓愈 孟郊 柳宗元 劉禹錫 白居易 元稹 賈島 "
        "姚合 無可 楊巨源 令狐楚 皎然 于鵠"
    ),
    "晚唐 (836–)": (
        "李商隱 杜牧 溫庭筠 許渾 張祜 趙嘏 馬戴 項斯 朱慶餘 李頻 方干 許棠 皮日休 "
        "陸龜蒙 司空圖 羅隱 韋莊 鄭谷 韓偓 杜荀鶴 貫休 齊己 張喬 李洞 周賀 喻鳧 "
        "曹松 張蠙 李中 徐鉉 于武陵 裴說"
    ),
}
"""Poets of each period, by the usual division of 高棅 (1393)."""

CHECKS = {
    "rhyme in one category": {"出韻"},
    "粘對": {"失粘", "失對"},
    "line types, licences rescued": {
        "出律", "大拗失救", "特定句式首字仄", "單句平收", "孤平", "三平尾",
    },
    "no 孤平, no 三平尾": {"孤平", "三平尾"},
}  # fmt: skip
FORMS = ("五絕", "七絕", "五律", "七律")


def rhymable(lines: tuple[str, ...]) -> bool:
    """Whether each even line can end on a level tone."""
    return all(place_of(line[-1]).end_level < float("inf") for line in lines[1::2])


def keeps(report: Report, kinds: set[str]) -> bool:
    """Whether a poem is free of the given faults."""
    return not any(fault.kind in kinds or fault.kind == "仄韻" for fault in report.faults)


def rates(groups: dict[str, list[Report]]) -> None:
    """Print the checks by group in percent."""
    checks: dict[str, Callable[[Report], bool]] = {
        **{name: partial(keeps, kinds=kinds) for name, kinds in CHECKS.items()},
        "**all of it**": lambda report: report.regulated,
        "called 古體": lambda report: report.form == "古體",
    }
    names = [f"{name} ({len(reports):,})" for name, reports in groups.items()]
    rows = [
        (name, *(f"{100 * mean(list(map(check, group))):.1f}" for group in groups.values()))
        for name, check in checks.items()
    ]
    print(table(("%", *names), rows) + "\n")


def mean(values: list[bool]) -> float:
    """The share of true values."""
    return sum(values) / max(len(values), 1)


def licences(reports: list[Report]) -> None:
    """Print the courses and licences of regulated poems."""
    courses = Counter(report.pattern for report in reports)
    print(" · ".join(f"{name} {n / len(reports):.1%}" for name, n in courses.most_common()))
    lines: Counter[str] = Counter()
    taken: Counter[tuple[str, str]] = Counter()
    for report in reports:
        lines.update(report.line_types)
        for finding in (*report.licences, *report.warnings):
            if finding.line:
                taken[report.line_types[finding.line - 1], finding.kind] += 1
    for (kind, name), count in sorted(taken.items()):
        print(f"{name}: {count / lines[kind]:.1%} of {kind} lines")
    rhymes = Counter(report.rhyme for report in reports)
    print(" ".join(f"{rhyme} {n / len(reports):.1%}" for rhyme, n in rhymes.most_common(9)))
    print()


def examples(corpus: Corpus, reports: dict[int, Report]) -> None:
    """Print Tang 五律 with a single fault."""
    alone: dict[str, list[int]] = defaultdict(list)
    for at, report in reports.items():
        if corpus.dynasty[at] == "tang" and corpus.form[at] == "五律" and len(report.faults) == 1:
            alone[report.faults[0].kind].append(at)
    for kind, places in sorted(alone.items(), key=lambda item: -len(item[1])):
        print(f"{kind} alone: {len(places)} poems")
        for at in places[:: max(len(places) // 3, 1)][:3]:
            print(f"  {corpus.author[at]}《{corpus.title[at]}》 {reports[at].faults[0].zh}")


def plot(groups: dict[str, list[Report]], path: Path) -> None:
    """Draw the share of fully regulated 五律 by poet, in the order of their birth."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "tangyin"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.5, 4.6))
    names = [f"{PLOTTED[name]} ({len(group)})" for name, group in groups.items()]
    shares = [100 * mean([r.regulated for r in group]) for group in groups.values()]
    axes.barh(names, shares, color="#3b6ea5")
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("fully regulated, % of eight-line poems of five characters that can rhyme")
    for at, share in enumerate(shares):
        axes.text(share - 1, at, f"{share:.0f}", va="center", ha="right", color="white", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Rates of real poets.")
    parser.add_argument("--plot", type=Path, help="SVG file to draw")
    arguments = parser.parse_args()

    corpus = load_corpus().select(forms=FORMS)
    poems = dict(enumerate(corpus.lines()))
    chosen = {at for at, lines in poems.items() if rhymable(lines)}
    reports = {at: check_poem(poems[at]) for at in sorted(chosen)}

    def group(form: str, dynasty: str, authors: set[str] | None = None) -> list[Report]:
        """The reports of a form, a dynasty and some authors, or all."""
        return [
            report
            for at, report in reports.items()
            if corpus.form[at] == form
            and corpus.dynasty[at] == dynasty
            and (authors is None or corpus.author[at] in authors)
        ]

    tang = {"all Tang": group("五律", "tang")}
    tang |= {name: group("五律", "tang", {name}) for name in POETS}
    print("五律\n")
    rates({**tang, "Song": group("五律", "song")})
    print("Tang by form\n")
    rates({form: group(form, "tang") for form in FORMS})
    print("Song by form\n")
    rates({form: group(form, "song") for form in FORMS})
    print("Tang 五律 by period\n")
    rates({name: group("五律", "tang", set(who.split())) for name, who in PERIODS.items()})
    print("Licences of regulated Tang 五律\n")
    licences([report for report in tang["all Tang"] if report.regulated])
    examples(corpus, reports)
    if arguments.plot:
        plot({name: group("五律", "tang", {name}) for name in PLOTTED}, arguments.plot)
