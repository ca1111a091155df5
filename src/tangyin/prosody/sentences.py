"""What is said of each finding: a sentence in Chinese and the same in English."""

from tangyin.prosody import line_type, report

TONE = {"P": ("平", "level"), "Z": ("仄", "oblique")}

_OF_LINE = {
    line_type.XIAO_AO: (
        "第{n}句「{c}」用仄，小拗{rescue}。",
        "Line {n}: {c} is oblique where the line wants a level tone, a small departure{rescue}.",
    ),
    line_type.DA_AO: (
        "第{n}句「{c}」用仄，大拗，下句第三字（七言第五字）用平救。",
        "Line {n}: {c} is oblique where the line wants a level tone, a large departure that a "
        "level tone in the next line rescues.",
    ),
    line_type.TEDING: (
        "第{n}句「{c}」平仄互換，特定句式，本句自救。",
        "Line {n}: the tones of {c} change places, the set pattern that rescues itself.",
    ),
    line_type.GUPING_RESCUE: (
        "第{n}句「{c}」先仄後平，孤平拗救，本句自救。",
        "Line {n}: the oblique tone that would leave one level tone alone is rescued in the same "
        "line ({c}).",
    ),
    line_type.COUPLET_RESCUE: (
        "第{n}句「{c}」用平，救上句之拗，對句相救。",
        "Line {n}: {c} is level to rescue the departure in the line before.",
    ),
    line_type.OUT_OF_PATTERN: (
        "第{n}句「{c}」{tone_zh}聲，不合律句。",
        "Line {n}: {c} is {tone_en}, and the line fits none of the four types.",
    ),
    line_type.THREE_LEVELS: (
        "第{n}句末三字「{tail}」皆平，三平尾。",
        "Line {n} ends in three level tones ({tail}).",
    ),
    line_type.THREE_OBLIQUES: (
        "第{n}句末三字「{tail}」皆仄，三仄尾。",
        "Line {n} ends in three oblique tones ({tail}).",
    ),
    line_type.LONE_LEVEL: (
        "第{n}句「{c}」用仄，除韻腳外只餘一平，孤平。",
        "Line {n}: {c} is oblique, which leaves one level tone alone beside the rhyme.",
    ),
    line_type.LENIENT_TEDING: (
        "第{n}句「{c}」用仄，特定句式此字必平。",
        "Line {n}: {c} is oblique, and the set pattern wants a level tone there.",
    ),
    report.UNRESCUED: (
        "第{n}句「{c}」用仄，大拗而下句未救。",
        "Line {n}: {c} is oblique, a large departure that the next line does not rescue.",
    ),
    report.LEVEL_ODD_END: (
        "第{n}句末字「{c}」平聲，單句當以仄收。",
        "Line {n} ends on {c}, a level tone; an odd line ends on an oblique one.",
    ),
    report.LEVEL_FIRST_END: (
        "首句末字「{c}」平聲，既不入韻，亦非鄰韻。",
        "Line {n} ends on {c}, a level tone that neither rhymes nor borrows from a neighbour.",
    ),
    report.UNKNOWN: (
        "第{n}句「{c}」字書未收，平仄兩可。",
        "Line {n}: {c} is not in the lexicon and may be read in any tone.",
    ),
    report.REPEATED_RHYME: (
        "第{n}句韻腳「{c}」前已用過，重韻。",
        "Line {n} rhymes on {c}, which has served as a rhyme before.",
    ),
    report.SELF_OPPOSED: (
        "第{n}句「{c}」與上句同位同字，同字相對。",
        "Line {n}: {c} is set against itself in the line before.",
    ),
}


def of_line(
    kind: str, number: int, line: str, tones: str, places: tuple[int, ...], rescue: str = ""
) -> tuple[str, str]:
    """The sentences for a finding about one line.

    Args:
        kind: the Chinese term.
        number: 1-based number of the line.
        line: its characters.
        tones: its tones.
        places: 1-based places meant.
        rescue: 本句自救, 對句相救 or "" for a 小拗.
    """
    zh, en = _OF_LINE[kind]
    tone_zh, tone_en = TONE[tones[places[0] - 1]]
    characters = "".join(line[place - 1] for place in places)
    values = {"n": number, "c": characters, "tail": line[-3:]}
    rescued = {"": "", "本句自救": " that the line itself rescues",
               "對句相救": " that the next line rescues"}  # fmt: skip
    return (
        zh.format(**values, tone_zh=tone_zh, rescue=f"，{rescue}" if rescue else "，可以不救"),
        en.format(**values, tone_en=tone_en, rescue=rescued[rescue] or ", allowed as it is"),
    )


def of_neighbours(kind: str, number: int, upper: str, lower: str, tone: str) -> tuple[str, str]:
    """The sentences for 失對 or 失粘 between a line and the one before it.

    Args:
        kind: 失對 or 失粘.
        number: 1-based number of the later line.
        upper: the character of the line before.
        lower: the character of the later line at the same place.
        tone: the later character's tone, P or Z.
    """
    zh, en = TONE[tone]
    if kind == report.NO_OPPOSITION:
        return (
            f"第{number}句「{lower}」與上句「{upper}」同為{zh}聲，失對。",
            f"Line {number}: {lower} is {en} like {upper} in the line before, where a couplet "
            "wants opposite tones.",
        )
    other_zh, other_en = TONE["Z" if tone == "P" else "P"]
    return (
        f"第{number}句「{lower}」{zh}聲，上句「{upper}」{other_zh}聲，失粘。",
        f"Line {number}: {lower} is {en} but {upper} in the line before is {other_en}, where two "
        "couplets should agree.",
    )


def out_of_rhyme(number: int, character: str, own: str, rhyme: str) -> tuple[str, str]:
    """The sentences for an even line that leaves the rhyme; `own` is its rhyme or 仄聲."""
    where = "仄聲" if own == "仄聲" else f"{own}韻"
    return (
        f"第{number}句韻腳「{character}」屬{where}，全詩押{rhyme}韻，出韻。",
        f"Line {number} ends on {character} ({where}), while the poem rhymes in {rhyme}韻.",
    )


def borrowed(character: str, own: str, rhyme: str) -> tuple[str, str]:
    """The sentences for a first line that borrows from a neighbouring rhyme."""
    return (
        f"首句韻腳「{character}」屬{own}韻，借鄰韻入{rhyme}韻。",
        f"Line 1 ends on {character} ({own}韻), borrowed from a neighbour of {rhyme}韻.",
    )


def oblique_rhyme(rhyme: str) -> tuple[str, str]:
    """The sentences for a poem that rhymes on an oblique tone."""
    return (
        f"押仄聲{rhyme}韻，非近體。",
        f"The poem rhymes on an oblique tone ({rhyme}韻); regulated verse rhymes on a level one.",
    )


def odd_count(lines: int) -> tuple[str, str]:
    """The sentences for a poem whose lines do not pair."""
    return (
        f"全詩{lines}句，不成聯。",
        f"The poem has {lines} lines; regulated verse goes by couplets.",
    )


def repeated(characters: str) -> tuple[str, str]:
    """The sentences for characters that stand in more than one place."""
    return f"重用「{'、'.join(characters)}」字。", f"Used more than once: {', '.join(characters)}."
