"""The 106 rhymes of 平水韻: from the rhymes of 廣韻, and which are neighbours.

Source: 廣韻 (1008) and its 同用 notes as merged in 平水韻; 王力《漢語詩律學》 for the neighbours.
"""

LEVEL_RHYMES = "東冬江支微魚虞齊佳灰真文元寒刪先蕭肴豪歌麻陽庚青蒸尤侵覃鹽咸"
"""The 30 level-tone rhymes in the order of the rhyme books."""

_LEVEL_OF = {
    rime: rhyme
    for rhyme, rimes in (
        ("東", "東"), ("冬", "冬鍾"), ("江", "江"), ("支", "支脂之"), ("微", "微"), ("魚", "魚"),
        ("虞", "虞模"), ("齊", "齊祭"), ("佳", "佳皆夬"), ("灰", "灰咍廢泰"), ("真", "真臻"),
        ("文", "文欣"), ("元", "元魂痕"), ("寒", "寒"), ("刪", "刪山"), ("先", "先仙"),
        ("蕭", "蕭宵"), ("肴", "肴"), ("豪", "豪"), ("歌", "歌"), ("麻", "麻"), ("陽", "陽唐"),
        ("庚", "庚耕清"), ("青", "青"), ("蒸", "蒸登"), ("尤", "尤侯幽"), ("侵", "侵"),
        ("覃", "覃談"), ("鹽", "鹽添嚴"), ("咸", "咸銜凡"),
    )
    for rime in rimes
}  # fmt: skip
_RISING = dict(zip(
    LEVEL_RHYMES, "董腫講紙尾語麌薺蟹賄軫吻阮旱潸銑篠巧皓哿馬養梗迥迥有寢感儉豏", strict=True
))  # fmt: skip
_DEPARTING = dict(zip(
    LEVEL_RHYMES, "送宋絳寘未御遇霽卦隊震問願翰諫霰嘯效號箇禡漾敬徑徑宥沁勘豔陷", strict=True
))  # fmt: skip
_ENTERING = dict(
    zip("東冬江真文元寒刪先陽庚青蒸侵覃鹽咸", "屋沃覺質物月曷黠屑藥陌錫職緝合葉洽", strict=True)
)

RHYMES = {
    "平": LEVEL_RHYMES,
    "上": "".join(dict.fromkeys(_RISING.values())),
    "去": "".join(dict.fromkeys(_DEPARTING.values())).replace("卦", "泰卦"),
    "入": "".join(_ENTERING.values()),
}
"""The 106 rhymes by tone, in the order of the rhyme books."""

_GROUPS = (
    "東冬", "江陽", "支微齊", "魚虞", "佳灰", "真文元", "寒刪先元", "蕭肴豪", "庚青蒸", "覃鹽咸",
)  # fmt: skip


def rhyme_of(rime: str, tone: str) -> str:
    """The rhyme of 平水韻 that a rhyme of 廣韻 belongs to in one of the tones 平, 上, 去 and 入.

    `rime` is named by its level-tone member (祭泰夬廢 by themselves).
    """
    level = _LEVEL_OF[rime]
    # 泰 has no other tones; 業 (the entering tone of 嚴) is in 洽, unlike its level tone.
    exceptions = {("泰", "去"): "泰", ("嚴", "入"): "洽"}
    tables = {"平": {level: level}, "上": _RISING, "去": _DEPARTING, "入": _ENTERING}
    return exceptions.get((rime, tone)) or tables[tone][level]


def neighbouring(rhyme: str, rime: str, other: str) -> bool:
    """Whether a first line in a level `rhyme` may borrow from a poem in `other` (借鄰韻).

    `rime` is the line's rhyme in 廣韻, which divides 元: 魂 and 痕 are neighbours of 真文, 元
    itself of 寒刪先.
    """
    if rhyme == "元":
        return other in ("寒刪先" if rime == "元" else "真文")
    return rhyme != other and any(rhyme in group and other in group for group in _GROUPS)
