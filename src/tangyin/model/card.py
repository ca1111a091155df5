"""The model card, written from what is in the model file."""

from typing import Any

from tangyin.files import json_text
from tangyin.model.file import ModelFile

CARD = """\
# {model.name}

A language model of {forms} for tangyin: {network.layers} LSTM layer(s) of {network.hidden_size}, \
embedding {network.embedding_size}, {model.parameters:,} parameters in {model.precision}, \
{known:,} known characters{title}. Licence: {model.licence}.

## Figures

By the perplexity protocol (docs/protocol.md); closed figures in brackets.

| part | form | poems | per token | per Hanzi |
| --- | --- | --- | --- | --- |
{figures}

## Training

```json
{training}
```

## Use

It writes verse in the manner of its corpus and knows nothing else: it repeats the themes, and the \
prejudices, of Tang poets, and a poem of its own can come close to one of theirs."""


def model_card(model: ModelFile) -> str:
    """A model's card in Markdown: what it is, how it was made, its figures."""

    def number(figures: dict[str, Any], name: str, style: str) -> str:
        value = figures.get(name)
        return format(value, style) if isinstance(value, (int, float)) else "-"

    def pair(figures: dict[str, Any], name: str, style: str) -> str:
        return f"{number(figures, name, style)} ({number(figures, f'{name}_closed', style)})"

    rows = [
        f"| {part} | {form} | {number(figures, 'poems', ',')} "
        f"| {pair(figures, 'per_token', '.2f')} | {pair(figures, 'per_hanzi', '.1f')} |"
        for part, by_form in model.figures.items()
        for form, figures in by_form.items()
    ]
    return CARD.format(
        model=model,
        network=model.architecture,
        forms=", ".join(form.name for form in model.forms),
        known=len(model.vocabulary.hanzi),
        title=", optionally conditioned on a title" if model.vocabulary.takes_title else "",
        figures="\n".join(rows),
        training=json_text(model.training, indent=2),
    )
