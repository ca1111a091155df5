"""Put a trained model into the package, with its figures on dev and test, and write its card.

    python scripts/ship_model.py runs/report report

The figures are those of the file that is shipped (fp16), by the NumPy engine. Run it once per
shipped model: test is looked at here and nowhere else.
"""

import sys
from dataclasses import replace
from pathlib import Path

from tangyin.api import Writer
from tangyin.modelfile import load_model, save_model
from tangyin.writing import model_card

ROOT = Path(__file__).parents[1]
COUNTS = ("poems", "targets", "hanzi", "unknown")
FIGURES = ("per_token", "per_token_closed", "per_hanzi", "per_hanzi_closed")

if __name__ == "__main__":
    run, name = Path(sys.argv[1]), sys.argv[2]
    model = replace(load_model(run / "model.safetensors"), name=name)
    writer = Writer(model)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for part in ("dev", "test"):
        forms = {form.name: writer.evaluate(part, form.name) for form in model.forms}
        figures[part] = {"all": writer.evaluate(part), **(forms if len(forms) > 1 else {})}
        for form, values in figures[part].items():
            figures[part][form] = {key: values[key] for key in (*COUNTS, *FIGURES)}
    shipped = replace(model, figures=figures)
    target = ROOT / f"src/tangyin/data/models/{name}.safetensors"
    save_model(shipped, target)
    card = ROOT / f"docs/models/{name}.md"
    card.parent.mkdir(exist_ok=True)
    card.write_text(model_card(shipped) + "\n", encoding="utf-8")
    print(f"{target}: {target.stat().st_size:,} bytes; {figures}")
