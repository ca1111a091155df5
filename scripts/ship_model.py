"""Put a trained model into the package, with its figures on dev and test, and write its card.

    python scripts/ship_model.py runs/report report
    python scripts/ship_model.py runs/strong strong int8

The NumPy engine computes the figures with the weights as stored (fp16, or int8 if named); a model
that predicts titles is also evaluated by the protocol tangshi-gpt. Run it once per shipped model:
test is evaluated here and nowhere else.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tangyin.api import Writer
from tangyin.model import model_card
from tangyin.model.file import load_model, save_model
from tangyin.verse import CI

ROOT = Path(__file__).parents[1]
COUNTS = ("poems", "targets", "hanzi", "unknown")
FIGURES = ("per_token", "per_token_closed", "per_hanzi", "per_hanzi_closed")


def figures_of(writer: Writer) -> dict[str, dict[str, dict[str, Any]]]:
    """The figures of a model by part and form."""
    names = [form.name for form in writer.model.forms]
    names += [CI.name] if CI in writer.model.vocabulary.kinds else []
    found = {
        part: {"all": writer.evaluate(part)}
        | ({name: writer.evaluate(part, name) for name in names} if len(names) > 1 else {})
        for part in ("dev", "test")
    }
    if writer.takes_title:
        found["tangshi-gpt"] = {"all": writer.evaluate("test", protocol="tangshi-gpt")}
    return {
        part: {
            form: {key: getattr(values, key) for key in (*COUNTS, *FIGURES)}
            for form, values in by_form.items()
        }
        for part, by_form in found.items()
    }


if __name__ == "__main__":
    run, name = Path(sys.argv[1]), sys.argv[2]
    precision = sys.argv[3] if len(sys.argv) > 3 else "fp16"
    model = replace(load_model(run / "model.safetensors"), name=name)
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / f"{name}.safetensors"
        save_model(model, stored, precision)
        figures = figures_of(Writer(load_model(stored)))
    target = ROOT / f"src/tangyin/data/models/{name}.safetensors"
    save_model(replace(model, figures=figures), target, precision)
    card = ROOT / f"docs/models/{name}.md"
    card.parent.mkdir(exist_ok=True)
    card.write_text(model_card(load_model(target)) + "\n", encoding="utf-8")
    print(f"{target}: {target.stat().st_size:,} bytes; {figures}")
