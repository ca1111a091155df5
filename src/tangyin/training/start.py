"""Beginning a training with the weights of a trained model."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from tangyin.errors import UsageError
from tangyin.model import FEATURES, Architecture, ModelFile
from tangyin.nn.language_model import LanguageModel
from tangyin.verse import Vocabulary

Array = npt.NDArray[np.float32]
SAME = ("embedding_size", "hidden_size", "layers", "cell", "tied", "echo")
"""What a network and the one it begins with must have in common."""


@torch.no_grad()
def begin_with(model: LanguageModel, vocabulary: Vocabulary, source: ModelFile) -> None:
    """Copy the weights of `source` into a new network where both have the same parts.

    Tokens, forms and features are matched by name. New tokens keep their initial embeddings, and a
    bias as small as the smallest of the known ones. What reads a new feature begins with 0, so that
    at first the network predicts what `source` does.

    Raises:
        UsageError: training.start_misfit, the networks differ in their sizes.
    """
    new, old = model.architecture, source.architecture
    if different := [name for name in SAME if getattr(new, name) != getattr(old, name)]:
        raise UsageError("training.start_misfit", name=source.name, keys=different)
    tokens = [(row, t) for row, t in enumerate(vocabulary.tokens) if t in source.vocabulary]
    rows = np.array([row for row, _ in tokens])
    known = np.array([source.vocabulary.id(token) for _, token in tokens])
    predicted = rows < vocabulary.outputs
    for name, parameter in model.named_parameters():
        if name not in source.tensors:
            continue
        value = torch.from_numpy(np.array(source.tensors[name], dtype=np.float32))
        if name == "embedding.weight":
            parameter[rows] = value[known]
        elif name in ("output.weight", "output.bias"):
            parameter[:] = value.min() if name == "output.bias" else parameter
            parameter[rows[predicted]] = value[known[predicted]]
        elif name == "place.weight":
            _copy_places(parameter, value, new, old)
        elif name in ("lstm.weight_ih_l0", "projection.weight", "echo.weight"):
            first = new.embedding_size if name == "lstm.weight_ih_l0" else new.hidden_size
            parameter.zero_()
            for to, of in _columns(first, new, old):
                parameter[:, to] = value[:, of]
        elif parameter.shape == value.shape:
            parameter.copy_(value)


def _copy_places(
    places: torch.Tensor, known: torch.Tensor, new: Architecture, old: Architecture
) -> None:
    """The rows of the same form, line and column; the first two have neither."""
    ours, theirs = new.layout, old.layout
    places[:2] = known[:2]
    lines, columns = min(ours.lines, theirs.lines), min(ours.columns, theirs.columns)
    kinds = [(*layout.first_lines, *layout.forms) for layout in (ours, theirs)]
    grids = [
        table[2:].view(-1, layout.lines, layout.columns, table.shape[1])
        for table, layout in ((places, ours), (known, theirs))
    ]
    for kind, name in enumerate((None, *kinds[0])):
        if name is None or name in kinds[1]:
            same = 0 if name is None else 1 + kinds[1].index(name)
            grids[0][kind, :lines, :columns] = grids[1][same, :lines, :columns]


def _columns(first: int, new: Architecture, old: Architecture) -> Iterator[tuple[slice, slice]]:
    """Where the inputs of the same name are in a matrix of the new network and of the old one."""
    yield slice(first), slice(first)
    to = of = first
    for name in FEATURES:
        wide, known = (getattr(network, f"{name}_size") for network in (new, old))
        if wide == known:
            yield slice(to, to + wide), slice(of, of + known)
        to, of = to + wide, of + known
