"""The model card, written from what stands in the model file."""

import json
from typing import Any

from tangyin.modelfile import ModelFile


def model_card(model: ModelFile) -> str:
    """A model's card in Markdown: what it is, how it was made, what it scores."""
    network, vocabulary = model.architecture, model.vocabulary
    forms = ", ".join(form.name for form in model.forms)
    lines = [
        f"# {model.name}",
        "",
        f"A language model of {forms} for tangyin: {network.layers} LSTM layer(s) of "
        f"{network.hidden_size}, embedding {network.embedding_size}, "
        f"{model.parameters:,} parameters, {len(vocabulary.hanzi):,} known characters. "
        f"Licence: {model.licence}.",
        "",
        "## Figures",
        "",
        "By the perplexity protocol (docs/protocol.md); closed figures in brackets.",
        "",
        "| part | form | poems | per token | per Hanzi |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {part} | {form} | {f['poems']:,} | {f['per_token']:.2f} "
            f"({f['per_token_closed']:.2f}) | {f['per_hanzi']:.1f} ({f['per_hanzi_closed']:.1f}) |"
            for part, form, f in _figures(model.figures)
        ),
        "",
        "## Training",
        "",
        "```json",
        json.dumps(model.training, ensure_ascii=False, indent=2),
        "```",
        "",
        "## Use",
        "",
        "It writes verse in the manner of its corpus and knows nothing else: it repeats the "
        "themes, and the prejudices, of Tang poets, and a poem of its own can come close to one "
        "of theirs.",
    ]
    return "\n".join(lines)


def _figures(figures: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (part, form, values)
        for part, by_form in figures.items()
        for form, values in by_form.items()
    ]
