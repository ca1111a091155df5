"""Average the weights of a trained model with those of the one that it began with.

    python scripts/average_models.py runs/strong runs/strong-middle -o runs/strong-average

Two models on one path of training are often better between than at either end (Wortsman et al.
2022, arXiv 2109.01903). `--share` is the weight of the earlier model. Tokens, forms and features
that it does not have stay those of the later model. docs/model.md has what each share gives.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from shared import parser
from tangyin.files import make_folder
from tangyin.model.file import ModelFile, load_model, save_model
from tangyin.nn.language_model import LanguageModel
from tangyin.training.start import begin_with

Array = npt.NDArray[np.float32]
NAME = "model.safetensors"


def in_the_shape_of(later: ModelFile, earlier: ModelFile, filler: float) -> dict[str, Array]:
    """The weights of `earlier` in the shapes of `later`, with the filler for all others."""
    network = LanguageModel(later.architecture, later.vocabulary)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(filler)
    begin_with(network, later.vocabulary, earlier)
    found = {name: p.detach().numpy().copy() for name, p in network.named_parameters()}
    new = [t not in earlier.vocabulary for t in later.vocabulary.predicted]
    found["output.bias"][new] = filler  # `begin_with` gives them the least of the known ones
    return found


def averaged(later: ModelFile, earlier: ModelFile, share: float) -> ModelFile:
    """The later model with `share` of the earlier one's weights."""
    one, other = (in_the_shape_of(later, earlier, filler) for filler in (0.0, 1.0))
    tensors = {
        name: np.where(one[name] == other[name], (1 - share) * own + share * one[name], own)
        if name in one
        else own
        for name, own in later.tensors.items()
    }
    training = {**later.training, "averaged": {"with": earlier.training, "share": share}}
    return replace(later, tensors=tensors, training=training, figures={})


def main() -> None:
    """Write the average of two runs."""
    options = parser(__doc__)
    options.add_argument("later", type=Path)
    options.add_argument("earlier", type=Path)
    options.add_argument("--share", type=float, default=0.2)
    options.add_argument("-o", "--output", type=Path, required=True)
    given = options.parse_args()
    make_folder(given.output)
    model = averaged(load_model(given.later / NAME), load_model(given.earlier / NAME), given.share)
    save_model(model, given.output / NAME)


if __name__ == "__main__":
    main()
