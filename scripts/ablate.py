"""What each ingredient of the strong model brings, at proxy size: one thing changed at a time.

    python scripts/ablate.py                 # train what is missing, some minutes each
    python scripts/ablate.py muon-0.02       # these alone
    python scripts/ablate.py --print         # the table of docs/results/ablations.jsonl

Each variant trains `configs/proxy.toml` with its changes; figures are those of dev 五律, form told,
nothing else. Runs go on where they were stopped.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs

from tangyin.files import write_whole

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs/results/ablations.jsonl"
RUNS = platformdirs.user_cache_path("tangyin") / "runs/proxy"


def rate(value: float) -> str:
    """The change that gives the one stage another highest rate."""
    return (
        'stages=[{forms=["五律"],dynasties=["tang","song"],epochs=1,'
        f"learning_rate={value},final_rate=0.0,warmup=0.05}}]"
    )


MUON = ["optimizer.name=muon", rate(0.02)]
VARIANTS: dict[str, list[str]] = {
    "adamw-0.003": [],
    "adamw-0.008": [rate(0.008)],
    "adamw-0.02": [rate(0.02)],
    "muon-0.003": ["optimizer.name=muon"],
    "muon-0.008": ["optimizer.name=muon", rate(0.008)],
    "muon-0.02": MUON,
    "muon-0.05": ["optimizer.name=muon", rate(0.05)],
    "batch-64": [*MUON, "training.batch_size=64"],
    "batch-256": [*MUON, "training.batch_size=256"],
    "no dropout": [*MUON, "model.dropout.input=0.0", "model.dropout.output=0.0"],
    "weight-drop 0.2": [*MUON, "model.dropout.recurrent=0.2"],
    "no echo": [*MUON, "model.echo=false"],
    "no rhyme": [*MUON, "model.rhyme_size=0"],
    "no tones": [*MUON, "model.tone_size=0"],
    "no opposite": [*MUON, "model.opposite_size=0"],
    "no place": [*MUON, "model.place_size=0"],
    "titles never told": [*MUON, "data.tell_title=0.0"],
    "two layers of 384": [*MUON, "model.layers=2", "model.hidden_size=384"],
    "report initialization": [*MUON, "model.initialization=report"],
}


def train(variant: str) -> dict[str, Any]:
    """Train one variant, or find it trained, and give its figures."""
    run = RUNS / variant.replace(" ", "-")
    command = [
        sys.executable, "-m", "tangyin", "train", str(ROOT / "configs/proxy.toml"),
        "--run", str(run), "--resume",
    ]  # fmt: skip
    for change in VARIANTS[variant]:
        command += ["--set", change]
    subprocess.run(command, check=True)
    line = json.loads((run / "metrics.jsonl").read_text("utf-8").splitlines()[-1])
    dev = line["dev"]
    return {
        "variant": variant,
        "per_token": dev["per_token"],
        "per_token_closed": dev["per_token_closed"],
        "per_hanzi_closed": dev["per_hanzi_closed"],
        "seconds": line["seconds"],
    }


def results() -> dict[str, dict[str, Any]]:
    """What has been measured, by variant."""
    if not RESULTS.exists():
        return {}
    rows = map(json.loads, RESULTS.read_text("utf-8").splitlines())
    return {row["variant"]: row for row in rows}


if __name__ == "__main__":
    found = results()
    if "--print" not in sys.argv:
        for name in sys.argv[1:] or VARIANTS:
            if name not in found:
                found[name] = train(name)
                kept = [found[known] for known in VARIANTS if known in found]
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
                write_whole(RESULTS, text)
    print("| variant | per_token_closed | per_hanzi_closed | per_token |")
    print("| --- | --- | --- | --- |")
    for name, row in found.items():
        print(
            f"| {name} | {row['per_token_closed']:.2f} | {row['per_hanzi_closed']:.1f} "
            f"| {row['per_token']:.2f} |"
        )
