"""Count how regulated Tang poems use sequences and licences: `data/regulated_rates.json`.

    python scripts/build_regulated_rates.py

Counted on the training poems that the checker finds fully regulated. Licences are shares of the
lines of the type that can have them; 借鄰韻 is a share of rhymed first lines.
"""

import json
from collections import Counter
from pathlib import Path

from tangyin.corpus import load_corpus
from tangyin.metre import check_poem
from tangyin.verse import FORMS

TARGET = Path(__file__).parents[1] / "src/tangyin/data/regulated_rates.json"
LICENCES = {"a": ("小拗", "大拗"), "b": ("特定句式", "三仄尾"), "B": ("孤平拗救",), "A": ()}

if __name__ == "__main__":
    corpus = load_corpus().select(dynasties=["tang"], parts=["train"])
    rates = {}
    for form in FORMS:
        sequences, types, licences = Counter[str](), Counter[str](), Counter[str]()
        for lines in corpus.select(forms=[form]).lines():
            report = check_poem(lines)
            if not report.regulated:
                continue
            sequences[report.pattern] += 1
            types.update(report.line_types)
            licences.update(finding.kind for finding in (*report.licences, *report.warnings))
        poems = sum(sequences.values())
        rhymed = sum(count for name, count in sequences.items() if "不" not in name)
        rates[form.name] = {
            "poems": poems,
            "sequences": {name: round(n / poems, 4) for name, n in sequences.most_common()},
            "licences": {
                kind: {name: round(licences[name] / types[kind], 4) for name in names}
                for kind, names in LICENCES.items()
            },
            "borrowed": round(licences["借鄰韻"] / rhymed, 4),
        }
        print(form.name, rates[form.name])
    TARGET.write_text(json.dumps(rates, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
